package plan

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestObjectsOfStructs: the conversion of a struct with all fields set, with no field set,
// and with empty lists that are not nil.
func TestObjectsOfStructs(t *testing.T) {
	t.Parallel()
	full, yes, no := filled[stack.Application](), true, false
	for name, v := range map[string]any{
		"an application with everything": full,
		"a pointer to one":               &full,
		"an application with nothing":    stack.Application{},
		"empty lists":                    stack.Application{IdentifierURIs: []string{}, AppRoles: []stack.AppRole{{Value: "R", AllowedMemberTypes: nil}}},
		"false and true":                 stack.Application{IsDisabled: &no, API: stack.API{AcceptMappedClaims: &yes}},
		"a user":                         filled[stack.User](),
		"a service principal":            filled[stack.ServicePrincipal](),
		"a scope of no text":             stack.Scope{},
		"a role":                         filled[stack.AppRole](),
	} {
		raw, err := json.Marshal(v)
		want := map[string]any{}
		if err == nil {
			err = json.Unmarshal(raw, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		got := object(v)
		for _, m := range []map[string]any{got, want} { // not properties of Graph, so declare leaves them out
			delete(m, "certificates")
			delete(m, "secrets")
			for _, f := range list(m, "federatedCredentials") {
				delete(f.(map[string]any), "claimsMatchingExpression")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-JSON +got):\n%s", name, diff)
		}
	}
}
