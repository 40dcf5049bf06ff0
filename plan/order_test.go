package plan

import (
	"slices"
	"testing"
)

// uri returns the path of an identifier URI.
func uri(text string) Path { return pathTo("identifierUris").entry(text) }

// TestDependencies: the steps that each step waits for. A step is identified by its action, kind
// and name.
func TestDependencies(t *testing.T) {
	t.Parallel()
	app, other := Key{Application, "s.api"}, Key{Application, "s.client"}
	sp, otherSP := Key{ServicePrincipal, "s.api"}, Key{ServicePrincipal, "s.client"}
	user, group := Key{User, "ada"}, Key{Group, "g"}
	step := func(action Action, k Key, more ...func(*Step)) Step {
		s := Step{Action: action, Key: k, Stack: "s"}
		for _, f := range more {
			f(&s)
		}
		return s
	}
	of := func(resource, principal Key) func(*Step) {
		return func(s *Step) { s.Refs = Refs{Resource: Ref{Key: resource}, Principal: Ref{Key: principal}} }
	}
	needs := func(keys ...Key) func(*Step) { return func(s *Step) { s.Needs = keys } }
	clients := func(keys ...Key) func(*Step) { return func(s *Step) { s.Clients = keys } }
	changes := func(all ...Change) func(*Step) { return func(s *Step) { s.Changes = all } }
	follows := func(s *Step) { s.FollowsDelete = true }
	secret, owner := Key{Secret, "s.client key"}, Key{Owner, "eve of s.client"}
	grant, assignment, member := Key{Grant, "s.api to s.client"}, Key{Assignment, "r to g"}, Key{Member, "ada in g"}
	federated := Key{Federated, "s.client ci"}
	for name, c := range map[string]struct {
		steps         []Step
		waits, before Key // the step waits depends on the step before, directly or indirectly
		not           bool
	}{
		"a service principal for its application": {[]Step{step(Create, app), step(Create, sp, needs(app))}, sp, app, false},
		"a grant for both service principals":     {[]Step{step(Create, sp), step(Create, otherSP), step(Create, grant, of(app, other), needs(sp, otherSP))}, grant, otherSP, false},
		"a role for the group that gets it":       {[]Step{step(Create, group), step(Create, assignment, of(app, group), needs(group))}, assignment, group, false},
		"a role for the new role":                 {[]Step{step(Update, app), step(Create, assignment, of(app, group))}, assignment, app, false},
		"a role for nothing else":                 {[]Step{step(Create, user), step(Create, assignment, of(app, group))}, assignment, user, true},
		"consent for a foreign secret":            {[]Step{step(Delete, secret, of(other, Key{})), step(Create, grant, of(app, other))}, grant, secret, false},
		"consent for a foreign owner":             {[]Step{step(Delete, owner, of(other, user)), step(Create, grant, of(app, other))}, grant, owner, false},
		"consent for a foreign federation":        {[]Step{step(Update, federated, of(other, Key{})), step(Create, grant, of(app, other))}, grant, federated, false},
		"consent for the service principal's":     {[]Step{step(Delete, secret, of(otherSP, Key{})), step(Create, grant, of(app, other))}, grant, secret, false},
		"membership for a new password":           {[]Step{step(Replace, Key{Password, "ada"}), step(Create, member, of(group, user))}, member, Key{Password, "ada"}, false},
		"a pre-authorization for a foreign secret": {
			[]Step{step(Replace, secret, of(other, Key{})), step(Link, app, clients(other))}, app, secret, false},
		"a deletion for the rest of its stack": {[]Step{step(Create, user), step(Delete, app)}, app, user, false},
		"a deletion for no other stack": {
			[]Step{{Action: Create, Key: user, Stack: "other"}, step(Delete, app)}, app, user, true},
		"a purge for its deletion": {[]Step{step(Delete, app), step(Purge, app, follows)}, app, app, false},
		"a URI for the application that has it": {[]Step{
			step(Update, app, changes(Change{uri("api://x"), nil, true})),
			step(Update, other, changes(Change{uri("api://x"), true, nil}))}, app, other, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &Plan{Steps: sortSteps(c.steps)}
			waits := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Key == c.waits && (c.waits != c.before || s.Action == Purge) })
			before := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Key == c.before })
			if got := slices.Contains(p.Dependencies()[waits].Needs, before); got == c.not {
				t.Errorf("%s needs %s: %t, want %t", c.waits, c.before, got, !c.not)
			}
		})
	}
}

// TestStepsOnOneObjectFollowOneAnother.
func TestStepsOnOneObjectFollowOneAnother(t *testing.T) {
	t.Parallel()
	group, app := Key{Group, "g"}, Key{Application, "a"}
	in := func(k Key) Refs { return Refs{Resource: Ref{Key: k}} }
	p := &Plan{Steps: sortSteps([]Step{
		{Action: Create, Key: Key{Member, "1"}, Refs: in(group)},
		{Action: Create, Key: Key{Member, "2"}, Refs: in(group)},
		{Action: Delete, Key: Key{Member, "3"}, Refs: in(group)},
		{Action: Update, Key: group},
		{Action: Update, Key: app},
		{Action: Create, Key: Key{Secret, "a key"}, Refs: in(app)},
		{Action: Delete, Key: Key{Federated, "a ci"}, Refs: in(app)},
		{Action: Create, Key: Key{Owner, "x of a"}, Refs: in(app)},
	})}
	edges := p.Dependencies()
	last := map[Key]int{}
	for i, s := range p.Steps {
		if j, written := last[s.object()]; written && !slices.Contains(edges[i].After, j) && !slices.Contains(edges[i].Needs, j) {
			t.Errorf("%s %s does not wait for %s %s", s.Action, s.Key, p.Steps[j].Action, p.Steps[j].Key)
		}
		last[s.object()] = i
	}
}

// TestACycleIsBroken: two applications that refer to each other's URIs cannot wait for each
// other.
func TestACycleIsBroken(t *testing.T) {
	t.Parallel()
	exchange := func(name, has, gets string) Step {
		return Step{Action: Update, Key: Key{Application, name}, Changes: []Change{
			{uri(has), true, nil}, {uri(gets), nil, true}}}
	}
	p := &Plan{Steps: sortSteps([]Step{exchange("a", "api://x", "api://y"), exchange("b", "api://y", "api://x")})}
	for i, e := range p.Dependencies() {
		for _, j := range slices.Concat(e.Needs, e.After) {
			if j >= i {
				t.Errorf("step %d waits for step %d", i, j)
			}
		}
	}
}

// TestCost counts writes in waves, and the time that a quota adds.
func TestCost(t *testing.T) {
	t.Parallel()
	p := &Plan{}
	for range 45 {
		p.Steps = append(p.Steps, Step{Action: Create, Key: Key{User, string(rune('a' + len(p.Steps)))}})
	}
	app := Key{Application, "a"}
	p.Steps = append(p.Steps, Step{Action: Create, Key: app}, Step{Action: Create, Key: Key{ServicePrincipal, "a"}, Needs: []Key{app}})
	if c := p.Cost(); c != (Cost{Writes: 47, Requests: 4}) {
		t.Errorf("%+v, want 47 writes in three batches and one", c)
	}
	many := &Plan{Steps: make([]Step, 6_000)}
	for i := range many.Steps {
		many.Steps[i] = Step{Action: Create, Key: Key{User, string(rune(i))}}
	}
	if c := many.Cost(); c.Requests != 300 || c.AtLeast.Seconds() != 150 {
		t.Errorf("%+v, want 300 requests in 150 s", c)
	}
}
