package policy

import (
	"crypto/x509"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"provision/stack"
)

// reference is STACK/NAME of an application that a stack names.
func reference(s *stack.Stack, name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return s.Name + "/" + name
}

func (a subject) id() string { return a.stack.Name + "/" + a.Name }

func (a subject) public() bool {
	return a.IsFallbackPublicClient || len(a.PublicClient.RedirectURIs) > 0 || len(a.SPA.RedirectURIs) > 0
}

// interactive reports whether users sign in to the application.
func (a subject) interactive() bool {
	return len(a.Web.RedirectURIs)+len(a.SPA.RedirectURIs)+len(a.PublicClient.RedirectURIs) > 0
}

func (a subject) multiTenant() bool {
	return a.SignInAudience != nil && *a.SignInAudience != "AzureADMyOrg"
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

// redirect is a redirect URI with its position.
type redirect struct {
	platform, uri string
	url           *url.URL
	path          []any
}

func (r redirect) loopback() bool {
	host := r.url.Hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (a subject) redirects() (all []redirect) {
	for _, p := range []struct {
		name string
		uris []string
	}{{"web", a.Web.RedirectURIs}, {"spa", a.SPA.RedirectURIs}, {"publicClient", a.PublicClient.RedirectURIs}} {
		for i, uri := range p.uris {
			u, err := url.Parse(strings.ReplaceAll(uri, "*", "any"))
			if err != nil {
				u = &url.URL{}
			}
			all = append(all, redirect{p.name, uri, u, []any{p.name, "redirectUris", i}})
		}
	}
	return all
}

// eachRedirect returns the redirect URIs for which wrong returns a problem.
func eachRedirect(wrong func(subject, redirect) string) func(subject) []place {
	return func(a subject) (places []place) {
		for _, r := range a.redirects() {
			if says := wrong(a, r); says != "" {
				places = append(places, at(says, r.path...))
			}
		}
		return places
	}
}

// when returns one place if a condition is true.
func when(wrong func(subject) bool, says string, path ...any) func(subject) []place {
	return func(a subject) []place {
		if !wrong(a) {
			return nil
		}
		return []place{at(says, path...)}
	}
}

func eachSecret(wrong func(subject, time.Duration) bool, says string) func(subject) []place {
	return func(a subject) (places []place) {
		for i, s := range a.Secrets {
			lifetime := 180 * 24 * time.Hour
			if s.Lifetime != "" {
				lifetime, _ = stack.Lifetime(s.Lifetime) // the file was already read
			}
			if !s.NotAfter.IsZero() {
				lifetime = s.NotAfter.Sub(s.NotBefore)
			}
			if wrong(a, lifetime) {
				places = append(places, at("secret "+s.Name+" "+says, "secrets", i))
			}
		}
		return places
	}
}

// eachCertificate checks the validity period of certificates. It ignores a certificate
// that cannot be read.
func eachCertificate(wrong func(a subject, from, to time.Time) bool, says string) func(subject) []place {
	return func(a subject) (places []place) {
		for i, c := range a.Certificates {
			if from, to, ok := validity(c); ok && wrong(a, from, to) {
				places = append(places, at("certificate "+c.Name+" "+says, "certificates", i))
			}
		}
		return places
	}
}

// validity returns the validity period of a certificate.
func validity(c stack.Certificate) (from, to time.Time, ok bool) {
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return from, to, false
	}
	return parsed.NotBefore, parsed.NotAfter, true
}

func eachScope(wrong func(stack.Scope) bool, says string) func(subject) []place {
	return func(a subject) (places []place) {
		for i, s := range a.API.OAuth2PermissionScopes {
			if wrong(s) {
				places = append(places, at("scope "+s.Value+" "+says, "api", "oauth2PermissionScopes", i))
			}
		}
		return places
	}
}

func eachURI(wrong func(string) bool, says string) func(subject) []place {
	return func(a subject) (places []place) {
		for i, uri := range a.IdentifierURIs {
			if wrong(uri) {
				places = append(places, at("identifier URI "+uri+" "+says, "identifierUris", i))
			}
		}
		return places
	}
}

func eachFederated(wrong func(stack.FederatedCredential) bool, says string) func(subject) []place {
	return func(a subject) (places []place) {
		for i, f := range a.FederatedCredentials {
			if wrong(f) {
				places = append(places, at("federated credential "+f.Name+" "+says, "federatedCredentials", i))
			}
		}
		return places
	}
}

const (
	graphID   = "00000003-0000-0000-c000-000000000000"
	oldGraph  = "00000002-0000-0000-c000-000000000000"
	graphName = "Microsoft Graph"
)

func isGraph(resource string) bool { return resource == graphName || resource == graphID }

// eachGraphRole and eachGraphScope find permissions of Microsoft Graph.
func eachGraphRole(wrong func(role string) bool, says string) func(subject) []place {
	return eachPermission(func(_ subject, p stack.Permission) (roles, scopes []string) {
		if isGraph(p.Resource) {
			return those(p.Roles, wrong), nil
		}
		return nil, nil
	}, says)
}

func eachGraphScope(wrong func(scope string, consented bool) bool, says string) func(subject) []place {
	return eachPermission(func(_ subject, p stack.Permission) (roles, scopes []string) {
		if isGraph(p.Resource) {
			return nil, those(p.Scopes, func(scope string) bool { return wrong(scope, p.AdminConsent) })
		}
		return nil, nil
	}, says)
}

func eachPermission(wrong func(subject, stack.Permission) (roles, scopes []string), says string) func(subject) []place {
	return func(a subject) (places []place) {
		for i, p := range a.Permissions {
			roles, scopes := wrong(a, p)
			for _, role := range roles {
				places = append(places, at("application permission "+role+" "+says, "permissions", i, "roles", slices.Index(p.Roles, role)))
			}
			for _, scope := range scopes {
				places = append(places, at("delegated permission "+scope+" "+says, "permissions", i, "scopes", slices.Index(p.Scopes, scope)))
			}
		}
		return places
	}
}

func those(values []string, wrong func(string) bool) (all []string) {
	for _, value := range values {
		if wrong(value) {
			all = append(all, value)
		}
	}
	return all
}

func hasAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
