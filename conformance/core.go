package conformance

import (
	"slices"
	"strings"
)

// core are the names of the cases that say in brief whether an API is
// protected: each check that it must make, once. The others look for the ways
// in which such a check is made wrongly.
var core = []string{
	"public",
	"no-token", "wrong-scheme", "empty-token", "garbage",
	"valid", "valid-application", "role", "role-by-group", "missing-scope", "no-role", "missing-role", "missing-any-role", "wrong-role", "app-only", "user",
	"scope", "missing-any-scope", "mixed", "no-group", "wrong-group", "guest", "owner-peer",
	"tampered-payload", "tampered-signature", "alg-none", "unknown-kid",
	"expired", "not-yet-valid", "wrong-audience", "wrong-issuer", "other-tenant", "valid-tenant", "id-token",
}

// Core tells whether the case is one of those that a reader wants to see even
// when all is well. A name such as "missing-scope read_data" is the case
// missing-scope; what is written by hand is always told.
func (c Case) Core() bool {
	name, _, _ := strings.Cut(c.Name, " ")
	return c.Group == Written || slices.Contains(core, name)
}
