package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/output"
	"provision/plan"
	"provision/stack"
)

// resolver resolves the references in a stack's outputs.
type resolver struct {
	ctx        context.Context
	connection *connection
	state      *plan.State
	stack      *stack.Stack
	passwords  map[string]string
}

// file returns the content of an output's file.
func (r resolver) file(o *stack.Output) ([]byte, error) {
	var b bytes.Buffer
	if o.Format == "json" {
		value, err := r.resolve(o.Values)
		if err != nil {
			return nil, err
		}
		err = output.WriteJSON(&b, value)
		return b.Bytes(), err
	}
	var lines []output.Variable
	for _, key := range slices.Sorted(maps.Keys(o.Values)) {
		text, _ := o.Values[key].(string) // a text: the check of the manifest ensures it
		value, err := r.text(text)
		if err != nil {
			return nil, err
		}
		lines = append(lines, output.Variable{Name: key, Value: value, Secret: slices.ContainsFunc(stack.References(text), isSecret)})
	}
	if o.Format == "postman-environment" {
		err := output.WriteJSON(&b, output.PostmanEnvironment(r.stack.Name+"/"+o.Name, lines))
		return b.Bytes(), err
	}
	err := output.Write(&b, cmp.Or(o.Format, "dotenv"), lines)
	return b.Bytes(), err
}

// resolve replaces the references in a JSON value.
func (r resolver) resolve(value any) (any, error) {
	switch v := value.(type) {
	case string:
		return r.text(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			var err error
			if list[i], err = r.resolve(e); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, e := range v {
			var err error
			if members[name], err = r.resolve(e); err != nil {
				return nil, err
			}
		}
		return members, nil
	}
	return value, nil
}

func (r resolver) text(text string) (string, error) {
	var missing error
	filled := stack.Expand(text, func(expression string) (string, bool) {
		value, err := r.reference(expression)
		missing = errors.Join(missing, err)
		return value, err == nil
	})
	return filled, missing
}

func (r resolver) reference(expression string) (string, error) {
	parts := strings.Split(expression, ".")
	switch parts[0] {
	case "authority":
		return r.connection.authority + "/" + r.connection.tenantID, nil
	case "tenant":
		return stack.InTenant("${"+expression+"}", r.connection.tenantID, r.connection.domain), nil
	case "applications":
		return r.appID(parts[1])
	case "users":
		return r.user(parts[1], parts[2])
	case "terraform":
		return r.connection.hosting.output(r.ctx, r.stack, r.state, parts[1], strings.Join(parts[2:], "."))
	}
	return r.secret(parts[1:])
}

func (r resolver) appID(name string) (string, error) {
	k := plan.Key{Kind: plan.Application, Name: r.stack.UniqueName(name)}
	if found, ok := r.state.Existing[k]; ok {
		k = found
	}
	live := r.state.Objects[k]
	if live == nil {
		return "", hint(fmt.Errorf("application %s/%s is not in tenant %s", r.stack.Name, name, r.connection.target), "create it with `%s`", r.connection.command("apply"))
	}
	return live.AppID, nil
}

func (r resolver) user(name, what string) (string, error) {
	i := slices.IndexFunc(r.stack.Users, func(u *stack.User) bool { return u.Name == name })
	u := r.stack.Users[i] // as the manifest was checked to have
	if what == "userPrincipalName" {
		return r.connection.upn(u), nil
	}
	if password := r.connection.password(r.passwords, u); password != "" {
		return password, nil
	}
	return "", hint(fmt.Errorf("the password of user %s is not known", name), "set it in PROVISION_PASSWORD_%s", environmentName(name))
}

// secret finds a kept secret by its application and name, or by its name.
func (r resolver) secret(path []string) (string, error) {
	name := path[len(path)-1]
	for _, application := range r.stack.Applications {
		if len(path) == 2 && application.Name != path[0] {
			continue
		}
		for _, secret := range application.Secrets {
			if secret.Name != name {
				continue
			}
			kept, ok, err := r.connection.readKept(r.ctx, r.stack, application, secret)
			switch {
			case err != nil || kept.SecretText != "":
				return kept.SecretText, err
			case ok:
				return "", hint(fmt.Errorf("the value of secret %s is stored only in its sink, which does not return it: %s", name, secret.Sink),
					"get it from there and set it in %s", secretVariable(application, secret))
			}
		}
	}
	return "", hint(fmt.Errorf("the value of secret %s is not stored on this machine", name), "`%s` creates a new one", r.connection.command("apply"))
}
