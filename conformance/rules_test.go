package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// ruled is an API that validates tokens correctly and decides with a function of their claims.
type ruled struct {
	issuer string
	decide func(claims) bool
	admits func(iss, tid string) bool // tokens of other tenants; nil: none
	flaw   flaw                       // of the validation
}

// claims are the claims with which ruled decides.
type claims map[string]any

func (c claims) scope(values ...string) bool {
	scp, _ := c["scp"].(string)
	return overlap(strings.Fields(scp), values)
}

func (c claims) role(values ...string) bool { return overlap(c.list("roles"), values) }

func (c claims) group(values ...string) bool { return overlap(c.list("groups"), values) }

func (c claims) list(name string) []string {
	list, _ := c[name].([]any)
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

func (c claims) app() bool { return c["idtyp"] == "app" || c["scp"] == nil && c["oid"] == c["sub"] }

// status is 200, 401 or 403.
func (a ruled) status(authorization string) (int, claims) {
	var seen claims
	v := validator{issuer: a.issuer, flaw: a.flaw, mutation: mutation{reads: func(c map[string]any) {
		seen = maps.Clone(c)
		iss, _ := c["iss"].(string)
		if tid, _ := c["tid"].(string); a.admits != nil && a.admits(iss, tid) {
			c["iss"], c["tid"] = a.issuer, tenantID
		}
		c["scp"], c["roles"] = "read_data", []string{"Admin"} // validator requires this scope and this role
	}}}
	if status := v.status(authorization); status != 200 {
		return status, nil
	}
	if !a.decide(seen) {
		return 403, seen
	}
	return 200, seen
}

func (a ruled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/orders" || r.Method != "GET" && r.Method != "HEAD" {
		answer(w, 404, map[string]any{"detail": "no"})
		return
	}
	status, _ := a.status(r.Header.Get("Authorization"))
	if status == 401 {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	answer(w, status, map[string]any{"status": status})
}

// rules are requirements with an API that enforces them and APIs that do not, each with the case
// that finds it.
var rules = []struct {
	name     string
	requires stack.Requires
	right    []func(claims) bool
	wrong    map[string]struct {
		kills  string
		decide func(claims) bool
	}
}{
	{
		name: "a scope, or a role of applications",
		requires: stack.Requires{AnyOf: []stack.Requires{
			{Scopes: []string{"Orders.Read"}},
			{AnyRole: []string{"Orders.Read.All"}, Callers: []string{"applications"}},
		}},
		right: []func(claims) bool{func(c claims) bool {
			if c.app() {
				return c.role("Orders.Read.All")
			}
			return c.scope("Orders.Read")
		}},
		wrong: wrongs{
			"users get in by the role":       {"user alternative 2", func(c claims) bool { return c.scope("Orders.Read") || c.role("Orders.Read.All") }},
			"both are asked for":             {"valid", func(c claims) bool { return c.scope("Orders.Read") && c.role("Orders.Read.All") }},
			"users alone":                    {"valid alternative 2", func(c claims) bool { return c.scope("Orders.Read") }},
			"applications alone":             {"valid", func(c claims) bool { return c.app() && c.role("Orders.Read.All") }},
			"any application":                {"app-only", func(c claims) bool { return c.app() || c.scope("Orders.Read") }},
			"any user":                       {"missing-scope Orders.Read", func(c claims) bool { return !c.app() || c.role("Orders.Read.All") }},
			"applications with any role":     {"application-wrong-role alternative 2", func(c claims) bool { return c.scope("Orders.Read") || c.app() && len(c.list("roles")) > 0 }},
			"the role's name is the scope's": {"scope-in-roles", func(c claims) bool { return c.scope("Orders.Read") || c.role("Orders.Read", "Orders.Read.All") }},
			"applications whose role begins so": {"role-longer alternative 2", func(c claims) bool {
				return c.scope("Orders.Read") || c.app() && slices.ContainsFunc(c.list("roles"), func(r string) bool { return strings.HasPrefix(r, "Orders.Read.All") })
			}},
		},
	},
	{
		name: "readers of their own orders, or managers",
		requires: stack.Requires{AnyOf: []stack.Requires{
			{Scopes: []string{"Orders.Read"}, AnyRole: []string{"Clerk"}},
			{Scopes: []string{"Orders.Manage"}, AllRoles: []string{"Clerk", "Auditor"}},
			{Scopes: []string{"Orders.Manage"}, AnyRole: []string{"Admin", "Owner"}},
		}},
		right: []func(claims) bool{func(c claims) bool {
			return c.scope("Orders.Read") && c.role("Clerk") || c.scope("Orders.Manage") && (c.role("Clerk") && c.role("Auditor") || c.role("Admin", "Owner"))
		}},
		wrong: wrongs{
			"any of the scopes and any of the roles": {"mixed user with scope Orders.Read, role Admin", func(c claims) bool {
				return c.scope("Orders.Read", "Orders.Manage") && c.role("Clerk", "Admin", "Owner", "Auditor")
			}},
			"a manager needs one of two": {"missing-role Auditor alternative 2", func(c claims) bool {
				return c.scope("Orders.Read") && c.role("Clerk") || c.scope("Orders.Manage") && c.role("Clerk", "Auditor", "Admin", "Owner")
			}},
			"managers by role alone": {"missing-scope Orders.Manage alternative 3", func(c claims) bool {
				return c.scope("Orders.Read") && c.role("Clerk") || c.role("Admin", "Owner") || c.scope("Orders.Manage") && c.role("Clerk") && c.role("Auditor")
			}},
			"managers by scope alone": {"no-role alternative 2", func(c claims) bool { return c.scope("Orders.Read") && c.role("Clerk") || c.scope("Orders.Manage") }},
			"the second is forgotten": {"valid alternative 2", func(c claims) bool {
				return c.scope("Orders.Read") && c.role("Clerk") || c.scope("Orders.Manage") && c.role("Admin", "Owner")
			}},
			"owners are forgotten": {"role Owner alternative 3", func(c claims) bool {
				return c.scope("Orders.Read") && c.role("Clerk") || c.scope("Orders.Manage") && (c.role("Clerk") && c.role("Auditor") || c.role("Admin"))
			}},
		},
	},
	{
		name:     "one of two scopes",
		requires: stack.Requires{AnyScope: []string{"Orders.Read", "Orders.Manage"}},
		right:    []func(claims) bool{func(c claims) bool { return c.scope("Orders.Read", "Orders.Manage") }},
		wrong: wrongs{
			"both are asked for": {"scope Orders.Read", func(c claims) bool { return c.scope("Orders.Read") && c.scope("Orders.Manage") }},
			"the first alone":    {"scope Orders.Manage", func(c claims) bool { return c.scope("Orders.Read") }},
			"any scope":          {"missing-any-scope", func(c claims) bool { return c["scp"] != nil }},
			"a scope that ends so": {"scope-longer-before Orders.Manage", func(c claims) bool {
				scp, _ := c["scp"].(string)
				return c.scope("Orders.Read") || strings.HasSuffix(scp, "Orders.Manage")
			}},
			"applications": {"app-only", func(c claims) bool { return c.app() || c.scope("Orders.Read", "Orders.Manage") }},
		},
	},
	{
		name:     "members of a group",
		requires: stack.Requires{Scopes: []string{"Orders.Read"}, Groups: []string{"admins"}},
		right: []func(claims) bool{
			func(c claims) bool { return c.scope("Orders.Read") && c.group("11111111-aaaa-4bbb-8ccc-000000000001") },
			func(c claims) bool { // if the groups are too many for the token, it reads them from Graph, which contains ina
				return c.scope("Orders.Read") && (c.group("11111111-aaaa-4bbb-8ccc-000000000001") || c["_claim_sources"] != nil && c["oid"] == "oid-ina")
			},
		},
		wrong: wrongs{
			"nobody looks": {"no-group", func(c claims) bool { return c.scope("Orders.Read") }},
			"any group":    {"wrong-group", func(c claims) bool { return c.scope("Orders.Read") && len(c.list("groups")) > 0 }},
			"overage is membership": {"group-overage", func(c claims) bool {
				return c.scope("Orders.Read") && (c.group("11111111-aaaa-4bbb-8ccc-000000000001") || c["_claim_names"] != nil)
			}},
			"without groups is overage": {"no-group", func(c claims) bool {
				return c.scope("Orders.Read") && (c.group("11111111-aaaa-4bbb-8ccc-000000000001") || c["groups"] == nil)
			}},
			"the name is as good": {"group-name", func(c claims) bool {
				return c.scope("Orders.Read") && c.group("11111111-aaaa-4bbb-8ccc-000000000001", "admins")
			}},
			"a role is as good": {"group-in-roles", func(c claims) bool {
				return c.scope("Orders.Read") && overlap(append(c.list("groups"), c.list("roles")...), []string{"11111111-aaaa-4bbb-8ccc-000000000001"})
			}},
			"the group without the scope": {"missing-scope Orders.Read", func(c claims) bool { return c.group("11111111-aaaa-4bbb-8ccc-000000000001") }},
			"the first group alone": {"valid-memberships", func(c claims) bool {
				all := c.list("groups")
				return c.scope("Orders.Read") && len(all) > 0 && all[0] == "11111111-aaaa-4bbb-8ccc-000000000001"
			}},
			"one group alone": {"valid-memberships", func(c claims) bool {
				return c.scope("Orders.Read") && strings.Join(c.list("groups"), ",") == "11111111-aaaa-4bbb-8ccc-000000000001"
			}},
			"an id that ends so": {"group-near", func(c claims) bool {
				return c.scope("Orders.Read") && slices.ContainsFunc(c.list("groups"), func(g string) bool { return strings.HasSuffix(g, "000000000001") })
			}},
			"few groups alone": {"valid-groups", func(c claims) bool {
				all := c.list("groups")
				return c.scope("Orders.Read") && len(all) < 150 && slices.Contains(all, "11111111-aaaa-4bbb-8ccc-000000000001")
			}},
			"the name alone": {"valid", func(c claims) bool { return c.scope("Orders.Read") && c.group("admins") }},
			"an id that begins so": {"group-longer", func(c claims) bool {
				return c.scope("Orders.Read") && strings.Contains(strings.Join(c.list("groups"), ","), "11111111-aaaa-4bbb-8ccc-000000000001")
			}},
		},
	},
	{
		name:     "two roles",
		requires: stack.Requires{Scopes: []string{"Orders.Read"}, AllRoles: []string{"Clerk", "Auditor"}},
		right: []func(claims) bool{func(c claims) bool {
			return !c.app() && c.scope("Orders.Read") && c.role("Clerk") && c.role("Auditor")
		}},
		wrong: wrongs{
			"roles are counted": {"other-roles", func(c claims) bool { return !c.app() && c.scope("Orders.Read") && len(c.list("roles")) >= 2 }},
			"roles are searched as a text": {"role-longer", func(c claims) bool {
				text := strings.Join(c.list("roles"), " ")
				return !c.app() && c.scope("Orders.Read") && strings.Contains(text, "Clerk") && strings.Contains(text, "Auditor")
			}},
		},
	},
	{
		name:     "no guests",
		requires: stack.Requires{Scopes: []string{"Orders.Read"}, Guests: "refused"},
		right: []func(claims) bool{
			func(c claims) bool { return c.scope("Orders.Read") && fmt.Sprint(c["acct"]) == "0" },
			func(c claims) bool { return c.scope("Orders.Read") && fmt.Sprint(c["acct"]) != "1" },
			func(c claims) bool { return c.scope("Orders.Read") && fmt.Sprint(c["acct"]) == "0" && c["idp"] == nil },
		},
		wrong: wrongs{
			"nobody looks":           {"guest", func(c claims) bool { return c.scope("Orders.Read") }},
			"by the provider":        {"guest-internal", func(c claims) bool { return c.scope("Orders.Read") && c["idp"] == nil }},
			"by the form of the UPN": {"guest", func(c claims) bool { return c.scope("Orders.Read") && !strings.Contains(fmt.Sprint(c["upn"]), "#EXT#") }},
			"nobody at all":          {"valid", func(claims) bool { return false }},
		},
	},
}

type wrongs = map[string]struct {
	kills  string
	decide func(claims) bool
}

// ruledSuite returns a suite with one endpoint of a ruled API.
func ruledSuite(t *testing.T, requires stack.Requires, decide func(claims) bool) *Suite {
	t.Helper()
	s := startTenant(t)
	s.users = map[string][]string{"ina": {"Clerk"}, "max": {"Admin"}, "aud": {"Auditor", "Clerk"}, "own": {"Owner", "Clerk"}, "adi": {"Auditor"}, "out": nil}
	s.more = map[string]map[string]any{
		"ina": {"acct": 0, "groups": []string{"11111111-aaaa-4bbb-8ccc-000000000001"}}, "max": {"acct": 0, "groups": []string{"22222222-aaaa-4bbb-8ccc-000000000002"}},
		"out": {"acct": 0}, "aud": {"acct": 0}, "own": {"acct": 0}, "adi": {"acct": 0},
	}
	s.scopes = map[string][]string{"web": {"Orders.Read", "Orders.Manage"}, "app": {"Orders.Other"}, apiID: {"Orders.Read"}}
	s.roles = map[string][]string{"daemon": {"Orders.Read.All"}, "idle": nil}
	suite := quickstart(s, serve(t, ruled{issuer: s.issuer(), decide: decide}))
	suite.Document.Client = "web"
	suite.Document.Endpoints = []stack.Endpoint{{Request: "GET /orders", Requires: &requires}}
	suite.Resource.Scopes = []string{"Orders.Read", "Orders.Manage", "Orders.Other"}
	suite.Resource.Roles = []string{"Clerk", "Auditor", "Admin", "Owner", "Orders.Read.All"}
	suite.Groups = []UserGroup{{"admins", "11111111-aaaa-4bbb-8ccc-000000000001"}, {"staff", "22222222-aaaa-4bbb-8ccc-000000000002"}}
	suite.Users = []User{{Name: "ina", Roles: []string{"Clerk"}, Groups: []string{"admins"}}, {Name: "max", Roles: []string{"Admin"}, Groups: []string{"staff"}},
		{Name: "aud", Roles: []string{"Auditor", "Clerk"}}, {Name: "own", Roles: []string{"Owner", "Clerk"}}, {Name: "adi", Roles: []string{"Auditor"}}, {Name: "out"}}
	suite.Applications = []Application{
		{Name: "web", AppID: "web", Scopes: []string{"Orders.Read", "Orders.Manage"}, SignsIn: true},
		{Name: "app", AppID: "app", Scopes: []string{"Orders.Other"}, SignsIn: true},
		{Name: "daemon", AppID: "daemon", Roles: []string{"Orders.Read.All"}, Credential: true}, {Name: "idle", AppID: "idle", Credential: true},
	}
	suite.Tokens = s.tokens()
	suite.Changes = TenantChanges{Why: "not here"}
	return suite
}

func TestRules(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	for _, rule := range rules {
		for i, right := range rule.right {
			t.Run(fmt.Sprintf("%s/right %d", rule.name, i), func(t *testing.T) {
				t.Parallel()
				r := run(t, without(ruledSuite(t, rule.requires, right), Headers, Routes, Signature))
				for _, result := range r.results {
					if result.Outcome == Fail || result.Outcome == Error || result.Outcome == Skip && result.Group == Authorization {
						t.Errorf("%s: %s %d: %s %s", result.ID, result.Outcome, result.Status, result.Reason, result.Cause)
					}
				}
				if len(r.summary.Unproven) > 0 {
					t.Errorf("unproven: %v", r.summary.Unproven)
				}
			})
		}
		for name, wrong := range rule.wrong {
			t.Run(rule.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				suite := without(ruledSuite(t, rule.requires, wrong.decide), Headers, Routes, Signature)
				r := run(t, suite)
				result := r.result(t, "GET /orders: "+wrong.kills)
				found := result.Outcome == Fail || result.Outcome == Blocked && result.Finding != ""
				tally.mutant(found)
				if !found {
					t.Errorf("%s: %s %d %s; failed: %s", result.ID, result.Outcome, result.Status, result.Reason, list(r.ids(Fail)))
				}
				if n := len(r.summary.Findings); n > 2 {
					t.Errorf("%d findings: %s", n, list(r.ids(Fail)))
				}
				if found && (len(r.summary.Findings) == 0 || !slices.Contains(slices.Concat(r.summary.Findings[0].Evidence, r.summary.Findings[0].Blocked), result.ID)) {
					t.Errorf("%s is not part of the first finding: %+v", result.ID, r.summary.Findings)
				}
			})
		}
	}
}

// A caller that meets one alternative in full is not used as a caller that lacks a
// part of another alternative.
func TestMixtures(t *testing.T) {
	t.Parallel()
	e, err := newEndpoint(stack.Endpoint{Request: "GET /x", Requires: &stack.Requires{AnyOf: []stack.Requires{
		{Scopes: []string{"A"}, AnyRole: []string{"R"}}, {Scopes: []string{"B"}, AnyRole: []string{"S"}}, {AnyRole: []string{"T"}, Callers: []string{"applications"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range e.mixtures() {
		if e.letsIn(c) {
			t.Errorf("%s is admitted", c)
		}
		names = append(names, c.String())
	}
	for _, want := range []string{"user with scope A, role S", "user with scope B, role R", "user with scope A, role T", "user with role T", "application with role R", "user with scope A, scope B"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %s", want, list(names))
		}
	}
}
