package conformance

import (
	"slices"
	"strings"
)

// core are the names of the cases that show in brief whether an API is protected: one
// case for each check that every API must make. All other cases look for errors in such
// a check.
var core = []string{
	"public",
	"no-token", "wrong-scheme", "empty-token", "garbage",
	"valid", "valid-application", "role", "role-by-group", "missing-scope", "no-role", "missing-role", "missing-any-role", "wrong-role", "app-only", "user",
	"scope", "missing-any-scope", "mixed", "no-group", "wrong-group", "guest", "owner-peer",
	"tampered-payload", "tampered-signature", "alg-none", "unknown-kid",
	"expired", "not-yet-valid", "wrong-audience", "wrong-issuer", "other-tenant", "valid-tenant", "id-token",
}

// Core reports whether a report shows the case even if all cases pass. The name
// "missing-scope read_data" belongs to the case missing-scope. Cases that a
// manifest declares are always shown.
func (c Case) Core() bool {
	name, _, _ := strings.Cut(c.Name, " ")
	return c.Group == Written || slices.Contains(core, name)
}
