package plan

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheckDeletes: a plan is refused if it deletes at least five objects and more than 30 % of
// the objects of its stacks, or an object that a manifest protects.
func TestCheckDeletes(t *testing.T) {
	t.Parallel()
	owned := func(users, groups, applications, others int) *State {
		s := has()
		add := func(n int, kind Kind, owner string) {
			for i := range n {
				k := Key{kind, fmt.Sprint(owner, i)}
				s.Objects[k] = &Live{Object: Object{Key: k, Stack: owner}}
			}
		}
		add(users, User, "s")
		add(groups, Group, "s")
		add(applications, Application, "s")
		add(others, ServicePrincipal, "s") // they are deleted with their application
		add(others, Secret, "s")
		add(others, User, "another")
		add(others, User, "")
		return s
	}
	deletes := func(n int, kind Kind) (all []Step) {
		for i := range n {
			all = append(all, Step{Action: Delete, Key: Key{kind, fmt.Sprint("s", i)}, Stack: "s"})
		}
		return all
	}
	nobody := func(Step) bool { return false }
	for name, c := range map[string]struct {
		state     *State
		steps     []Step
		allowed   bool
		prevented func(Step) bool
		want      error
	}{
		"nothing":                        {owned(10, 0, 0, 0), nil, false, nobody, nil},
		"four of four":                   {owned(4, 0, 0, 0), deletes(4, User), false, nobody, nil},
		"five of five":                   {owned(5, 0, 0, 0), deletes(5, User), false, nobody, &TooManyDeletes{5, 5}},
		"five of five, allowed":          {owned(5, 0, 0, 0), deletes(5, User), true, nobody, nil},
		"exactly 30 %":                   {owned(20, 0, 0, 0), deletes(6, User), false, nobody, nil},
		"a little more":                  {owned(19, 0, 0, 0), deletes(6, User), false, nobody, &TooManyDeletes{6, 19}},
		"of three kinds":                 {owned(5, 5, 6, 0), slices.Concat(deletes(2, User), deletes(2, Group), deletes(1, Application)), false, nobody, &TooManyDeletes{5, 16}},
		"others' objects do not count":   {owned(10, 0, 0, 50), deletes(5, User), false, nobody, &TooManyDeletes{5, 10}},
		"what goes along does not count": {owned(5, 0, 0, 9), slices.Concat(deletes(4, User), deletes(9, ServicePrincipal), deletes(9, Secret)), false, nobody, nil},
		"purges and creations do not count": {owned(5, 0, 0, 0), []Step{{Action: Purge, Key: Key{User, "1"}}, {Action: Create, Key: Key{User, "2"}}, {Action: Purge, Key: Key{User, "3"}},
			{Action: Update, Key: Key{User, "4"}}, {Action: Purge, Key: Key{User, "5"}}}, false, nobody, nil},
		"a protected user":                 {owned(10, 0, 0, 0), deletes(2, User), false, func(s Step) bool { return s.Name == "s1" }, Prevented{{User, "s1"}}},
		"a protected user, allowed":        {owned(10, 0, 0, 0), deletes(2, User), true, func(s Step) bool { return s.Name == "s1" }, Prevented{{User, "s1"}}},
		"several that are protected":       {owned(2, 0, 2, 0), slices.Concat(deletes(1, User), deletes(2, Application)), false, func(Step) bool { return true }, Prevented{{User, "s0"}, {Application, "s0"}, {Application, "s1"}}},
		"what goes along is not protected": {owned(2, 0, 0, 2), deletes(2, ServicePrincipal), false, func(Step) bool { return true }, nil},
		"a change is not a deletion":       {owned(2, 0, 0, 0), []Step{{Action: Update, Key: Key{User, "s0"}}}, false, func(Step) bool { return true }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &Plan{Stacks: []string{"s"}, Steps: c.steps}
			err := p.CheckDeletes(c.state, c.allowed, c.prevented)
			if diff := cmp.Diff(c.want, err); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got, want := (&TooManyDeletes{5, 16}).Error(), "the plan deletes 5 of the 16 users, groups and applications that the stacks own"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (Prevented{{User, "a"}, {Group, "b"}}).Error(), "the plan deletes what `prevent: [delete]` protects: user a, group b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if errors.Is(&TooManyDeletes{}, Prevented{}) {
		t.Error("the two refusals are one")
	}
}

// TestOnly keeps the steps for the named documents and their dependencies.
func TestOnly(t *testing.T) {
	t.Parallel()
	api, client, sp, clientSP := Key{Application, "s.api"}, Key{Application, "s.client"}, Key{ServicePrincipal, "s.api"}, Key{ServicePrincipal, "s.client"}
	ada, ops := Key{User, "ada"}, Key{Group, "ops"}
	refs := func(resource, principal Key) Refs {
		return Refs{Resource: Ref{Key: resource}, Principal: Ref{Key: principal}}
	}
	all := []Step{
		{Action: Create, Key: ada, Stack: "s"},
		{Action: Create, Key: ops, Stack: "s"},
		{Action: Create, Key: api, Stack: "s"},
		{Action: Create, Key: client, Stack: "s"},
		{Action: Create, Key: sp, Stack: "s", Needs: []Key{api}},
		{Action: Create, Key: clientSP, Stack: "s", Needs: []Key{client}},
		{Action: Replace, Key: Key{Password, "ada"}, Stack: "s"},
		{Action: Create, Key: Key{Secret, "s.client key"}, Stack: "s", Refs: refs(client, Key{})},
		{Action: Create, Key: Key{Member, "ada in ops"}, Stack: "s", Refs: refs(ops, ada)},
		{Action: Create, Key: Key{Owner, "ada of sp"}, Stack: "s", Refs: refs(clientSP, ada)},
		{Action: Create, Key: Key{Assignment, "R to ops"}, Stack: "s", Refs: refs(api, ops)},
		{Action: Create, Key: Key{Grant, "api to client"}, Stack: "s", Refs: refs(api, client)},
	}
	for name, c := range map[string]struct {
		only []Key
		want []string
	}{
		"nothing":                {nil, nil},
		"a document not there":   {[]Key{{User, "bo"}}, nil},
		"a user, with password":  {[]Key{ada}, []string{"user ada", "password ada"}},
		"a group, with members":  {[]Key{ops}, []string{"user ada", "group ops", "password ada", "member ada in ops"}},
		"an API, with its roles": {[]Key{api}, []string{"group ops", "application s.api", "servicePrincipal s.api", "assignment R to ops"}},
		"a client, with consent": {[]Key{client}, []string{"application s.api", "application s.client", "servicePrincipal s.api", "servicePrincipal s.client",
			"secret s.client key", "owner ada of sp", "grant api to client"}},
		"two documents": {[]Key{ada, ops}, []string{"user ada", "group ops", "password ada", "member ada in ops"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &Plan{Steps: sortSteps(slices.Clone(all))}
			var order []string
			for _, s := range p.Steps {
				order = append(order, s.Key.String())
			}
			p.Only(c.only)
			var got []string
			for _, s := range p.Steps {
				got = append(got, s.Key.String())
			}
			want := slices.DeleteFunc(slices.Clone(order), func(k string) bool { return !slices.Contains(c.want, k) })
			if len(want) != len(c.want) {
				t.Fatalf("the plan has %v of %v", want, c.want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
