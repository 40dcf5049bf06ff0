package plan

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ids returns the ids that Entra chooses: the object's name and the property.
func ids(k Key, property string) string { return k.Name + "#" + property }

// TestAfter compares the state after a step with the expected state.
func TestAfter(t *testing.T) {
	t.Parallel()
	app, sp, user, group := Key{Application, "s.api"}, Key{ServicePrincipal, "s.api"}, Key{User, "ada"}, Key{Group, "g"}
	member := MemberKey(group, user)
	grant := GrantKey(app, Key{Application, "s.res"})
	secret := SecretKey(app, "key")
	live := func(k Key, properties obj) *Live {
		return &Live{Object: Object{Key: k, Stack: "s", Properties: properties}, ID: "old"}
	}
	joined := func(k, resource, principal Key) *Live {
		return &Live{Object: Object{Key: k, Stack: "s", Ends: Ends{resource, principal}}, ID: "old"}
	}
	for name, c := range map[string]struct {
		before []*Live
		step   Step
		gone   []Key
		want   *Live // an object of the state after the step
	}{
		"an object is created": {nil, Step{Action: Create, Key: user, Stack: "s", Bodies: []map[string]any{{"displayName": "Ada"}}}, nil,
			&Live{Object: Object{Key: user, Stack: "s", Properties: obj{"displayName": "Ada"}}, ID: "ada#id"}},
		"an application gets its appId": {nil, Step{Action: Create, Key: app, Stack: "s", Bodies: []map[string]any{{"identifierUris": []any{Reference(app, AppID)}}}}, nil,
			&Live{Object: Object{Key: app, Stack: "s", Properties: obj{"identifierUris": []any{"s.api#appId"}}}, ID: "s.api#id", AppID: "s.api#appId"}},
		"a service principal is known to its application": {[]*Live{live(app, nil)}, Step{Action: Create, Key: sp, Stack: "s", Bodies: []map[string]any{{}}}, nil,
			&Live{Object: Object{Key: app, Stack: "s"}, ID: "old", ServicePrincipalID: "s.api#id"}},
		"an update changes settings by member": {[]*Live{live(app, obj{"web": obj{"a": 1, "b": 2}, "notes": "n", "tags": []any{"x"}})},
			Step{Action: Update, Key: app, Stack: "s", Bodies: []map[string]any{{"web": obj{"b": 3}}, {"tags": []any{"y"}, "spa": obj{"c": 4}}}}, nil,
			&Live{Object: Object{Key: app, Stack: "s", Properties: obj{"web": obj{"a": 1, "b": 3}, "notes": "n", "tags": []any{"y"}, "spa": obj{"c": 4}}}, ID: "old", AppID: "s.api#appId"}},
		"a relation is made": {[]*Live{live(group, nil), live(user, nil)},
			Step{Action: Create, Key: member, Stack: "s", Refs: Refs{Resource: Ref{Key: group, Property: ID}, Principal: Ref{Key: user, Property: ID, ID: "known"}}}, nil,
			&Live{Object: Object{Key: member, Stack: "s", Properties: obj{}, Ends: Ends{group, user}}, ID: ids(member, ID), ResourceID: "g#id", PrincipalID: "known"}},
		"a grant has its scopes as words": {nil, Step{Action: Create, Key: grant, Stack: "s", Bodies: []map[string]any{{"scope": "a  b"}}}, nil,
			&Live{Object: Object{Key: grant, Stack: "s", Properties: obj{"scope": []any{"a", "b"}}}, ID: ids(grant, ID)}},
		"a secret is not lost any more": {[]*Live{{Object: Object{Key: secret, Stack: "s"}, ID: "old", Lost: "expired"}},
			Step{Action: Replace, Key: secret, Stack: "s", Refs: Refs{Resource: Ref{Key: app, ID: "a"}}, Secret: &SecretStep{Name: "key"}}, nil,
			&Live{Object: Object{Key: secret, Stack: "s", Properties: obj{"displayName": "key"}, Ends: Ends{Resource: app}}, ID: ids(secret, ID), ResourceID: "a"}},
		"a restored object is as it was": {[]*Live{live(user, nil)}, Step{Action: Restore, Key: app}, nil, live(user, nil)},
		"a purge touches nothing else":   {[]*Live{live(app, nil)}, Step{Action: Purge, Key: app, ID: "bin"}, nil, live(app, nil)},
		"a deleted user goes with their password and relations": {
			[]*Live{live(user, nil), live(Key{Password, "ada"}, nil), joined(member, group, user), live(group, nil)},
			Step{Action: Delete, Key: user, ID: "old"}, []Key{user, {Password, "ada"}, member}, live(group, nil)},
		"a deleted application goes with its service principal and what it holds": {
			[]*Live{live(app, nil), live(sp, nil), joined(secret, app, Key{}), joined(grant, Key{Application, "s.res"}, app), joined(OwnerKey(sp, user), sp, user), live(user, nil)},
			Step{Action: Delete, Key: app, ID: "old"}, []Key{app, sp, secret, grant, OwnerKey(sp, user)}, live(user, nil)},
		"a deleted relation goes alone": {[]*Live{joined(member, group, user), live(group, nil), live(user, nil)},
			Step{Action: Delete, Key: member, ID: "old"}, []Key{member}, live(group, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := has(c.before...)
			untouched := map[Key]Live{}
			for k, o := range before.Objects {
				untouched[k] = *o
			}
			after := before.After([]Step{c.step}, ids)
			if diff := cmp.Diff(c.want, after.Objects[c.want.Key]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.want.Key, diff)
			}
			for _, k := range c.gone {
				if after.Objects[k] != nil {
					t.Errorf("%s is still there", k)
				}
			}
			for k, o := range untouched {
				if before.Objects[k] == nil || !cmp.Equal(o, *before.Objects[k]) {
					t.Errorf("the state before was changed: %s", k)
				}
				if _, left := after.Objects[k]; left == slices.Contains(c.gone, k) {
					t.Errorf("%s is left: %t", k, left)
				}
			}
		})
	}
}

// TestPurgeRemovesFromTheRecycleBin.
func TestPurgeRemovesFromTheRecycleBin(t *testing.T) {
	t.Parallel()
	before := &State{Objects: map[Key]*Live{}, Deleted: []*Live{{ID: "1"}, {ID: "2"}}}
	after := before.After([]Step{{Action: Purge, Key: Key{User, "1"}, ID: "1"}}, ids)
	if len(after.Deleted) != 1 || after.Deleted[0].ID != "2" || len(before.Deleted) != 2 {
		t.Errorf("%d are left in the recycle bin, and %d before", len(after.Deleted), len(before.Deleted))
	}
}

// TestDeletedObjectTakesNewRelations, including a relation that Advance added after it had built
// the index of relations.
func TestDeletedObjectTakesNewRelations(t *testing.T) {
	t.Parallel()
	group, ada, bo := Key{Group, "g"}, Key{User, "ada"}, Key{User, "bo"}
	s := has(&Live{Object: Object{Key: ada}}, &Live{Object: Object{Key: bo}}, &Live{Object: Object{Key: group}})
	member := MemberKey(group, bo)
	for _, step := range []Step{
		{Action: Delete, Key: ada},
		{Action: Create, Key: member, Refs: Refs{Resource: Ref{Key: group}, Principal: Ref{Key: bo}}},
		{Action: Delete, Key: group},
	} {
		s.Advance(step, ids)
	}
	if left := slices.Collect(maps.Keys(s.Objects)); len(left) != 1 || left[0] != bo {
		t.Errorf("%v are left, want %s alone", left, bo)
	}
}

// TestShows: whether the tenant already shows the result of a step.
func TestShows(t *testing.T) {
	t.Parallel()
	app, secret, grant := Key{Application, "s.api"}, SecretKey(Key{Application, "s.api"}, "key"), GrantKey(Key{Application, "c"}, Key{Application, "r"})
	member := MemberKey(Key{Group, "g"}, Key{User, "ada"})
	live := func(k Key, id string, properties obj) *State {
		return has(&Live{Object: Object{Key: k, Properties: properties}, ID: id})
	}
	for name, c := range map[string]struct {
		state *State
		step  Step
		want  bool
	}{
		"a creation that is not visible":   {has(), Step{Action: Create, Key: app, Bodies: []map[string]any{{"notes": "x"}}}, false},
		"a creation that is visible":       {live(app, "1", obj{"notes": "x", "more": 1}), Step{Action: Create, Key: app, Bodies: []map[string]any{{"notes": "x"}}}, true},
		"a creation that is half there":    {live(app, "1", obj{"notes": "x"}), Step{Action: Create, Key: app, Bodies: []map[string]any{{"notes": "x"}, {"more": 1.0}}}, false},
		"a creation, and a later change":   {live(app, "1", obj{"notes": "y"}), Step{Action: Create, Key: app, Bodies: []map[string]any{{"notes": "x"}}}, true},
		"another object in its place":      {live(app, "2", obj{"notes": "y"}), Step{Action: Create, Key: app, Bodies: []map[string]any{{"notes": "x"}}}, true},
		"an update of another object":      {live(app, "2", obj{"notes": "y"}), Step{Action: Update, Key: app, Bodies: []map[string]any{{"notes": "x"}}}, true},
		"keys, which Graph does not show":  {live(app, "1", obj{}), Step{Action: Update, Key: app, Bodies: []map[string]any{{"keyCredentials": []any{obj{"key": "k"}}}}}, true},
		"the second of two bodies":         {live(app, "1", obj{"a": 1.0, "b": 1.0}), Step{Action: Update, Key: app, Bodies: []map[string]any{{"a": 1.0}, {"b": 2.0}}}, false},
		"a deletion of a visible object":   {live(app, "1", nil), Step{Action: Delete, Key: app, ID: "1"}, false},
		"a deletion of what is gone":       {has(), Step{Action: Delete, Key: app, ID: "1"}, true},
		"a deletion, and a new one of it":  {live(app, "2", nil), Step{Action: Delete, Key: app, ID: "1"}, true},
		"a purge":                          {has(), Step{Action: Purge, Key: app, ID: "1"}, true},
		"a password":                       {has(), Step{Action: Replace, Key: Key{Password, "ada"}}, true},
		"the new secret":                   {live(secret, ids(secret, ID), nil), Step{Action: Replace, Key: secret}, true},
		"the old secret":                   {live(secret, "old", nil), Step{Action: Replace, Key: secret}, false},
		"a relation that is visible":       {live(member, "1", nil), Step{Action: Create, Key: member, Bodies: []map[string]any{{"x": "y"}}}, true},
		"a relation that is not visible":   {has(), Step{Action: Create, Key: member}, false},
		"a grant in another order":         {live(grant, "1", obj{"scope": []any{"b", "a"}}), Step{Action: Update, Key: grant, Bodies: []map[string]any{{"scope": "a b"}}}, true},
		"a grant with a scope less":        {live(grant, "1", obj{"scope": []any{"a"}}), Step{Action: Update, Key: grant, Bodies: []map[string]any{{"scope": "a b"}}}, false},
		"a grant with a scope that is not": {live(grant, "1", obj{"scope": []any{"a", "b", "c"}}), Step{Action: Update, Key: grant, Bodies: []map[string]any{{"scope": "a b"}}}, false},
	} {
		lookup := func(k Key, property string) string {
			if k == secret {
				return ids(k, property)
			}
			return map[string]string{ID: "1"}[property]
		}
		if got := c.state.Shows(c.step, lookup); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// TestAfterGrowsWithThePlan deletes n and 16n applications; the time must grow with
// the number, and not with its square. The fastest of many attempts counts, so that
// other work on the machine does not.
func TestAfterGrowsWithThePlan(t *testing.T) {
	tenantOf := func(n int) (*State, []Step) {
		s := has()
		var steps []Step
		for i := range n {
			app, user := Key{Application, fmt.Sprint(i)}, Key{User, fmt.Sprint(i)}
			secret := SecretKey(app, "key")
			s.Objects[app], s.Objects[user] = &Live{Object: Object{Key: app}}, &Live{Object: Object{Key: user}}
			s.Objects[secret] = &Live{Object: Object{Key: secret, Ends: Ends{Resource: app}}}
			steps = append(steps, Step{Action: Delete, Key: app})
		}
		return s, steps
	}
	few, fewSteps := tenantOf(100)
	many, manySteps := tenantOf(1600)
	fastest := func(s *State, steps []Step, best time.Duration) time.Duration {
		began := time.Now()
		s.After(steps, ids)
		return min(best, time.Since(began))
	}
	bestOfFew, bestOfMany := time.Hour, time.Hour
	var ratio float64
	for range 50 {
		bestOfFew, bestOfMany = fastest(few, fewSteps, bestOfFew), fastest(many, manySteps, bestOfMany)
		if ratio = float64(bestOfMany) / float64(bestOfFew); ratio < 80 {
			return
		}
	}
	t.Errorf("16 times as many applications took %.0f times as long", ratio)
}
