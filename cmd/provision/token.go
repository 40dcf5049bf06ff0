package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pkg/browser"
	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/protected"
)

func (a *app) token() *cobra.Command {
	c := &cobra.Command{
		Use:   "token [DIR]",
		Short: "Get an access token for a user or an application",
		Long: `token signs in a user of the stack (authorization code with PKCE, through the
sign-in form) or an application (client credentials with its stored secret), and
prints the access token for the stack's API: the raw token for scripts, or with
--decode its header and claims, without the signature.

With --browser anybody signs in interactively in the system's browser. On a real tenant
that requires a second factor, --sign-in says how --user signs in. The sign-in is kept in
.provision/TARGET (0600) for later commands, until --forget.`,
		Example: "  provision token --user ada --decode\n  curl -H \"Authorization: Bearer $(provision token --user ada)\" http://127.0.0.1:8000/secure\n  provision token --app service --decode\n  provision token --stack heroes --client reader --browser --target staging",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.config.GetBool("forget") {
				return a.forget(args)
			}
			return a.onAPI(cmd, args, a.checkWho, a.getToken)
		},
	}
	c.Flags().String("user", "", "user to sign in, by the name in the manifest")
	c.Flags().Bool("browser", false, "sign in with the system's browser; the URL is also printed")
	c.Flags().String("app", "", "application to get a token for with client credentials, by the name in the manifest")
	c.Flags().String("client", "", "client application that the user signs in to (default: the client of the Conformance document)")
	c.Flags().StringSlice("scope", nil, "scopes of the API to request, by value (default: all granted scopes)")
	chooseFlags(c)
	publicHostsFlag(c)
	signInFlag(c)
	c.Flags().Bool("forget", false, "remove the kept sign-ins of the target, or of --user, and get no token")
	c.Flags().Bool("decode", false, "print header and claims instead of the token")
	return c
}

// client is the application that --client names to sign in to.
func (a *app) client(p protected.API) string {
	return cmp.Or(a.config.GetString("client"), p.Documents[0].Client)
}

// getToken gets the token that the flags ask for, and prints it.
func (a *app) getToken(ctx context.Context, s *connection, p protected.API, f protected.Facts) error {
	var err error
	if s.users, err = a.users(s); err != nil {
		return err
	}
	tokens, err := s.readTenantTokens(ctx, p, f)
	if err != nil {
		return err
	}
	var raw string
	switch service := a.config.GetString("app"); {
	case service != "":
		raw, err = tokens.Application(ctx, service)
	case a.config.GetBool("browser"):
		raw, err = tokens.Browser(ctx, a.client(p), a.config.GetStringSlice("scope"), a.openBrowser)
	default:
		raw, _, err = tokens.User(ctx, a.client(p), a.config.GetString("user"), a.config.GetStringSlice("scope"))
	}
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	return a.showToken(raw)
}

// checkWho refuses names that the stack does not have.
func (a *app) checkWho(p protected.API) error {
	if err := a.checkSignIn(); err != nil {
		return err
	}
	user, service, client := a.config.GetString("user"), a.config.GetString("app"), a.client(p)
	var users, applications []string
	for _, u := range p.Stack.Users {
		users = append(users, u.Name)
	}
	for _, a := range p.Stack.Applications {
		applications = append(applications, a.Name)
	}
	known := func(kind, name string, names []string) error {
		for _, n := range names {
			if n == name {
				return nil
			}
		}
		return hint(usagef("stack %s has no %s %q", p.Stack.Name, kind, name), "choose one of: %s", strings.Join(names, ", "))
	}
	ways := 0
	for _, way := range []bool{user != "", service != "", a.config.GetBool("browser")} {
		if way {
			ways++
		}
	}
	switch {
	case ways != 1:
		return hint(usagef("exactly one of --user, --app and --browser is required"), "users: %s; applications: %s", strings.Join(users, ", "), strings.Join(applications, ", "))
	case service != "":
		return known("application", service, applications)
	}
	if user != "" {
		if err := known("user", user, users); err != nil {
			return err
		}
	}
	return known("application", client, applications)
}

// openBrowser opens the sign-in page in the system's browser. A missing browser is no
// error: the user can open the address.
func (a *app) openBrowser(address string) error {
	a.say("open %s", address)
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	_ = browser.OpenURL(address)
	return nil
}

func (a *app) showToken(raw string) error {
	if !a.config.GetBool("decode") {
		a.give("accessToken", raw)
		_, err := fmt.Fprintln(a.stdout, raw)
		return err
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return fmt.Errorf("decode the token: it is not a JWT")
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
	a.give("header", decoded.Header)
	a.give("claims", decoded.Claims)
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
