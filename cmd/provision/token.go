package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/stack"
)

func (a *app) token() *cobra.Command {
	c := &cobra.Command{
		Use:   "token [DIR]",
		Short: "Get a token as a user or an application gets it",
		Long: `token signs a user of the stack in (authorization code with PKCE, through the
sign-in form), or an application (client credentials with its kept secret), and
prints the access token for the stack's API: raw, for a script, or with
--decode as its header and claims, without the signature.`,
		Example: "  provision token --user ada --decode\n  curl -H \"Authorization: Bearer $(provision token --user ada)\" http://127.0.0.1:8000/secure\n  provision token --app service --decode",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			stacks, err := stack.Load(directory(args))
			if err != nil {
				return err
			}
			p, err := a.one(stacks)
			if err != nil {
				return err
			}
			user, service := a.config.GetString("user"), a.config.GetString("app")
			client := a.config.GetString("client")
			if client == "" {
				client = p.documents[0].Client
			}
			if err := checkWho(p, user, service, client); err != nil {
				return err
			}
			s, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			f, err := s.facts(cmd.Context(), p, stacks)
			if err != nil {
				return err
			}
			tokens, err := s.tenantTokens(p, f)
			if err != nil {
				return err
			}
			var raw string
			if service != "" {
				raw, err = tokens.Application(cmd.Context(), service)
			} else {
				raw, _, err = tokens.User(cmd.Context(), client, user, a.config.GetStringSlice("scope"))
			}
			if err != nil {
				return fmt.Errorf("get a token: %w", err)
			}
			return a.showToken(raw)
		},
	}
	c.Flags().String("user", "", "the user to sign in, by the manifest's name")
	c.Flags().String("app", "", "the application to get a token for itself, by the manifest's name")
	c.Flags().String("client", "", "the application to sign in to (default: the Conformance document's client)")
	c.Flags().StringSlice("scope", nil, "scopes of the API by value (default: all that are granted)")
	c.Flags().String("application", "", "STACK/NAME of the API, where there is more than one")
	publicHostsFlag(c)
	c.Flags().Bool("decode", false, "print header and claims instead of the token")
	return c
}

func checkWho(p protected, user, service, client string) error {
	var users, applications []string
	for _, u := range p.stack.Users {
		users = append(users, u.Name)
	}
	for _, a := range p.stack.Applications {
		applications = append(applications, a.Name)
	}
	known := func(kind, name string, names []string) error {
		for _, n := range names {
			if n == name {
				return nil
			}
		}
		return hint(usagef("stack %s has no %s %q", p.stack.Name, kind, name), "there is: %s", strings.Join(names, ", "))
	}
	switch {
	case (user == "") == (service == ""):
		return hint(usagef("say whose token: --user or --app, one of the two"), "users: %s; applications: %s", strings.Join(users, ", "), strings.Join(applications, ", "))
	case service != "":
		return known("application", service, applications)
	}
	if err := known("user", user, users); err != nil {
		return err
	}
	return known("application", client, applications)
}

func (a *app) showToken(raw string) error {
	if !a.config.GetBool("decode") {
		if a.json() {
			return json.NewEncoder(a.stdout).Encode(map[string]string{"accessToken": raw})
		}
		_, err := fmt.Fprintln(a.stdout, raw)
		return err
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return fmt.Errorf("decode the token: it is no JWT")
	}
	var decoded struct {
		Header json.RawMessage `json:"header"`
		Claims json.RawMessage `json:"claims"`
	}
	for i, into := range []*json.RawMessage{&decoded.Header, &decoded.Claims} {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return fmt.Errorf("decode the token: %w", err)
		}
		*into = part
	}
	out, err := json.Marshal(decoded)
	if err != nil {
		return fmt.Errorf("decode the token: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, out, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, b.String())
	return err
}

var _ conformance.Tokens = (*conformance.Tenant)(nil)
