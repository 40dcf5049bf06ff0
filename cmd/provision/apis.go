package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/internal/display"
	"provision/protected"
	"provision/stack"
)

// chooseFlags select one of the APIs of several stacks.
func chooseFlags(c *cobra.Command) {
	c.Flags().String("stack", "", "stack of the API; required if the manifests declare several")
	c.Flags().String("application", "", "STACK/NAME of the API; required if the manifests declare several")
}

// chosen returns the APIs that --application, --stack and --scenario select; without these flags,
// all APIs.
func (a *app) chosen(stacks []*stack.Stack) ([]protected.API, error) {
	all := protected.APIs(stacks)
	if home := a.homeOf(a.config.GetString("target")); len(all) == 0 && home != "" {
		return nil, hint(usagef("the API is verified in its home, target %s, and not in the tenant of a customer", home), "`%s`", a.commandOn(home, a.where, a.verb, a.stageArgs()...))
	}
	if len(all) == 0 {
		file := "conformance.yaml"
		if len(a.where) == 1 { // a folder, not --stack NAME
			file = filepath.Join(a.where[0], file)
		}
		return nil, hint(usagef("no Conformance document: the requirements of the API are not declared"), "derive one from the OpenAPI document of the API: `%s > %s`, or write one: docs/verify.md", a.command("verify", "--openapi", "openapi.json"), display.ShellQuote(file))
	}
	if name := a.config.GetString("stack"); name != "" {
		all = slices.DeleteFunc(all, func(p protected.API) bool { return p.Stack.Name != name })
		if len(all) == 0 {
			return nil, hint(usagef("stack %q has no Conformance document here", name), "choose one of: %s", strings.Join(stackNames(stacks), ", "))
		}
	}
	if name := a.config.GetString("scenario"); name != "" && len(all) > 1 {
		all = slices.DeleteFunc(all, func(p protected.API) bool { return scenarioOf(p.Documents) != name })
		if len(all) == 0 {
			return nil, hint(usagef("no Conformance document here names scenario %q", name), "choose the API with --application STACK/NAME")
		}
	}
	want := a.config.GetString("application")
	if want == "" {
		return all, nil
	}
	var names []string
	for _, p := range all {
		if p.Name() == want {
			return []protected.API{p}, nil
		}
		names = append(names, p.Name())
	}
	return nil, hint(usagef("application %q has no Conformance document", want), "choose one of: %s", strings.Join(names, ", "))
}

func stackNames(stacks []*stack.Stack) []string {
	var names []string
	for _, s := range stacks {
		names = append(names, s.Name)
	}
	return names
}

// one returns the API of a command that is about exactly one API.
func (a *app) one(stacks []*stack.Stack) (protected.API, error) {
	all, err := a.chosen(stacks)
	if err != nil {
		return protected.API{}, err
	}
	if len(all) > 1 {
		names := make([]string, len(all))
		for i, p := range all {
			names[i] = p.Name()
		}
		return protected.API{}, hint(usagef("these manifests declare more than one API: %s", strings.Join(names, ", ")), "choose one with --stack NAME or --application NAME, e.g. `%s`", a.again("--application", names[0]))
	}
	return all[0], nil
}

// readFacts reads the facts about an API that are needed to request and check its tokens.
func (s *connection) readFacts(ctx context.Context, p protected.API, stacks []*stack.Stack) (protected.Facts, error) {
	state, err := s.read(ctx, stacks)
	if err != nil {
		return protected.Facts{}, err
	}
	s.domain = state.Tenant.Domain
	f, err := protected.FactsOf(p, state)
	var missing *protected.Missing
	if errors.As(err, &missing) {
		return f, hint(fmt.Errorf("application %s is not in tenant %s", missing.Application, s.target), "create it with `%s`", s.command("apply"))
	}
	if err != nil {
		return f, err
	}
	if f.Others, err = s.readOtherTenants(ctx, f.Tenants); err != nil {
		return f, err
	}
	f.Issuer = conformance.Issuer{TenantID: s.tenantID, URL: s.v2Issuer()}
	if f.Resource.TokenVersion == 1 {
		f.Issuer.URL = s.v1Issuer
	}
	return f, nil
}

func (s *connection) v2Issuer() string { return s.authority + "/" + s.tenantID + "/v2.0" }

func (s *connection) jwksURL() string {
	return s.authority + "/" + s.tenantID + "/discovery/v2.0/keys"
}

// people returns the users of the stack for a conformance suite.
func (s *connection) people(p protected.API, passwordNeeded bool) ([]conformance.User, error) {
	passwords, err := s.keep.Passwords()
	if err != nil {
		return nil, err
	}
	return p.Users(func(u *stack.User) string {
		if !passwordNeeded || s.password(passwords, u) != "" {
			return ""
		}
		return fmt.Sprintf("the password of %s is not known (provision knows the passwords of users that it created; set others in PROVISION_PASSWORD_%s)",
			u.Name, environmentName(u.Name))
	}), nil
}

// readClients returns the applications of the stack with their permissions for the API.
func (s *connection) readClients(ctx context.Context, p protected.API, f protected.Facts) ([]conformance.Application, error) {
	return p.Clients(f, func(a *stack.Application) (bool, error) {
		secret, err := s.readSecret(ctx, p.Stack, a)
		return secret != "", err
	})
}
