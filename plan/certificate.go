package plan

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

// CertificateUse is the action of the plan on a certificate of an application.
type CertificateUse int

const (
	Kept      CertificateUse = iota // a manifest names it
	Replaced                        // a manifest gives its name to another one
	Unmanaged                       // no manifest names it
	OtherUse                        // not for authentication, such as a key for signing SAML
)

// certificates returns an application's planned keyCredentials and the changes. Graph
// replaces the whole list and never shows keys; an entry that is sent back with its
// keyId and without a key keeps the key.
// Source: Graph resource type "keyCredential" and "Update application".
func (d *differ) certificates(want *Declared, live *Live) (entries []any, changes []Change) {
	entries = []any{}
	there := map[string]bool{}
	if live != nil {
		for _, e := range list(live.Properties, "keyCredentials") {
			entry := e.(map[string]any)
			use, thumbprint := UseOf(entry, want.certificates), Thumbprint(entry)
			if use == Replaced || use == Unmanaged && d.prunes(live.Stack) {
				changes = append(changes, Change{certificatePath(text(entry, "displayName"), thumbprint), true, nil})
				continue
			}
			there[thumbprint] = true
			entries = append(entries, withoutKey(entry))
		}
	}
	for _, c := range want.certificates {
		if there[c.Thumbprint()] {
			continue
		}
		entries = append(entries, map[string]any{
			"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": c.Name,
			"customKeyIdentifier": c.Thumbprint(), "key": base64.StdEncoding.EncodeToString(c.DER),
		})
		changes = append(changes, Change{certificatePath(c.Name, c.Thumbprint()), nil, true})
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return a.Path.compareTo(b.Path) })
	return entries, changes
}

// withoutUnmanaged returns the keyCredentials of a service principal without the unmanaged
// keys. Manifests cannot declare keys of service principals.
func (d *differ) withoutUnmanaged(k Key, live *Live) (entries []any, changes []Change) {
	entries = []any{}
	for _, e := range list(live.Properties, "keyCredentials") {
		entry := e.(map[string]any)
		if d.unmanagedKey(k, entry) {
			changes = append(changes, Change{certificatePath(text(entry, "displayName"), Thumbprint(entry)), true, nil})
		} else {
			entries = append(entries, withoutKey(entry))
		}
	}
	return entries, changes
}

// withoutKey returns an entry in the form in which it is sent back.
func withoutKey(entry map[string]any) map[string]any {
	entry = maps.Clone(entry)
	delete(entry, "key")
	return entry
}

func certificatePath(name, thumbprint string) Path {
	return pathTo("keyCredentials").entry(strings.TrimSpace(name + " " + thumbprint))
}

// UseOf returns how an entry of keyCredentials is used where these are
// declared.
func UseOf(entry map[string]any, declared []stack.Certificate) CertificateUse {
	thumbprint := Thumbprint(entry)
	switch {
	case text(entry, "usage") != "Verify":
		return OtherUse
	case text(entry, "type") != "AsymmetricX509Cert":
		return Unmanaged // no manifest can name it
	case slices.ContainsFunc(declared, func(c stack.Certificate) bool { return c.Thumbprint() == thumbprint }):
		return Kept
	case slices.ContainsFunc(declared, func(c stack.Certificate) bool { return c.Name == text(entry, "displayName") }):
		return Replaced
	}
	return Unmanaged
}

// Thumbprint returns the thumbprint of an entry of keyCredentials, in the form of
// stack.Certificate. It computes the thumbprint if Graph returned the certificate.
// Otherwise it reads customKeyIdentifier, which can be any value of its author:
// base64, or hexadecimal digits as Entra sets it.
func Thumbprint(entry map[string]any) string {
	if der, err := base64.StdEncoding.DecodeString(text(entry, "key")); err == nil && len(der) > 0 {
		return stack.Certificate{DER: der}.Thumbprint()
	}
	identifier := text(entry, "customKeyIdentifier")
	if raw, err := base64.StdEncoding.DecodeString(identifier); err == nil && len(raw) == 20 {
		return strings.ToUpper(hex.EncodeToString(raw))
	}
	return strings.ToUpper(identifier)
}
