package main

import (
	"context"
	"os"
	"strings"

	"provision/conformance"
	"provision/protected"
	"provision/stack"
)

// readTenantTokens returns sources of tokens for a protected application, which sign
// in as its clients do.
func (s *connection) readTenantTokens(ctx context.Context, p protected.API, f protected.Facts) (*conformance.Tenant, error) {
	passwords, err := s.keep.Passwords()
	if err != nil {
		return nil, err
	}
	t := &conformance.Tenant{
		Authority: &conformance.Authority{URL: s.authority + "/" + s.tenantID, HTTPClient: s.http},
		Resource:  f.ScopeBase,
		Clients:   map[string]conformance.Client{},
		Accounts:  map[string]conformance.Account{},
	}
	if s.users != nil {
		t.SignIn = s.users.SignIn
	}
	var fresh []string
	for _, a := range p.Stack.Applications {
		secret, err := s.readKeptSecret(ctx, p.Stack, a)
		if err != nil {
			return nil, err
		}
		platform, uri := protected.SignIn(a)
		t.Clients[a.Name] = conformance.Client{ID: f.AppIDs[a.Name], Secret: secret.SecretText, RedirectURI: uri,
			Public: platform == "publicClient", SPA: platform == "spa"}
		if s.now().Before(secret.StartDateTime.Add(s.newSecretPatience)) {
			fresh = append(fresh, a.Name)
		}
	}
	for _, name := range fresh {
		// The caller handles all other errors.
		_ = s.retryNewSecret(ctx, func() error {
			_, err := t.Application(ctx, name)
			return err
		})
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	for _, u := range p.Stack.Users {
		t.Accounts[u.Name] = conformance.Account{
			UserPrincipalName: s.upn(u), Password: s.password(passwords, u)}
	}
	if s.manage != nil {
		t.Signer, t.PayloadSigner = s.manage.Sign, s.manage.SignPayload
	}
	return t, nil
}

// upn returns a user's sign-in name in this tenant.
func (s *connection) upn(u *stack.User) string {
	return stack.InTenant(u.UserPrincipalName, s.tenantID, s.domain)
}

// password returns the password that provision generated, or, for a user that existed
// before, the one in the environment.
func (s *connection) password(made map[string]string, u *stack.User) string {
	if p := made[strings.ToLower(s.upn(u))]; p != "" {
		return p
	}
	return os.Getenv("PROVISION_PASSWORD_" + environmentName(u.Name))
}

func environmentName(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
