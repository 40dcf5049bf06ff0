package login

import (
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"provision/emulator/directory"
)

// checkFederated compares an assertion of another issuer with the application's
// federated credentials: the issuer, the subject (or, for a flexible credential, the
// claims in its expression) and the audience must be equal. Then it checks time and
// signature. Keys are requested only from an issuer that is registered. Source:
// learn.microsoft.com/entra/workload-id/workload-identity-federation.
func (c *call) checkFederated(cl *client, sent *assertion, text string) *Error {
	trusted := slices.Clone(cl.app.FederatedCredentials)
	if len(trusted) == 0 {
		return failure(70025, cl.app.DisplayName)
	}
	flexible := slices.ContainsFunc(trusted, func(f directory.FederatedIdentityCredential) bool {
		return f.ClaimsMatchingExpression != nil
	})
	otherCase := slices.ContainsFunc(trusted, func(f directory.FederatedIdentityCredential) bool {
		return c.sameIssuer(f.Issuer, sent.claims.Issuer) && f.Subject != nil && strings.EqualFold(*f.Subject, sent.claims.Subject)
	})
	narrow := func(keep func(directory.FederatedIdentityCredential) bool) bool {
		trusted = slices.DeleteFunc(trusted, func(f directory.FederatedIdentityCredential) bool { return !keep(f) })
		return len(trusted) > 0
	}
	switch {
	case !narrow(func(f directory.FederatedIdentityCredential) bool { return c.sameIssuer(f.Issuer, sent.claims.Issuer) }):
		return failure(700211, sent.claims.Issuer)
	case ofMicrosoft(sent.claims.Issuer) && (!c.issuedHere(sent.claims.Issuer) || c.ofAnotherCloud(c.names, sent.claims.AIO)): // another cloud, or a tenant elsewhere
		return failure(700236, sent.claims.Issuer)
	case !narrow(sent.named):
		switch {
		case otherCase:
			return failure(7002138, sent.claims.Subject)
		case flexible:
			return failure(7002131, sent.claims.Subject)
		}
		return failure(700213, sent.claims.Subject)
	case !narrow(func(f directory.FederatedIdentityCredential) bool {
		return slices.ContainsFunc(f.Audiences, func(a string) bool {
			return slices.Contains(sent.claims.Audience, a) ||
				a == c.cloud.TokenExchange && slices.Contains(sent.claims.Audience, tokenExchange) && c.issuedHere(sent.claims.Issuer)
		})
	}):
		return failure(700212, sent.claims.Audience)
	}
	if err := c.checkTime(sent); err != nil {
		return err
	}
	if sent.header.Algorithm != string(jose.RS256) {
		return failure(50027).as("invalid_client")
	}
	if c.issuedHere(sent.claims.Issuer) { // a managed identity's token
		if c.verified(text, &assertionClaims{}) != nil {
			return failure(50013, "The key was not found.").as("invalid_client")
		}
		return nil
	}
	keys, err := c.issuers.find(c.r.Context(), sent.claims.Issuer, sent.header.KeyID)
	if err != nil {
		c.log.Info("issuer's keys not read", "issuer", sent.claims.Issuer, "error", err)
		return failure(50166)
	}
	if len(keys) == 0 {
		return failure(50013, "The key was not found.").as("invalid_client")
	}
	for _, key := range keys {
		if sent.token.Claims(key.Key, &assertionClaims{}) == nil {
			return nil
		}
	}
	return failure(50013, "The provided signature value did not match the expected signature value.").as("invalid_client")
}

// sameIssuer compares issuers exactly. Under the hosts of a cloud, a tenant here has the
// names of this cloud and its own origin, which are equal.
func (c *call) sameIssuer(trusted, sent string) bool {
	if trusted == sent {
		return true
	}
	return slices.ContainsFunc(c.tenants.All(), func(d *directory.Directory) bool {
		own := c.issuersOf(d.Tenant().ID)
		return slices.Contains(own, trusted) && slices.Contains(own, sent)
	})
}

// named reports whether a federated credential matches the subject of an assertion.
func (a *assertion) named(f directory.FederatedIdentityCredential) bool {
	if f.Subject != nil && *f.Subject != "" {
		return *f.Subject == a.claims.Subject
	}
	var claims map[string]any
	return f.ClaimsMatchingExpression != nil && a.token.UnsafeClaimsWithoutVerification(&claims) == nil &&
		f.ClaimsMatchingExpression.Matches(claims)
}
