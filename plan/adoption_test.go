package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestAdoption: the first plan for an adopted application sets the mark, and the uniqueName if it
// has none, in the same step as its other changes.
func TestAdoption(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	app := Key{Application, "s.api"}
	live := func(properties obj) []*Live {
		all := registered("api", properties)
		all[0].Adopted, all[0].Stack = true, ""
		all[0].Properties["tags"] = []any{"HideApp"}
		return all
	}
	const mark = `"tags":["HideApp","provision:stack=s"]`
	for name, c := range map[string]struct {
		live    []*Live
		declare func(*stack.Application)
		want    []string
		beside  []string
	}{
		"the mark and the name": {live(nil), nil, []string{`adopt application s.api {` + mark + `,"uniqueName":"s.api"}`}, []string{}},
		"it has a name":         {live(obj{"uniqueName": "orders"}), nil, []string{`adopt application s.api {` + mark + `}`}, []string{}},
		"an empty name":         {live(obj{"uniqueName": ""}), nil, []string{`adopt application s.api {` + mark + `,"uniqueName":"s.api"}`}, []string{}},
		"with a change":         {live(obj{"notes": "a"}), func(a *stack.Application) { a.Notes = text("b") }, []string{`adopt application s.api {"notes":"b",` + mark + `,"uniqueName":"s.api"}`}, []string{"change notes of application s.api"}},
		"with a tag of its own": {live(nil), func(a *stack.Application) { a.Tags = []string{"orders"} }, []string{`adopt application s.api {"tags":["HideApp","orders","provision:stack=s"],"uniqueName":"s.api"}`}, []string{}},
		"with what others own":  {live(obj{"notes": "a"}), func(a *stack.Application) { a.Notes, a.Protection.Ignore = text("b"), []string{"notes"} }, []string{`adopt application s.api {` + mark + `,"uniqueName":"s.api"}`}, []string{}},
		"with a scope that goes, two requests": {live(obj{"api": obj{"oauth2PermissionScopes": []any{obj{"id": "1", "value": "read", "isEnabled": true}}}}), nil,
			[]string{`adopt application s.api {"api":{"oauth2PermissionScopes":[{"id":"1","isEnabled":false,"value":"read"}]}}`, `adopt application s.api {"api":{"oauth2PermissionScopes":[]},` + mark + `,"uniqueName":"s.api"}`},
			[]string{"change api.oauth2PermissionScopes[read] of application s.api"}},
		"with a new service principal": {live(nil)[:1], nil, []string{`adopt application s.api {` + mark + `,"uniqueName":"s.api"}`, `create servicePrincipal s.api {"accountEnabled":true}`}, []string{"create servicePrincipal s.api"}},
		"the mark of protection goes": {func() []*Live {
			all := registered("api", obj{"tags": []any{stack.Mark("s"), stack.PreventDeleteMark}})
			return all
		}(), nil, []string{`update application s.api {"tags":["provision:stack=s"]}`}, []string{"update application s.api"}},
		"the mark of protection comes": {registered("api", nil), func(a *stack.Application) { a.Protection.Prevent = []string{"delete"} },
			[]string{`update application s.api {"tags":["` + stack.PreventDeleteMark + `","provision:stack=s"]}`}, []string{"update application s.api"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &stack.Application{Name: "api", DisplayName: "api", Adopt: "11111111-1111-4111-8111-111111111111"}
			if c.declare != nil {
				c.declare(a)
			}
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}, has(c.live...), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.beside, p.BesideAdoption()); diff != "" {
				t.Errorf("beside the adoption (-want +got):\n%s", diff)
			}
			for _, s := range p.Steps {
				if s.Key == app && s.ID != "api-id" {
					t.Errorf("%s is about the object %q", s.Title(), s.ID)
				}
			}
		})
	}
}

// TestDeletions: the objects that a plan deletes if a stack is destroyed or declares less, and
// the effect on the recycle bin.
func TestDeletions(t *testing.T) {
	t.Parallel()
	app, sp, user, group := Key{Application, "s.api"}, Key{ServicePrincipal, "s.api"}, Key{User, "ada@x.example"}, Key{Group, "provision.s.g"}
	site := TerraformKey("s", "site")
	object := func(k Key) *Live {
		return &Live{Object: Object{Key: k, Stack: "s", Properties: obj{}}, ID: k.Name + "-id"}
	}
	joins := func(k, resource, principal Key) *Live {
		o := object(k)
		o.Ends, o.ResourceID, o.PrincipalID = Ends{resource, principal}, "resource-id", "principal-id"
		return o
	}
	theirs, eve := Key{Application, "theirs"}, Key{User, "eve@x.example"}
	stays := func(k Key) *Live {
		o := object(k)
		o.Stack = ""
		return o
	}
	eves := func(of Key) *Live { return joins(OwnerKey(of, eve), of, eve) }
	for name, c := range map[string]struct {
		live  []*Live
		keep  bool
		want  []string
		whole bool // the stack is destroyed
	}{
		"a user":                         {[]*Live{object(user)}, false, []string{"delete user ada@x.example", "purge user ada@x.example"}, false},
		"a user, kept":                   {[]*Live{object(user)}, true, []string{"delete user ada@x.example"}, false},
		"a user and the stored password": {[]*Live{object(user), object(Key{Password, user.Name})}, true, []string{"delete user ada@x.example"}, false},
		"a group":                        {[]*Live{object(group)}, false, []string{"delete group provision.s.g", "purge group provision.s.g"}, false},
		"an application":                 {[]*Live{object(app), object(sp)}, false, []string{"delete application s.api", "purge application s.api"}, false},
		"an application with all that belongs to it": {[]*Live{object(app), object(sp), joins(FederatedKey(app, "ci"), app, Key{}), joins(SecretKey(app, "key"), app, Key{}),
			joins(OwnerKey(app, user), app, user), joins(GrantKey(app, theirs), theirs, app), joins(AssignmentKey(app, "R", user), app, user), stays(theirs), stays(user)}, true,
			[]string{"delete application s.api"}, true},
		"a service principal alone":    {[]*Live{stays(app), object(sp)}, false, []string{"delete servicePrincipal s.api"}, true},
		"a membership":                 {[]*Live{stays(group), stays(user), joins(MemberKey(group, user), group, user)}, false, []string{"delete member user ada@x.example in provision.s.g"}, false},
		"a membership with its group":  {[]*Live{object(group), stays(user), joins(MemberKey(group, user), group, user)}, true, []string{"delete group provision.s.g"}, false},
		"a membership with its member": {[]*Live{stays(group), object(user), joins(MemberKey(group, user), group, user)}, true, []string{"delete user ada@x.example"}, false},
		"an assignment":                {[]*Live{stays(theirs), stays(user), joins(AssignmentKey(theirs, "R", user), theirs, user)}, false, []string{"delete assignment theirs R to user ada@x.example"}, false},
		"a grant":                      {[]*Live{stays(theirs), stays(app), joins(GrantKey(app, theirs), theirs, app)}, false, []string{"delete grant theirs to s.api"}, false},
		"an owner":                     {[]*Live{stays(group), eves(group)}, false, []string{"delete owner user eve@x.example of provision.s.g"}, false},
		"an object of no stack":        {[]*Live{stays(user), stays(group), stays(app)}, false, nil, true},
		"hosting":                      {[]*Live{object(site)}, false, []string{"delete terraform s/site"}, true},
		"all of them, in order": {[]*Live{object(user), object(group), object(app), object(sp), object(site)}, false,
			[]string{"delete terraform s/site", "delete user ada@x.example", "delete group provision.s.g", "delete application s.api", "purge user ada@x.example", "purge group provision.s.g", "purge application s.api"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stacks, o := []*stack.Stack{{Name: "s"}}, Options{KeepDeleted: c.keep}
			if c.whole {
				stacks, o.Destroy = nil, []string{"s"}
			}
			state := has(c.live...)
			state.Hosting = map[Key]*Hosting{site: {Resources: []HostingResource{{Address: "a", Action: Delete}}}}
			p, err := Diff(stacks, state, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, s := range p.Steps {
				if live := state.Objects[s.Key]; s.ID != live.ID || s.Stack != "s" || s.FollowsDelete != (s.Action == Purge) || live.Ends != (Ends{}) && s.Refs.Resource.ID != "resource-id" {
					t.Errorf("%+v is not about %+v", s, live)
				}
				if (s.Hosting != nil) != (s.Kind == Terraform) {
					t.Errorf("%s: hosting %v", s.Title(), s.Hosting)
				}
			}
			if left, err := Diff(stacks, state.After(p.Steps, ids), o); err != nil || len(left.Steps) > 0 {
				t.Errorf("afterwards there is left %v, %v", sent(t, left), err)
			}
		})
	}
}
