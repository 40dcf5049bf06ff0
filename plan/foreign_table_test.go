package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestForeign: undeclared owners and credentials of an application, how a plan handles them, and
// the permissions that it refuses to grant because of them.
func TestForeign(t *testing.T) {
	t.Parallel()
	app, sp := Key{Application, "s.api"}, Key{ServicePrincipal, "s.api"}
	eve, ci := Key{User, "eve@x.example"}, Key{Application, "ci-appid"}
	owner := func(of, who Key, id string) *Live {
		return &Live{Object: Object{Key: OwnerKey(of, who), Ends: Ends{of, who}, Properties: obj{"displayName": "Somebody"}}, ID: id}
	}
	secret := func(stackName, lost string) *Live {
		k := Key{Secret, "s.api other 1"}
		return &Live{Object: Object{Key: k, Stack: stackName, Ends: Ends{Resource: app}, Properties: obj{"displayName": "other"}}, ID: "1", Lost: lost}
	}
	federated := &Live{Object: Object{Key: FederatedKey(app, "theirs"), Stack: "s", Ends: Ends{Resource: app}, Properties: obj{"name": "theirs"}}, ID: "2"}
	certificate := func(use string) obj {
		return obj{"keyCredentials": []any{obj{"keyId": "k", "type": "AsymmetricX509Cert", "usage": use, "displayName": "theirs", "customKeyIdentifier": "AB"}}}
	}
	grant := &Live{Object: Object{Key: GrantKey(app, Key{Application, "s.res"}), Stack: "s", Ends: Ends{Key{Application, "s.res"}, app}, Properties: obj{"scope": []any{"read"}}}, ID: "g"}
	for name, c := range map[string]struct {
		live       []*Live
		properties obj // of the application
		principal  obj // of its service principal
		declare    func(*stack.Stack, *stack.Application)
		gives      bool // the plan gives the application consent
		options    Options
		foreign    []string // kind, name and whether it is removed
		note       string   // a part of an error
		refused    bool
	}{
		"nothing": {nil, nil, nil, nil, true, Options{}, nil, "", false},
		"an owner, where nothing is given": {[]*Live{owner(app, eve, "e")}, nil, nil, nil, false, Options{},
			[]string{"owner user eve@x.example (e)"}, "s.api has an owner that no manifest names: user eve@x.example (e)", false},
		"an owner, where consent is given":           {[]*Live{owner(app, eve, "e")}, nil, nil, nil, true, Options{}, []string{"owner user eve@x.example (e)"}, "an owner", true},
		"an owner, which is allowed":                 {[]*Live{owner(app, eve, "e")}, nil, nil, nil, true, Options{AllowForeignOwners: true}, []string{"owner user eve@x.example (e)"}, "an owner", false},
		"an owner of the service principal":          {[]*Live{owner(sp, eve, "e")}, nil, nil, nil, true, Options{}, []string{"owner user eve@x.example (e)"}, "service principal of s.api has an owner", true},
		"an owner known by an id":                    {[]*Live{owner(app, Key{User, "11111111-1111-4111-8111-111111111111"}, "e")}, nil, nil, nil, false, Options{}, []string{`owner user "Somebody" (e)`}, `"Somebody"`, false},
		"the caller":                                 {[]*Live{owner(app, ci, "me")}, nil, nil, nil, true, Options{}, nil, "", false},
		"the application itself":                     {[]*Live{owner(app, app, "x")}, nil, nil, nil, true, Options{}, nil, "", false},
		"an owner that the manifest names":           {[]*Live{owner(app, eve, "e"), {Object: Object{Key: eve}, ID: "e"}}, nil, nil, func(_ *stack.Stack, a *stack.Application) { a.Owners = []string{"eve@x.example"} }, true, Options{}, nil, "", false},
		"a deployer of the stack":                    {[]*Live{owner(app, eve, "e"), {Object: Object{Key: eve}, ID: "e"}}, nil, nil, func(s *stack.Stack, _ *stack.Application) { s.Deployers = []string{"eve@x.example"} }, true, Options{}, nil, "", false},
		"a secret, where nothing was given before":   {[]*Live{secret("s", "")}, nil, nil, nil, true, Options{}, []string{"secret other"}, "set `prune: credentials`", true},
		"a secret, where something was given before": {[]*Live{secret("s", ""), grant}, nil, nil, nil, true, Options{}, []string{"secret other"}, "s.api has a secret \"other\"", false},
		"a secret, where nothing is given":           {[]*Live{secret("s", "")}, nil, nil, nil, false, Options{}, []string{"secret other"}, "a secret", false},
		"a secret that is pruned":                    {[]*Live{secret("s", "")}, nil, nil, nil, true, Options{Prune: []string{"s"}}, []string{"secret other removed"}, "", false},
		"a secret whose value is lost":               {[]*Live{secret("s", "expired")}, nil, nil, nil, true, Options{}, nil, "", false},
		"a federated credential, which goes":         {[]*Live{federated}, nil, nil, nil, true, Options{}, []string{"federatedCredential theirs removed"}, "", false},
		"a certificate":                              {nil, certificate("Verify"), nil, nil, true, Options{}, []string{"certificate theirs"}, "a certificate \"theirs\"", true},
		"a certificate that is pruned":               {nil, certificate("Verify"), nil, nil, true, Options{Prune: []string{"s"}}, []string{"certificate theirs removed"}, "", false},
		"a certificate that signs nobody in":         {nil, certificate("Sign"), nil, nil, true, Options{}, nil, "", false},
		"a certificate of the service principal":     {nil, nil, certificate("Verify"), nil, true, Options{}, []string{"certificate theirs"}, "service principal of s.api has a certificate", true},
		"a certificate of it that is pruned":         {nil, nil, certificate("Verify"), nil, true, Options{Prune: []string{"s"}}, []string{"certificate theirs removed"}, "", false},
		"the signing certificate of a SAML application": {nil, nil, certificate("Verify"), func(_ *stack.Stack, a *stack.Application) {
			saml := "saml"
			a.ServicePrincipal.PreferredSSOMode = &saml
		}, true, Options{}, nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := &stack.Application{Name: "api", DisplayName: "api"}
			res := &stack.Application{Name: "res", DisplayName: "res", API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}, {Value: "write"}}}}
			s := &stack.Stack{Name: "s", Applications: []*stack.Application{api, res}}
			if c.declare != nil {
				c.declare(s, api)
			}
			scopes := []string{"read"}
			if c.gives {
				scopes = []string{"read", "write"}
			}
			if c.gives || len(c.live) > 0 && c.live[len(c.live)-1] == grant {
				api.Permissions = []stack.Permission{{Resource: "res", Scopes: scopes, AdminConsent: true}}
			}
			live := append(registered("api", c.properties), c.live...)
			for k, v := range c.principal {
				live[1].Properties[k] = v
			}
			state := has(append(live, registered("res", nil)...)...)
			state.Caller = "me"
			p, err := Diff([]*stack.Stack{s}, state, c.options)
			if err != nil {
				t.Fatal(err)
			}
			var foreign []string
			for _, f := range p.Foreign {
				line := string(f.Kind) + " " + f.Name
				if f.Removed {
					line += " removed"
				}
				foreign = append(foreign, line)
			}
			if diff := cmp.Diff(c.foreign, foreign); diff != "" {
				t.Errorf("foreign (-want +got):\n%s", diff)
			}
			notes := strings.Join(p.Notes, "\n")
			if c.note == "" && strings.Contains(notes, "no manifest names") || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q, want one with %q", notes, c.note)
			}
			if refused := len(p.Distrusted) > 0; refused != c.refused {
				t.Errorf("refused: %t (%v), want %t", refused, p.Distrusted, c.refused)
			}
			if c.refused && !strings.Contains(p.Distrusted.Error(), "application s.api would get grant s.res to s.api, but it has an owner or credential that no manifest names: ") {
				t.Errorf("the refusal says %q", p.Distrusted.Error())
			}
		})
	}
}

// TestRecycleBin: whether a deleted object is purged, by the stack's policy and by whether the
// stack needs its name.
func TestRecycleBin(t *testing.T) {
	t.Parallel()
	gone := func(kind Kind, id, uniqueName string, uris ...any) *Live {
		return &Live{Object: Object{Key: Key{kind, id}, Stack: "s", Properties: obj{"uniqueName": uniqueName, "identifierUris": uris}}, ID: id, AppID: "app-" + id}
	}
	app := func(uris ...string) *stack.Stack {
		return &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "A", IdentifierURIs: uris}}}
	}
	marked := func(kind Kind, id, property, name string, marks ...any) *Live {
		return &Live{Object: Object{Key: Key{kind, id}, Stack: "s", Properties: obj{property: name, "tags": marks}}, ID: id, AppID: map[Kind]string{Application: "app-1", ServicePrincipal: "app-1"}[kind]}
	}
	create := []string{"create application s.api", "create servicePrincipal s.api"}
	for name, c := range map[string]struct {
		stack   *stack.Stack
		deleted []*Live
		keep    bool   // apply leaves deleted objects in the recycle bin
		policy  string // of the stack
		want    []string
		err     string
	}{
		"nothing":                            {app(), nil, true, "", create, ""},
		"all of it is purged":                {app(), []*Live{gone(Application, "1", "s.other"), gone(Group, "2", "provision.s.g")}, false, "", append([]string{"purge application 1", "purge group 2"}, create...), ""},
		"with it goes its service principal": {app(), []*Live{gone(Application, "1", "s.other"), {Object: Object{Key: Key{ServicePrincipal, "3"}, Stack: "s", Properties: obj{}}, ID: "3", AppID: "app-1"}}, false, "", append([]string{"purge application 1"}, create...), ""},
		"a service principal by itself":      {app(), []*Live{{Object: Object{Key: Key{ServicePrincipal, "3"}, Stack: "s", Properties: obj{}}, ID: "3", AppID: "app-1"}}, false, "", append([]string{"purge servicePrincipal 3"}, create...), ""},
		"a protected application stays":      {app(), []*Live{marked(Application, "1", "uniqueName", "s.other", stack.PreventDeleteMark), marked(ServicePrincipal, "3", "", "")}, false, "", create, ""},
		"a protected group stays":            {app(), []*Live{marked(Application, "1", "uniqueName", "s.other", stack.PreventGroupMark("provision.s.g")), marked(Group, "2", "uniqueName", "provision.s.g"), marked(Group, "5", "uniqueName", "provision.s.h")}, false, "", append([]string{"purge application 1", "purge group 5"}, create...), ""},
		"a protected user stays":             {app(), []*Live{marked(Application, "1", "uniqueName", "s.other", stack.PreventUserMark("ada@x.example")), marked(User, "a-b", "userPrincipalName", "abada@x.example"), marked(User, "c-d", "userPrincipalName", "cdeve@x.example")}, false, "", append([]string{"purge application 1", "purge user c-d"}, create...), ""},
		"another stack's stays":              {app(), []*Live{{Object: Object{Key: Key{Application, "1"}, Stack: "t", Properties: obj{"uniqueName": "s.api"}}, ID: "1"}}, false, "", create, ""},
		"what holds no needed name stays":    {app(), []*Live{gone(Application, "1", "s.other")}, true, "", create, ""},
		"its own name: it is restored":       {app(), []*Live{gone(Application, "1", "s.api")}, true, "", []string{"restore application s.api"}, ""},
		"its own name, purged":               {app(), []*Live{gone(Application, "1", "s.api")}, true, PurgeDeleted, append([]string{"purge application 1"}, create...), ""},
		"its own name, refused":              {app(), []*Live{gone(Application, "1", "s.api")}, true, RefuseDeleted, nil, "deleted objects in the recycle bin reserve these names: s.api (by application 1)"},
		"its URI, held by another":           {app("https://contoso.example"), []*Live{gone(Application, "1", "s.other", "https://contoso.example")}, true, "", append([]string{"purge application 1"}, create...), ""},
		"its URI, held by another, refused":  {app("https://contoso.example"), []*Live{gone(Application, "1", "s.other", "https://contoso.example")}, true, RefuseDeleted, nil, "deleted objects in the recycle bin reserve these names: https://contoso.example (by application 1)"},
		"a group's name: it is restored":     {&stack.Stack{Name: "s", Groups: []*stack.Group{{Name: "g"}}}, []*Live{gone(Group, "2", "provision.s.g")}, true, "", []string{"restore group provision.s.g"}, ""},
		"a deleted user gives up their name": {&stack.Stack{Name: "s", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@x.example"}}}, []*Live{gone(User, "4", "")}, true, "", []string{"create user ada@x.example"}, ""},
		"several names that are all refused": {app("https://contoso.example"), []*Live{gone(Application, "2", "s.api"), gone(Application, "1", "s.other", "https://contoso.example")}, true, RefuseDeleted, nil, "deleted objects in the recycle bin reserve these names: https://contoso.example (by application 1), s.api (by application 2)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := has()
			state.Deleted = c.deleted
			p, err := Diff([]*stack.Stack{c.stack}, state, Options{KeepDeleted: c.keep, Deleted: map[string]string{"s": c.policy}})
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range p.Steps {
				got = append(got, fmt.Sprint(s.Action, " ", s.Key))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p.Restores() != strings.HasPrefix(c.want[0], "restore") {
				t.Errorf("it restores: %t", p.Restores())
			}
		})
	}
}

// TestUnknownPasswords: the plan lists users without a known password and the rights that they
// would get, and resets the passwords if requested.
func TestUnknownPasswords(t *testing.T) {
	t.Parallel()
	ada := Key{User, "ada@x.example"}
	user := &Live{Object: Object{Key: ada, Stack: "s", Properties: obj{"accountEnabled": true}}, ID: "1"}
	password := func(lost string) *Live { return &Live{Object: Object{Key: Key{Password, ada.Name}}, Lost: lost} }
	group := &stack.Group{Name: "g", Members: []stack.Member{{User: "ada"}}}
	for name, c := range map[string]struct {
		live   []*Live
		groups []*stack.Group
		reset  bool
		note   string
		step   bool
	}{
		"it is kept":            {[]*Live{user, password("")}, nil, false, "", false},
		"it is kept, and asked": {[]*Live{user, password("")}, nil, true, "", false},
		"it is not stored":      {[]*Live{user}, nil, false, "password ada@x.example: it is not stored on this machine; `provision apply --reset-passwords` replaces it", false},
		"it is not stored, given": {[]*Live{user}, []*stack.Group{group}, false,
			"password ada@x.example: it is not stored on this machine; `provision apply --reset-passwords` replaces it before the user gets member user ada@x.example in provision.s.g, because the creator of the user may know the password", false},
		"it is refused":               {[]*Live{user, password("Entra refuses it")}, nil, false, "password ada@x.example: Entra refuses it; `provision apply --reset-passwords` replaces it", false},
		"it is refused, and asked":    {[]*Live{user, password("Entra refuses it")}, nil, true, "", true},
		"it is not stored, and asked": {[]*Live{user}, nil, true, "", true},
		"the user is new":             {nil, nil, false, "", false},
	} {
		p, err := Diff([]*stack.Stack{{Name: "s", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@x.example"}}, Groups: c.groups}}, has(c.live...), Options{ResetPasswords: c.reset})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(p.Notes, "\n"); got != c.note {
			t.Errorf("%s: %q, want %q", name, got, c.note)
		}
		step := false
		for _, s := range p.Steps {
			step = step || s.Kind == Password && s.Action == Replace && s.ID == "1"
		}
		if step != c.step {
			t.Errorf("%s: the password is replaced: %t, want %t", name, step, c.step)
		}
	}
}
