package plan

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

// CertificateUse is what becomes of a certificate that an application has.
type CertificateUse int

const (
	Kept     CertificateUse = iota // a manifest names it
	Replaced                       // a manifest gives its name to another one
	Stranger                       // no manifest names it
	Another                        // it signs nobody in
)

// certificates is an application's keyCredentials as it is to be, and what of
// it changes. Graph replaces the list as a whole, and shows no key; an entry
// that is sent back under its keyId without a key keeps it.
// Source: Graph resource type "keyCredential" and "Update application".
func (d *differ) certificates(want, live *Object) (entries []any, changes []Change) {
	entries = []any{}
	there := map[string]bool{}
	if live != nil {
		for _, e := range list(live.Properties, "keyCredentials") {
			entry := maps.Clone(e.(map[string]any))
			delete(entry, "key")
			use := UseOf(entry, want.certificates)
			if use == Replaced || use == Stranger && d.prunes(live.Stack) {
				changes = append(changes, Change{certificatePath(text(entry, "displayName"), Thumbprint(entry)), true, nil})
				continue
			}
			there[Thumbprint(entry)] = true
			entries = append(entries, entry)
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
	slices.SortStableFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return entries, changes
}

func certificatePath(name, thumbprint string) string {
	return "keyCredentials[" + strings.TrimSpace(name+" "+thumbprint) + "]"
}

// UseOf tells what becomes of an entry of keyCredentials where these are
// declared.
func UseOf(entry map[string]any, declared []stack.Certificate) CertificateUse {
	thumbprint := Thumbprint(entry)
	switch {
	case text(entry, "usage") != "Verify" || text(entry, "type") != "AsymmetricX509Cert":
		return Another
	case slices.ContainsFunc(declared, func(c stack.Certificate) bool { return c.Thumbprint() == thumbprint }):
		return Kept
	case slices.ContainsFunc(declared, func(c stack.Certificate) bool { return c.Name == text(entry, "displayName") }):
		return Replaced
	}
	return Stranger
}

// Thumbprint is that of an entry of keyCredentials, as stack.Certificate gives
// it. customKeyIdentifier has it in base64 or, as Entra itself sets it, in
// hexadecimal digits.
func Thumbprint(entry map[string]any) string {
	identifier := text(entry, "customKeyIdentifier")
	if raw, err := base64.StdEncoding.DecodeString(identifier); err == nil && len(raw) == 20 {
		return strings.ToUpper(hex.EncodeToString(raw))
	}
	return strings.ToUpper(identifier)
}
