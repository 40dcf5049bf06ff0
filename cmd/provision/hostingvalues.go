package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
	"provision/terraform"
)

// hostingValues fill in the references of a Terraform document.
type hostingValues struct {
	resolver
	lookup     func(plan.Key, string) string
	forDestroy bool // unknown values are permitted

	unknown bool
	missing string // the first that is not known
}

func (h *hosting) values(ctx context.Context, s *stack.Stack, state *plan.State, lookup func(plan.Key, string) string) *hostingValues {
	h.connection.domain = state.Tenant.Domain
	return &hostingValues{resolver: resolver{ctx: ctx, connection: h.connection, state: state, stack: s}, lookup: lookup}
}

// configuration returns the Terraform configuration with which a document calls its module.
func (h *hosting) configuration(t *stack.Terraform, values *hostingValues) (terraform.Configuration, error) {
	c := terraform.Configuration{Module: modulePath(t, t.Module.For(h.connection.target)), Workspace: t.Workspace, Needs: documentsNeeded(t)}
	var err error
	if values.passwords, err = h.connection.keep.Passwords(); err != nil {
		return c, err
	}
	filled, err := values.value(orNone(t.Variables))
	if err != nil {
		return c, err
	}
	c.Variables = filled.(map[string]any)
	if t.Backend == nil {
		return c, nil
	}
	c.Backend = t.Backend.Type
	config, err := values.resolver.resolve(orNone(t.Backend.Config))
	if err == nil {
		c.BackendConfig = config.(map[string]any)
	}
	return c, err
}

func orNone(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func (v *hostingValues) value(value any) (any, error) {
	switch value := value.(type) {
	case string:
		return v.text(value)
	case []any:
		list := make([]any, len(value))
		for i, e := range value {
			var err error
			if list[i], err = v.value(e); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		members := make(map[string]any, len(value))
		for name, e := range value {
			var err error
			if members[name], err = v.value(e); err != nil {
				return nil, err
			}
		}
		return members, nil
	}
	return value, nil
}

// text replaces the references in a text by their values. A reference whose value
// is not known yet gets a placeholder.
func (v *hostingValues) text(text string) (terraform.Text, error) {
	var parts terraform.Text
	for text != "" {
		begin := strings.Index(text, "${")
		end := strings.Index(text[max(begin, 0):], "}")
		if begin < 0 || end < 0 {
			return append(parts, terraform.Part{Literal: text}), nil
		}
		if begin > 0 {
			parts = append(parts, terraform.Part{Literal: text[:begin]})
		}
		part, err := v.part(text[begin+2 : begin+end])
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		text = text[begin+end+1:]
	}
	return parts, nil
}

// part returns the value of one reference.
func (v *hostingValues) part(expression string) (terraform.Part, error) {
	fields := strings.Split(expression, ".")
	known := func(text string) (terraform.Part, error) {
		if text != "" {
			return terraform.Part{Literal: text, Secret: isSecret(expression)}, nil
		}
		if v.forDestroy {
			return terraform.Part{Literal: "unknown"}, nil
		}
		if !v.unknown {
			v.unknown, v.missing = true, "${"+expression+"}"
		}
		return terraform.Part{Unknown: true}, nil
	}
	switch {
	case fields[0] == "applications":
		k := plan.Key{Kind: plan.Application, Name: v.stack.UniqueName(fields[1])}
		if found, ok := v.state.Existing[k]; ok {
			k = found
		}
		return known(v.lookup(k, plan.AppID))
	case fields[0] == "terraform":
		return known(v.lookup(plan.TerraformKey(v.stack.Name, fields[1]), fields[2]))
	case fields[0] == "users" && fields[2] == "password":
		i := slices.IndexFunc(v.stack.Users, func(u *stack.User) bool { return u.Name == fields[1] })
		return known(v.connection.password(v.passwords, v.stack.Users[i]))
	case fields[0] == "secrets":
		text, err := v.secretText(fields[1:])
		if err != nil {
			return terraform.Part{}, err
		}
		return known(text)
	}
	text, err := v.reference(expression)
	return terraform.Part{Literal: text}, err
}

// secretText returns the value of a kept secret, "" where one is going to be made.
func (v *hostingValues) secretText(path []string) (string, error) {
	name := path[len(path)-1]
	for _, a := range v.stack.Applications {
		for _, secret := range a.Secrets {
			if secret.Name != name || len(path) == 2 && a.Name != path[0] {
				continue
			}
			k := plan.SecretKey(plan.Key{Kind: plan.Application, Name: v.stack.UniqueName(a.Name)}, name)
			live := v.state.Objects[k]
			made := v.lookup(k, plan.ID) // by this run
			if (live == nil || live.Lost != "") && (made == "" || live != nil && made == live.ID) {
				return "", nil
			}
			kept, ok, err := v.connection.readKept(v.ctx, v.stack, a, secret)
			if err != nil || kept.SecretText != "" || !ok {
				return kept.SecretText, err
			}
			return "", hint(fmt.Errorf("the value of secret %s is stored only in its sink, which does not return it: %s", name, secret.Sink),
				"get it from there and set it in %s", secretVariable(a, secret))
		}
	}
	return "", errors.New("no application has the secret " + name) // the manifest was checked
}
