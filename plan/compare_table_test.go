package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

type obj = map[string]any

// said returns changes as text: + for an added value, - for a removed one, and "path:
// from → to" for a changed one.
func said(changes []Change) []string {
	var all []string
	for _, c := range changes {
		switch {
		case c.Path.isEntry() && c.To == nil:
			all = append(all, "-"+c.Path.String())
		case c.Path.isEntry():
			all = append(all, "+"+c.Path.String())
		default:
			all = append(all, fmt.Sprintf("%s: %v → %v", c.Path, c.From, c.To))
		}
	}
	return all
}

// TestCompare: the differences between live and declared properties.
func TestCompare(t *testing.T) {
	t.Parallel()
	role := func(value, name string, types ...any) obj {
		return obj{"id": "id-" + value, "value": value, "displayName": name, "isEnabled": true, "allowedMemberTypes": types}
	}
	uri := Reference(Key{Application, "s.api"}, AppID)
	for name, c := range map[string]struct {
		live, declared  obj
		want            []string
		inLive, inNamed []string // entries that occur more than once, in the tenant and in the manifest
	}{
		"nothing declared":          {obj{"notes": "x", "web": obj{"redirectUris": []any{"https://a.example"}}}, nil, nil, nil, nil},
		"the same":                  {obj{"displayName": "A"}, obj{"displayName": "A"}, nil, nil, nil},
		"another text":              {obj{"displayName": "A"}, obj{"displayName": "B"}, []string{"displayName: A → B"}, nil, nil},
		"text of an object of none": {nil, obj{"displayName": "B"}, []string{"displayName: <nil> → B"}, nil, nil},
		"text that goes":            {obj{"notes": "x"}, obj{"notes": ""}, []string{"notes: x → "}, nil, nil},
		"null that goes":            {obj{"notes": "x"}, obj{"notes": nil}, []string{"notes: x → <nil>"}, nil, nil},
		"null for empty text":       {obj{"notes": ""}, obj{"notes": nil}, nil, nil, nil},
		"empty text for null":       {obj{"notes": nil}, obj{"notes": ""}, nil, nil, nil},
		"false for what is absent":  {obj{}, obj{"isFallbackPublicClient": false}, nil, nil, nil},
		"true for what is absent":   {obj{}, obj{"isFallbackPublicClient": true}, []string{"isFallbackPublicClient: <nil> → true"}, nil, nil},
		"false for true":            {obj{"isFallbackPublicClient": true}, obj{"isFallbackPublicClient": false}, []string{"isFallbackPublicClient: true → false"}, nil, nil},
		"a number":                  {obj{"api": obj{"requestedAccessTokenVersion": 1.0}}, obj{"api": obj{"requestedAccessTokenVersion": 2.0}}, []string{"api.requestedAccessTokenVersion: 1 → 2"}, nil, nil},
		"zero is not nothing":       {obj{}, obj{"n": 0.0}, []string{"n: <nil> → 0"}, nil, nil},
		"a value not known yet":     {obj{"identifierUris": []any{}}, obj{"x": uri}, []string{"x: <nil> → <appId of s.api>"}, nil, nil},
		"text that looks like a value not known yet": {
			obj{"x": "<appId of s.api>"}, obj{"x": uri}, []string{"x: <appId of s.api> → <appId of s.api>"}, nil, nil},
		"a member of settings":          {obj{"web": obj{"logoutUrl": "a", "homePageUrl": "h"}}, obj{"web": obj{"logoutUrl": "b"}}, []string{"web.logoutUrl: a → b"}, nil, nil},
		"settings of null":              {obj{"web": nil}, obj{"web": obj{"logoutUrl": "b"}}, []string{"web.logoutUrl: <nil> → b"}, nil, nil},
		"settings where there was text": {obj{"web": "x"}, obj{"web": obj{"logoutUrl": "b"}}, []string{"web.logoutUrl: <nil> → b"}, nil, nil},
		"empty settings":                {obj{"web": obj{"logoutUrl": "a"}}, obj{"web": obj{}}, nil, nil, nil},
		"text in the place of a list":   {obj{"x": []any{"a"}}, obj{"x": "a"}, []string{"x: [a] → a"}, nil, nil},
		"null for an empty list":        {obj{"x": []any{}}, obj{"x": nil}, nil, nil, nil},

		"a list in another order":  {obj{"identifierUris": []any{"a", "b"}}, obj{"identifierUris": []any{"b", "a"}}, nil, nil, nil},
		"an entry that comes":      {obj{"identifierUris": []any{"a"}}, obj{"identifierUris": []any{"a", "b"}}, []string{"+identifierUris[b]"}, nil, nil},
		"an entry that goes":       {obj{"identifierUris": []any{"a", "b"}}, obj{"identifierUris": []any{"b"}}, []string{"-identifierUris[a]"}, nil, nil},
		"all entries go":           {obj{"identifierUris": []any{"a", "b"}}, obj{"identifierUris": []any{}}, []string{"-identifierUris[a]", "-identifierUris[b]"}, nil, nil},
		"a list of null":           {obj{"identifierUris": nil}, obj{"identifierUris": []any{"a"}}, []string{"+identifierUris[a]"}, nil, nil},
		"an empty list of null":    {obj{"identifierUris": nil}, obj{"identifierUris": []any{}}, nil, nil, nil},
		"a shared list keeps more": {obj{"tags": []any{"a", "HideApp"}}, obj{"tags": []any{"b"}}, []string{"+tags[b]"}, nil, nil},
		"entries by case":          {obj{"identifierUris": []any{"api://A"}}, obj{"identifierUris": []any{"api://a"}}, []string{"-identifierUris[api://A]", "+identifierUris[api://a]"}, nil, nil},

		"a role of another name":  {obj{"appRoles": []any{role("R", "a")}}, obj{"appRoles": []any{role("R", "b")}}, []string{"appRoles[R].displayName: a → b"}, nil, nil},
		"a role that comes whole": {obj{"appRoles": []any{}}, obj{"appRoles": []any{role("R", "a", "User")}}, []string{"+appRoles[R]"}, nil, nil},
		"a role that goes whole":  {obj{"appRoles": []any{role("R", "a", "User")}}, obj{"appRoles": []any{}}, []string{"-appRoles[R]"}, nil, nil},
		"a list in a role": {obj{"appRoles": []any{role("R", "a", "User", "Application")}}, obj{"appRoles": []any{role("R", "a", "User")}},
			[]string{"-appRoles[R].allowedMemberTypes[Application]"}, nil, nil},
		"a role of another value is another role": {obj{"appRoles": []any{role("R", "a")}}, obj{"appRoles": []any{role("S", "a")}}, []string{"-appRoles[R]", "+appRoles[S]"}, nil, nil},
		"a role without a value, by its id":       {obj{"appRoles": []any{obj{"id": "i", "value": nil}}}, obj{"appRoles": []any{role("R", "a")}}, []string{"+appRoles[R]", "-appRoles[i]"}, nil, nil},
		"entries of mixed lists": {obj{"appRoles": []any{role("A", "a"), role("B", "b")}}, obj{"appRoles": []any{role("B", "c"), role("C", "c")}},
			[]string{"-appRoles[A]", "appRoles[B].displayName: b → c", "+appRoles[C]"}, nil, nil},
		"a permission of another type": {
			obj{"requiredResourceAccess": []any{obj{"resourceAppId": "g", "resourceAccess": []any{obj{"id": "i", "type": "Role"}}}}},
			obj{"requiredResourceAccess": []any{obj{"resourceAppId": "g", "resourceAccess": []any{obj{"id": "i", "type": "Scope"}}}}},
			[]string{"-requiredResourceAccess[g].resourceAccess[Role/i]", "+requiredResourceAccess[g].resourceAccess[Scope/i]"}, nil, nil},
		"a client's scopes": {
			obj{"api": obj{"preAuthorizedApplications": []any{obj{"appId": "c", "delegatedPermissionIds": []any{"1", "2"}}}}},
			obj{"api": obj{"preAuthorizedApplications": []any{obj{"appId": "c", "delegatedPermissionIds": []any{"2", "3"}}}}},
			[]string{"-api.preAuthorizedApplications[c].delegatedPermissionIds[1]", "+api.preAuthorizedApplications[c].delegatedPermissionIds[3]"}, nil, nil},
		"an optional claim of another source": {
			obj{"optionalClaims": obj{"idToken": []any{obj{"name": "n", "source": nil}}}},
			obj{"optionalClaims": obj{"idToken": []any{obj{"name": "n", "source": "user"}}}},
			[]string{"-optionalClaims.idToken[n]", "+optionalClaims.idToken[user/n]"}, nil, nil},
		"an entry that is text where objects are wanted": {
			obj{"appRoles": []any{"R"}}, obj{"appRoles": []any{role("R", "a")}},
			[]string{"appRoles[R].displayName: <nil> → a", "appRoles[R].id: <nil> → id-R", "appRoles[R].isEnabled: <nil> → true", "appRoles[R].value: <nil> → R"}, nil, nil},

		"text twice in the tenant":         {obj{"identifierUris": []any{"a", "a"}}, obj{"identifierUris": []any{"a"}}, nil, []string{"identifierUris[a]"}, nil},
		"text twice in the manifest":       {nil, obj{"identifierUris": []any{"a", "a"}}, []string{"+identifierUris[a]"}, nil, []string{"identifierUris[a]"}},
		"text twice in a shared list":      {obj{"tags": []any{"a", "a"}}, obj{"tags": []any{"b"}}, []string{"+tags[b]"}, []string{"tags[a]"}, nil},
		"twice in a list not declared":     {obj{"identifierUris": []any{"a", "a"}}, obj{"displayName": ""}, nil, nil, nil},
		"thrice":                           {obj{"identifierUris": []any{"a", "a", "a"}}, obj{"identifierUris": []any{"a"}}, nil, []string{"identifierUris[a]", "identifierUris[a]"}, nil},
		"roles of one value":               {obj{"appRoles": []any{role("R", "a"), role("R", "b")}}, obj{"appRoles": []any{role("R", "a")}}, []string{"appRoles[R].displayName: b → a"}, []string{"appRoles[R]"}, nil},
		"roles of one value, declared":     {nil, obj{"appRoles": []any{role("R", "a"), role("R", "b")}}, []string{"+appRoles[R]"}, nil, []string{"appRoles[R]"}},
		"twice within an entry":            {obj{"appRoles": []any{role("R", "a", "User", "User")}}, obj{"appRoles": []any{role("R", "a", "User")}}, nil, []string{"appRoles[R].allowedMemberTypes[User]"}, nil},
		"twice in a list nobody knows":     {obj{"x": []any{obj{"a": 1.0}, obj{"a": 1.0}}}, obj{"x": []any{obj{"a": 1.0}}}, nil, []string{"x[map[a:1]]"}, nil},
		"not twice in a list nobody knows": {obj{"x": []any{obj{"a": 1.0}, obj{"a": 2.0}}}, obj{"x": []any{obj{"a": 2.0}, obj{"a": 1.0}}}, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes, duplicates := compare(c.live, c.declared)
			if diff := cmp.Diff(c.want, said(changes)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			var inLive, inNamed []string
			for _, d := range duplicates {
				if d.Declared {
					inNamed = append(inNamed, d.Path.String())
				} else {
					inLive = append(inLive, d.Path.String())
				}
			}
			if !slices.Equal(inLive, c.inLive) || !slices.Equal(inNamed, c.inNamed) {
				t.Errorf("twice in the tenant %v and in the manifest %v, want %v and %v", inLive, inNamed, c.inLive, c.inNamed)
			}
			if same := Same(c.live, c.declared); same != (len(c.want)+len(c.inLive)+len(c.inNamed) == 0) {
				t.Errorf("the same: %t", same)
			}
		})
	}
}

// TestEveryListHasItsKey: listKeys contains exactly the lists that a manifest can declare.
func TestEveryListHasItsKey(t *testing.T) {
	t.Parallel()
	a := filled[stack.Application]()
	a.Existing, a.Name = false, "api"
	a.API.PreAuthorizedApplications[0].Application, a.API.KnownClientApplications[0] = "api", "api"
	a.Permissions[0].Resource = "api"
	a.FederatedCredentials[0].GitHub, a.FederatedCredentials[0].ManagedIdentity = nil, ""
	a.RoleAssignments, a.Owners = nil, nil
	g := filled[stack.Group]()
	g.Existing, g.Members, g.Owners = false, nil, nil
	u := filled[stack.User]()
	u.Existing = false
	d, err := declare([]*stack.Stack{{Name: "s", Applications: []*stack.Application{&a}, Groups: []*stack.Group{&g}, Users: []*stack.User{&u}}},
		&State{Objects: map[Key]*Live{}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var walk func(path Path, v any)
	walk = func(path Path, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, m := range v {
				walk(path.member(name), m)
			}
		case []any:
			seen[path.shape()] = true
			for _, e := range v {
				walk(path.entry("x"), e)
			}
		}
	}
	for _, o := range d.objects {
		walk(nil, o.Properties)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(listKeys)), slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("lists (-have a key +can be declared):\n%s", diff)
	}
}

// filled returns a value with all fields set and one entry in every list.
func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem())
	return v
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	}
}
