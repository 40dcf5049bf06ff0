package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"provision/conformance"
	"provision/stack"
)

// tenantTokens gets tokens for a protected application as its clients do.
func (s *session) tenantTokens(ctx context.Context, p protected, f facts) (*conformance.Tenant, error) {
	passwords, err := s.keep.Passwords()
	if err != nil {
		return nil, err
	}
	t := &conformance.Tenant{
		Authority: &conformance.Authority{URL: s.authority + "/" + s.tenantID, HTTPClient: s.http},
		Resource:  f.scopeBase,
		Clients:   map[string]conformance.Client{},
		Accounts:  map[string]conformance.Account{},
	}
	var fresh []string
	for _, a := range p.stack.Applications {
		secret, err := s.keptSecret(ctx, p.stack, a)
		if err != nil {
			return nil, err
		}
		platform, uri := signIn(a)
		t.Clients[a.Name] = conformance.Client{ID: f.appIDs[a.Name], Secret: secret.SecretText, RedirectURI: uri,
			Public: platform == "publicClient", SPA: platform == "spa"}
		if s.now().Before(secret.StartDateTime.Add(s.patience)) {
			fresh = append(fresh, a.Name)
		}
	}
	for _, name := range fresh {
		if err := s.settle(ctx, t, name); err != nil {
			return nil, err
		}
	}
	for _, u := range p.stack.Users {
		t.Accounts[u.Name] = conformance.Account{
			UserPrincipalName: s.upn(u), Password: s.password(passwords, u)}
	}
	if s.manage != nil {
		t.Signer, t.PayloadSigner = s.manage.Sign, s.manage.SignPayload
	}
	return t, nil
}

// settle waits until a new secret is taken: Entra's token endpoint learns of it
// some seconds after Graph has made it. What it refuses for another reason is
// for the caller to find.
func (s *session) settle(ctx context.Context, t *conformance.Tenant, application string) error {
	for deadline := s.now().Add(s.patience); ; {
		_, err := t.Application(ctx, application)
		var refused *conformance.AADSTSError
		unknown := errors.As(err, &refused) && (refused.Code == 700016 || refused.Code == 7000215)
		if !unknown || s.now().After(deadline) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// upn is a user's sign-in name in this tenant.
func (s *session) upn(u *stack.User) string {
	return stack.InTenant(u.UserPrincipalName, s.tenantID, s.domain)
}

// password is the one that provision made, or the one that the environment
// gives for a user who was there already.
func (s *session) password(made map[string]string, u *stack.User) string {
	if p := made[strings.ToLower(s.upn(u))]; p != "" {
		return p
	}
	return os.Getenv("PROVISION_PASSWORD_" + environmentName(u.Name))
}

func environmentName(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
