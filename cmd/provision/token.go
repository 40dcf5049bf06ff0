package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pkg/browser"
	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/protected"
	"provision/stack"
)

func (a *app) token() *cobra.Command {
	c := &cobra.Command{
		Use:   "token [DIR]",
		Short: "Get an access token for a user or an application",
		Long: `token signs in a user of the stack (authorization code with PKCE, through the
sign-in form) or an application (client credentials with its stored secret), and
prints the access token for the stack's API: the raw token for scripts, or with
--decode its header and claims, without the signature.

With --browser any user can sign in interactively in the system's browser. On a real tenant
that requires a second factor, --sign-in sets the method by which --user signs in. token
stores the sign-in in .provision/TARGET (0600) for later commands, until --forget.`,
		Example: "  provision token --user ada --decode\n  curl -H \"Authorization: Bearer $(provision token --user ada)\" http://127.0.0.1:8000/secure\n  provision token --app service --decode\n  provision token --stack heroes --client reader --browser --target staging",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := a.tokenOptions()
			if o.forget {
				return a.forget(args, o.user)
			}
			return a.onAPI(cmd, args, func(p protected.API) error { return a.checkWho(p, o) },
				func(ctx context.Context, s *connection, p protected.API, f protected.Facts) error {
					return a.getToken(ctx, s, p, f, o)
				})
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
	c.Flags().Bool("forget", false, "remove the stored sign-ins of the target, or of --user, and get no token")
	c.Flags().Bool("decode", false, "print header and claims instead of the token")
	return c
}

// tokenOptions are the flags of token.
type tokenOptions struct {
	user        string // exactly one of user, application and browser selects who gets the token
	application string
	browser     bool
	client      string   // that the user signs in to; "" is the client of the Conformance document
	scopes      []string // none: all granted scopes
	decode      bool
	forget      bool
}

func (a *app) tokenOptions() tokenOptions {
	c := a.config
	return tokenOptions{user: c.GetString("user"), application: c.GetString("app"), browser: c.GetBool("browser"), client: c.GetString("client"),
		scopes: c.GetStringSlice("scope"), decode: c.GetBool("decode"), forget: c.GetBool("forget")}
}

// clientOf returns the application that a user signs in to.
func (o tokenOptions) clientOf(p protected.API) string {
	return cmp.Or(o.client, p.Documents[0].Client)
}

// getToken gets the token that the options ask for, and prints it.
func (a *app) getToken(ctx context.Context, s *connection, p protected.API, f protected.Facts, o tokenOptions) error {
	var err error
	if s.users, err = a.users(s); err != nil {
		return err
	}
	tokens, err := s.readTenantTokens(ctx, p, f)
	if err != nil {
		return err
	}
	var raw string
	switch {
	case o.application != "":
		raw, err = tokens.Application(ctx, o.application)
	case o.browser:
		raw, err = tokens.Browser(ctx, o.clientOf(p), o.scopes, a.openBrowser)
	default:
		raw, _, err = tokens.User(ctx, o.clientOf(p), o.user, o.scopes)
	}
	if err != nil && o.application != "" && errors.Is(err, conformance.ErrUnavailable) {
		return hint(fmt.Errorf("get a token: %w", err), "%s", withSecrets(p.Stack))
	}
	if err != nil && o.user != "" && errors.Is(err, conformance.ErrUnavailable) && tokens.Accounts[o.user].Password == "" {
		return hint(fmt.Errorf("get a token: %w", err), "set it in PROVISION_PASSWORD_%s, or sign in with --browser instead of --user; if the stack created the user, `%s` resets the password",
			environmentName(o.user), s.command("apply", "--reset-passwords"))
	}
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	return a.showToken(raw, o.decode)
}

// checkWho refuses names that the stack does not have.
func (a *app) checkWho(p protected.API, o tokenOptions) error {
	if err := a.checkSignIn(); err != nil {
		return err
	}
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
	for _, way := range []bool{o.user != "", o.application != "", o.browser} {
		if way {
			ways++
		}
	}
	switch {
	case ways > 1:
		return hint(usagef("exactly one of --user, --app and --browser is required"), "set only one; the variables PROVISION_USER, PROVISION_APP and PROVISION_BROWSER also count")
	case ways != 1:
		return hint(usagef("exactly one of --user, --app and --browser is required"), "users: %s; applications: %s", strings.Join(users, ", "), strings.Join(applications, ", "))
	case o.application != "":
		return known("application", o.application, applications)
	}
	for _, scope := range o.scopes {
		if scope == ".default" {
			continue // all granted scopes
		}
		if err := known("scope of its API with the value", scope, scopesOf(p)); err != nil {
			return err
		}
	}
	if o.user != "" {
		if err := known("user", o.user, users); err != nil {
			return err
		}
	}
	if err := known("application", o.clientOf(p), applications); err != nil {
		return err
	}
	return a.checkClient(p.Stack, o.clientOf(p))
}

// checkClient refuses a client to which no user can sign in.
func (a *app) checkClient(s *stack.Stack, name string) error {
	var client *stack.Application
	var others []string
	for _, application := range s.Applications {
		switch { // a URI can depend on hosting
		case len(application.PublicClient.RedirectURIs)+len(application.Web.RedirectURIs)+len(application.SPA.RedirectURIs) > 0:
			others = append(others, application.Name)
		case application.Name == name:
			client = application
		}
	}
	if client == nil {
		return nil
	}
	err := usagef("application %s has no redirect URI, so that no user can sign in to it", client.Name)
	switch {
	case len(client.Secrets) > 0:
		return hint(err, "get a token of the application itself: `%s`", a.command("token", "--app", client.Name))
	case len(others) > 0:
		return hint(err, "choose another client: `%s`", a.instead("client", others[0]))
	}
	return hint(err, "declare a redirect URI in the manifest of a client")
}

// scopesOf returns the values of the scopes of an API.
func scopesOf(p protected.API) (values []string) {
	for _, s := range p.Resource.API.OAuth2PermissionScopes {
		values = append(values, s.Value)
	}
	return values
}

// withSecrets returns a hint with the applications of a stack that can sign in by themselves.
func withSecrets(s *stack.Stack) string {
	var names []string
	for _, application := range s.Applications {
		if len(application.Secrets) > 0 {
			names = append(names, application.Name)
		}
	}
	if len(names) == 0 {
		return "declare `secrets` for a client in the manifests"
	}
	return "name a client for which the manifests declare `secrets`: " + strings.Join(names, ", ") + "; if its secret is in a file that is missing, `provision apply` creates it again"
}

// openBrowser opens the sign-in page in the system's browser. A missing browser is no
// error: the user can open the address.
func (a *app) openBrowser(address string) error {
	a.say("open %s", address)
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	_ = browser.OpenURL(address)
	return nil
}

// showToken prints a token, or its header and claims.
func (a *app) showToken(raw string, decode bool) error {
	if !decode {
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
