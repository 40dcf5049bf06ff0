package plan

import (
	"slices"
	"testing"

	"provision/stack"
)

// TestPhases: the order of independent steps: names are freed, credentials of others are revoked,
// objects are created and changed, links are set, credentials and relations are created, and
// deletions are last.
func TestPhases(t *testing.T) {
	t.Parallel()
	step := func(action Action, kind Kind, follows bool) Step {
		return Step{Action: action, Key: Key{kind, "x"}, FollowsDelete: follows}
	}
	ordered := [][]Step{
		{step(Purge, Application, false), step(Purge, User, false)},
		{step(Delete, Member, false), step(Delete, Assignment, false), step(Delete, Grant, false)},
		{step(Replace, Secret, false), step(Delete, Secret, false), step(Update, Federated, false), step(Delete, Federated, false), step(Replace, Password, false)},
		{step(Create, User, false), step(Update, User, false), step(Create, Group, false), step(Create, Application, false), step(Restore, Application, false)},
		{step(Update, Application, false), step(Create, ServicePrincipal, false), step(Update, ServicePrincipal, false)},
		{step(Create, Owner, false)},
		{step(Delete, Owner, false)},
		{step(Link, Application, false)},
		{step(Create, Secret, false), step(Create, Federated, false)},
		{step(Create, Member, false), step(Create, Assignment, false), step(Create, Grant, false), step(Update, Grant, false)},
		{step(Delete, User, false), step(Delete, Group, false), step(Delete, Application, false), step(Delete, ServicePrincipal, false)},
		{step(Purge, User, true), step(Purge, Group, true), step(Purge, Application, true)},
	}
	for i, steps := range ordered {
		for _, s := range steps {
			for j, others := range ordered {
				for _, o := range others {
					if got := int(s.phase() - o.phase()); got < 0 != (i < j) || got > 0 != (i > j) {
						t.Errorf("%s %s and %s %s are in phases %d and %d", s.Action, s.Kind, o.Action, o.Kind, s.phase(), o.phase())
					}
				}
			}
		}
	}
}

// TestStepWriteTargets: two steps that write to one object follow one another.
func TestStepWriteTargets(t *testing.T) {
	t.Parallel()
	app, group, user := Key{Application, "s.a"}, Key{Group, "g"}, Key{User, "u"}
	of := func(kind Kind, resource Key) Step {
		return Step{Action: Create, Key: Key{kind, "x"}, Refs: Refs{Resource: Ref{Key: resource}}}
	}
	for _, c := range []struct {
		step Step
		want Key
	}{
		{Step{Action: Update, Key: app}, app},
		{Step{Action: Replace, Key: Key{Password, "u"}}, user},
		{of(Secret, app), app}, {of(Federated, app), app}, {of(Owner, group), group}, {of(Member, group), group},
		{of(Assignment, app), Key{Assignment, "x"}}, {of(Grant, app), Key{Grant, "x"}},
	} {
		if got := c.step.object(); got != c.want {
			t.Errorf("%s %s writes to %s, want %s", c.step.Action, c.step.Key, got, c.want)
		}
	}
}

// TestEntitlements: a resource's declared scopes and roles, with the ids that the tenant has for
// their values.
func TestEntitlements(t *testing.T) {
	t.Parallel()
	k := Key{Application, "s.api"}
	declared := &stack.Application{Name: "api", DisplayName: "A",
		API:      stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}, {Value: "write", ID: "AAAAAAAA-1111-4111-8111-111111111111"}, {Value: "new"}}},
		AppRoles: []stack.AppRole{{Value: "R"}, {Value: "S"}}}
	live := &Live{Object: Object{Key: k, Stack: "s", Properties: obj{
		"api":      obj{"oauth2PermissionScopes": []any{obj{"id": "1", "value": "read"}, obj{"id": "2", "value": "write"}, obj{"id": "3", "value": "old"}}},
		"appRoles": []any{obj{"id": "4", "value": "R"}, obj{"id": "5", "value": ""}}}}}
	for name, c := range map[string]struct {
		apps          []*stack.Application
		live          []*Live
		known         bool
		scopes, roles map[string]string
	}{
		"declared and live": {[]*stack.Application{declared}, []*Live{live}, true,
			map[string]string{"read": "1", "write": "aaaaaaaa-1111-4111-8111-111111111111", "new": stack.ScopeID("s.api", "new")}, map[string]string{"R": "4", "S": stack.RoleID("s.api", "S")}},
		"declared only": {[]*stack.Application{declared}, nil, true,
			map[string]string{"read": stack.ScopeID("s.api", "read"), "write": "aaaaaaaa-1111-4111-8111-111111111111", "new": stack.ScopeID("s.api", "new")},
			map[string]string{"R": stack.RoleID("s.api", "R"), "S": stack.RoleID("s.api", "S")}},
		"live only":    {nil, []*Live{live}, true, map[string]string{"read": "1", "write": "2", "old": "3"}, map[string]string{"R": "4"}},
		"nobody knows": {nil, nil, false, map[string]string{}, map[string]string{}},
	} {
		d, err := declare([]*stack.Stack{{Name: "s", Applications: c.apps}}, has(c.live...))
		if err != nil {
			t.Fatal(err)
		}
		got := d.entitlements(k)
		if got.known != c.known || !sameMap(got.scopes, c.scopes) || !sameMap(got.roles, c.roles) {
			t.Errorf("%s: %+v, want %t %v %v", name, got, c.known, c.scopes, c.roles)
		}
	}
}

func sameMap(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// TestSameWords: a text with commas, in any order and with any spaces.
func TestSameWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"a,b": true, "b, a": true, " b ,a ": true, "a": false, "a,b,c": false, "a,a": false, "": false} {
		if got := sameWords(text, []string{"b", "a"}); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
	if !slices.Equal(union([]any{"b"}, []any{"a", "b", "c"}), []any{"a", "b", "c"}) {
		t.Error("a union is not sorted, or has an entry twice")
	}
}

// TestCostOfSteps: the number of writes of each step, and the number of requests for them.
func TestCostOfSteps(t *testing.T) {
	t.Parallel()
	bodies := func(n int) []map[string]any { return make([]map[string]any, n) }
	app := Key{Application, "a"}
	for name, c := range map[string]struct {
		steps []Step
		want  Cost
		text  string
	}{
		"nothing":            {nil, Cost{}, "apply sends about 0 writes in 0 requests"},
		"one":                {[]Step{{Action: Create, Key: app}}, Cost{Writes: 1, Requests: 1}, "apply sends about 1 write in 1 request"},
		"an update of three": {[]Step{{Action: Update, Key: app, Bodies: bodies(3)}}, Cost{Writes: 3, Requests: 3}, "apply sends about 3 writes in 3 requests"},
		"a link of none":     {[]Step{{Action: Link, Key: app}}, Cost{Writes: 1, Requests: 1}, "apply sends about 1 write in 1 request"},
		"a replaced secret":  {[]Step{{Action: Replace, Key: Key{Secret, "x"}}}, Cost{Writes: 2, Requests: 2}, "apply sends about 2 writes in 2 requests"},
		"a row":              {[]Step{{Action: Create, Key: app}, {Action: Create, Key: Key{ServicePrincipal, "a"}, Needs: []Key{app}}}, Cost{Writes: 2, Requests: 2}, "apply sends about 2 writes in 2 requests"},
	} {
		p := &Plan{Steps: c.steps}
		if got := p.Cost(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if got := p.Cost().String(); got != c.text {
			t.Errorf("%s: %q, want %q", name, got, c.text)
		}
	}
	many := Cost{Writes: 6000, Requests: 300, AtLeast: 150_400_000_000}
	if got, want := many.String(), "apply sends about 6000 writes in 300 requests, which takes at least 2m30s by the write quota of Microsoft Graph"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
