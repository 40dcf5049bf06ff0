package conformance

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

var (
	byUser   = stack.Requires{Scopes: []string{"Orders.Read"}, Callers: []string{users}}
	byDaemon = stack.Requires{AnyRole: []string{"Orders.Read.All"}, Callers: []string{applications}}
)

// An API that refuses all applications is told so, and gets the line that admits them.
func TestRefusedApplicationsAreNamed(t *testing.T) {
	t.Parallel()
	for name, endpoints := range map[string][]stack.Endpoint{
		"an alternative": {requires("GET /orders", stack.Requires{AnyOf: []stack.Requires{byUser, byDaemon}})},
		"an endpoint":    {requires("GET /orders", byUser), requires("GET /jobs", byDaemon)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := solely(ruledSuite(t, stack.Requires{}, nil), Authorization)
			suite.Document.Endpoints = endpoints
			suite.Target = at(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				orders := r.URL.Path == "/orders"
				r.URL.Path = strings.Replace(r.URL.Path, "/jobs", "/orders", 1)
				ruled{issuer: suite.Issuer.URL, decide: func(c claims) bool { return orders && !c.app() && c.scope("Orders.Read") }}.ServeHTTP(w, r)
			})))
			found := run(t, suite).summary.Findings
			if len(found) != 1 || found[0].Cause != CauseApplicationRefused || found[0].Title != "the API refuses applications that the document accepts" {
				t.Fatalf("%+v", found)
			}
			want := Remedy{"Microsoft.Identity.Web", `[RequiredScopeOrAppPermission(AcceptedScope = new[] { "Orders.Read" }, AcceptedAppPermission = new[] { "Orders.Read.All" })]`}
			if name == "an alternative" && !slices.Contains(found[0].Remedies, want) {
				t.Errorf("%+v", found[0].Remedies)
			}
		})
	}
}

// The lines for an endpoint of applications that admits users refuse users.
func TestRemedyForAdmittedUsers(t *testing.T) {
	t.Parallel()
	suite := solely(ruledSuite(t, byDaemon, func(c claims) bool { return !c.app() || c.role("Orders.Read.All") }), Authorization)
	found := run(t, suite).summary.Findings
	if len(found) != 1 || found[0].Cause != CauseCallers {
		t.Fatalf("%+v", found)
	}
	if want := (Remedy{"Express, jose", `if (payload.idtyp !== "app") return res.sendStatus(403)  // a user; idtyp is an optional claim of the API's registration`}); !slices.Contains(found[0].Remedies, want) {
		t.Errorf("%+v", found[0].Remedies)
	}
}
