package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"provision/plan"
	"provision/stack"
)

// chosen returns the id that the tenant assigns to an object: the same object always gets the same id.
func chosen(k plan.Key, property string) string {
	if property == plan.ServicePrincipalID {
		k, property = plan.Key{Kind: plan.ServicePrincipal, Name: k.Name}, plan.ID
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(k.String()+property)).String()
}

// applied returns the tenant after an apply of the stacks.
func applied(t *rapid.T, stacks []*stack.Stack, state *plan.State) *plan.State {
	t.Helper()
	p, err := plan.Diff(stacks, state, options)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	lookup := func(k plan.Key, property string) string {
		if v := state.Lookup(k, property); v != "" {
			return v
		}
		return chosen(k, property)
	}
	after := state.After(p.Steps, lookup)
	for _, o := range after.Objects {
		if o.Kind == plan.User {
			k := plan.Key{Kind: plan.Password, Name: o.Name}
			after.Objects[k] = &plan.Live{Object: plan.Object{Key: k}}
		}
	}
	return after
}

var options = plan.Options{Prune: []string{"s"}}

func some(t *rapid.T, label string, all ...string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !rapid.Bool().Draw(t, label+" "+name) })
}

// anyStack generates a stack with names from a small pool, so that two stacks share objects.
func anyStack(t *rapid.T, label string) *stack.Stack {
	s := &stack.Stack{Name: "s", Prune: "credentials"}
	users := some(t, label+": user", "ada", "bo", "cy")
	for _, name := range users {
		title := rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, label+": title of "+name)
		u := &stack.User{Name: name, UserPrincipalName: name + "@x.example"}
		if title != "" {
			u.JobTitle = &title
		}
		s.Users = append(s.Users, u)
	}
	groups := some(t, label+": group", "ops", "staff")
	for _, name := range groups {
		g := &stack.Group{Name: name}
		for _, u := range some(t, label+": member of "+name, users...) {
			g.Members = append(g.Members, stack.Member{User: u})
		}
		s.Groups = append(s.Groups, g)
	}
	apps := some(t, label+": application", "api", "back", "page", "worker")
	scopes, roles := map[string][]string{}, map[string][]string{}
	for _, name := range apps {
		scopes[name] = some(t, label+": scope of "+name, "Read", "Write")
		roles[name] = some(t, label+": role of "+name, "Admin", "Do")
	}
	for _, name := range apps {
		s.Applications = append(s.Applications, anyApplication(t, label, name, apps, users, groups, scopes, roles))
	}
	return s
}

func anyApplication(t *rapid.T, label, name string, apps, users, groups []string, scopes, roles map[string][]string) *stack.Application {
	say := func(what string) string { return label + ": " + what + " of " + name }
	a := &stack.Application{Name: name, DisplayName: name}
	if rapid.Bool().Draw(t, say("uri")) {
		a.IdentifierURIs = []string{"api://${appId}"}
	}
	a.SPA.RedirectURIs = some(t, say("redirect"), "https://a.example", "https://b.example")
	for _, v := range scopes[name] {
		a.API.OAuth2PermissionScopes = append(a.API.OAuth2PermissionScopes, stack.Scope{Value: v})
	}
	for _, v := range roles[name] {
		a.AppRoles = append(a.AppRoles, stack.AppRole{Value: v, DisplayName: v, AllowedMemberTypes: []string{"User", "Application"}})
		if assigned := some(t, say("users with "+v), users...); len(assigned) > 0 {
			a.RoleAssignments = append(a.RoleAssignments, stack.RoleAssignment{Role: v, Users: assigned})
		}
		if assigned := some(t, say("groups with "+v), groups...); len(assigned) > 0 {
			a.RoleAssignments = append(a.RoleAssignments, stack.RoleAssignment{Role: v, Groups: assigned})
		}
	}
	for _, other := range apps {
		if other == name {
			continue
		}
		if clients := some(t, say("scopes for "+other), scopes[name]...); len(clients) > 0 {
			a.API.PreAuthorizedApplications = append(a.API.PreAuthorizedApplications, stack.PreAuthorizedApplication{Application: other, Scopes: clients})
		}
		p := stack.Permission{Resource: other, Scopes: some(t, say("scopes from "+other), scopes[other]...), Roles: some(t, say("roles from "+other), roles[other]...),
			AdminConsent: rapid.Bool().Draw(t, say("consent from "+other))}
		if len(p.Scopes)+len(p.Roles) > 0 {
			a.Permissions = append(a.Permissions, p)
		}
	}
	for _, v := range some(t, say("secret"), "key", "second") {
		a.Secrets = append(a.Secrets, stack.Secret{Name: v})
	}
	for _, v := range some(t, say("federation"), "ci", "cd") {
		a.FederatedCredentials = append(a.FederatedCredentials, stack.FederatedCredential{Name: v, Issuer: "https://issuer.example", Subject: v + rapid.SampledFrom([]string{"", "-2"}).Draw(t, say("subject of "+v))})
	}
	return a
}

// TestAnApplyConverges: after the apply of any stack to an empty tenant, or to a tenant with
// another version of the stack, the next plan is empty, whatever the order of lists in the
// tenant's answers, and no object of the other version remains.
func TestAnApplyConverges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := []*stack.Stack{anyStack(t, "before")}, []*stack.Stack{anyStack(t, "after")}
		for name, path := range map[string][][]*stack.Stack{"from nothing": {after}, "from another version": {before, after}} {
			state := tenant()
			for _, stacks := range path {
				state = applied(t, stacks, state)
			}
			reversed := *state
			reversed.Objects = map[plan.Key]*plan.Live{}
			for k, o := range state.Objects {
				other := *o
				other.Properties, _ = backwards(o.Properties).(map[string]any)
				reversed.Objects[k] = &other
			}
			p, err := plan.Diff(after, &reversed, options)
			if err != nil {
				t.Fatalf("%s: plan again: %v", name, err)
			}
			if len(p.Steps) > 0 {
				var b strings.Builder
				_ = p.Text(&b, false, true)
				t.Fatalf("%s: the second plan is not empty:\n%s", name, b.String())
			}
			if fresh := applied(t, after, tenant()); !slices.Equal(names(fresh), names(state)) {
				t.Fatalf("%s: the tenant has %v, want %v", name, names(state), names(fresh))
			}
		}
		state := applied(t, nil, applied(t, before, tenant()))
		p, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"s"}})
		if err != nil {
			t.Fatal(err)
		}
		if left := state.After(p.Steps, chosen); len(left.Objects) > 0 {
			t.Fatalf("a destroy leaves %v", names(left))
		}
	})
}

// backwards reverses every list of a JSON value.
func backwards(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			m[k] = backwards(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[len(v)-1-i] = backwards(e)
		}
		return l
	}
	return v
}

func names(s *plan.State) []string {
	var all []string
	for k := range maps.Keys(s.Objects) {
		all = append(all, fmt.Sprint(k))
	}
	slices.Sort(all)
	return all
}

// TestStepsWaitForTheirDependencies: in any plan, a step that refers to an object comes after the step
// that creates the object, and depends on it.
func TestStepsWaitForTheirDependencies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, err := plan.Diff([]*stack.Stack{anyStack(t, "after")}, applied(t, []*stack.Stack{anyStack(t, "before")}, tenant()), options)
		if err != nil {
			t.Fatal(err)
		}
		edges := p.Dependencies()
		reach := make([]map[int]bool, len(p.Steps)) // the dependencies of each step, direct and indirect
		for i, e := range edges {
			reach[i] = map[int]bool{}
			for _, j := range e.Needs {
				reach[i][j] = true
				maps.Copy(reach[i], reach[j])
			}
		}
		for i, s := range p.Steps {
			for _, need := range s.Needs {
				for j, other := range p.Steps {
					if other.Key == need && other.Action == plan.Create && !reach[i][j] {
						t.Fatalf("%s %s does not wait for %s %s", s.Action, s.Key, other.Action, other.Key)
					}
				}
			}
		}
	})
}
