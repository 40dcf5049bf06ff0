package plan

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestStepsInACustomersTenant: for an application that is registered in another tenant, the plan
// creates, adopts, changes and deletes only the service principal and its consent.
func TestStepsInACustomersTenant(t *testing.T) {
	t.Parallel()
	app, sp, graph := Key{Application, "s.web"}, Key{ServicePrincipal, "s.web"}, Key{Application, stack.MicrosoftGraphAppID}
	declared := &stack.Stack{Name: "s", Home: "home"}
	var marks []any
	for _, mark := range declared.CustomerMarks("web") {
		marks = append(marks, mark)
	}
	registered := func(principal string) *Live { // the application in the home tenant
		return &Live{Object: Object{Key: app, Stack: "s", Properties: obj{"appRoles": []any{obj{"id": "r", "value": "Admin"}}}}, AppID: "web-appid", ServicePrincipalID: principal}
	}
	instance := func(owner string, properties obj) *Live {
		return &Live{Object: Object{Key: sp, Stack: owner, Properties: properties}, ID: "web-sp"}
	}
	microsoft := external(stack.MicrosoftGraphAppID, "Application", "User.Read")
	grant := &Live{Object: Object{Key: GrantKey(app, graph), Stack: "s", Ends: Ends{graph, app}, Properties: obj{"scope": []any{"User.Read"}}}, ID: "g", ResourceID: "sp-graph", PrincipalID: "web-sp"}
	consent := []stack.Permission{{Resource: "Microsoft Graph", Scopes: []string{"User.Read"}, AdminConsent: true}}
	raw, err := json.Marshal(marks)
	if err != nil {
		t.Fatal(err)
	}
	tags, required, inTenant := string(raw), true, "of ${tenant.id}"
	for name, c := range map[string]struct {
		web  *stack.Application // nil: no longer declared
		live []*Live
		keep bool // deleted objects stay in the recycle bin
		want []string
	}{
		"it does not exist": {&stack.Application{Name: "web"}, []*Live{registered("")}, false, []string{`create servicePrincipal s.web {"tags":` + tags + `}`}},
		"nothing to do":     {&stack.Application{Name: "web"}, []*Live{registered("web-sp"), instance("s", obj{"tags": marks})}, false, nil},
		"an administrator has consented to it before": {&stack.Application{Name: "web"}, []*Live{registered("web-sp"), instance("", obj{"tags": []any{"HideApp"}})}, false,
			[]string{`adopt servicePrincipal s.web {"tags":["HideApp","provision:customer=s.web","provision:stack=s"]}`}},
		"a setting": {&stack.Application{Name: "web", ServicePrincipal: stack.ServicePrincipal{AppRoleAssignmentRequired: &required}}, []*Live{registered("web-sp"), instance("s", obj{"tags": marks})}, false,
			[]string{`update servicePrincipal s.web {"appRoleAssignmentRequired":true}`}},
		"a reference in a setting": {&stack.Application{Name: "web", ServicePrincipal: stack.ServicePrincipal{Notes: &inTenant}}, []*Live{registered("web-sp"), instance("s", obj{"tags": marks})}, false,
			[]string{`update servicePrincipal s.web {"notes":"of t"}`}},
		"consent": {&stack.Application{Name: "web", Permissions: consent}, []*Live{registered("web-sp"), instance("s", obj{"tags": marks}), microsoft}, false,
			[]string{`create grant ` + graph.Name + ` to s.web {"scope":"User.Read"}`}},
		"consent before it exists": {&stack.Application{Name: "web", Permissions: consent}, []*Live{registered(""), microsoft}, false,
			[]string{`create servicePrincipal s.web {"tags":` + tags + `}`, `create grant ` + graph.Name + ` to s.web {"scope":"User.Read"}`}},
		"it goes, and its consent with it": {nil, []*Live{registered("web-sp"), instance("s", obj{"tags": marks}), microsoft, grant}, false,
			[]string{"delete grant " + graph.Name + " to s.web", "delete servicePrincipal s.web", "purge servicePrincipal s.web"}},
		"it goes into the recycle bin": {nil, []*Live{registered("web-sp"), instance("s", obj{"tags": marks})}, true, []string{"delete servicePrincipal s.web"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := *declared
			if c.web != nil {
				s.Applications = []*stack.Application{c.web}
			}
			p, err := Diff([]*stack.Stack{&s}, has(c.live...), Options{KeepDeleted: c.keep})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			for _, step := range p.Steps {
				if step.Kind == ServicePrincipal && (!step.Customer || step.Permission() != "Application.ReadWrite.All") {
					t.Errorf("%s: in a customer's tenant %t, takes %s", step.Title(), step.Customer, step.Permission())
				}
				if step.Kind == Application {
					t.Errorf("%s: the registration is in another tenant", step.Title())
				}
			}
		})
	}
}

// TestMistakesInACustomersTenant: the error names the target that must be applied first.
func TestMistakesInACustomersTenant(t *testing.T) {
	t.Parallel()
	home := &Live{Object: Object{Key: Key{Application, "s.api"}, Stack: "s", Properties: obj{"api": obj{"oauth2PermissionScopes": []any{obj{"id": "1", "value": "read"}}}}}, AppID: "api-appid"}
	for name, c := range map[string]struct{ home, want string }{
		"in the customer's tenant": {"production", "a.yaml:2:3: application web: api has no delegated permission \"write\"\n  hint: if the manifests declare it, apply them to target production first"},
		"in the home":              {"", "a.yaml:2:3: application web: api has no delegated permission \"write\"\n  hint: it has read"},
	} {
		s := &stack.Stack{Name: "s", Home: c.home, Applications: []*stack.Application{{Name: "api", Existing: c.home == ""}, {Name: "web", Pos: stack.Position{File: "a.yaml", Line: 2, Column: 3},
			Permissions: []stack.Permission{{Resource: "api", Scopes: []string{"write"}}}}}}
		live := *home
		if c.home == "" {
			live.ID = "api-id"
		}
		_, err := Diff([]*stack.Stack{s}, has(&live), Options{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestRefusalToDestroyUsedObjects: another stack can request permissions of an application or
// name it as a client.
func TestRefusalToDestroyUsedObjects(t *testing.T) {
	t.Parallel()
	user := func(name string, properties obj) *Live {
		return &Live{Object: Object{Key: Key{Application, "t." + name}, Stack: "t", Properties: properties}, ID: name, AppID: name}
	}
	requests, names := obj{"requiredResourceAccess": []any{obj{"resourceAppId": "api-appid"}}}, obj{"api": obj{"preAuthorizedApplications": []any{obj{"appId": "api-appid"}}}}
	others := obj{"requiredResourceAccess": []any{obj{"resourceAppId": "x"}}, "api": obj{"preAuthorizedApplications": []any{obj{"appId": "y"}}}}
	unmanaged := user("unmanaged", requests)
	unmanaged.Stack = ""
	for name, c := range map[string]struct {
		live    []*Live
		options Options
		want    string
	}{
		"nobody":                     {nil, Options{Destroy: []string{"s"}}, ""},
		"it is requested":            {[]*Live{user("web", requests)}, Options{Destroy: []string{"s"}}, "application s.api is still used by application t.web of stack t"},
		"it is a client":             {[]*Live{user("web", names)}, Options{Destroy: []string{"s"}}, "application s.api is still used by application t.web of stack t"},
		"several":                    {[]*Live{user("web", names), user("app", requests)}, Options{Destroy: []string{"s"}}, "application s.api is still used by application t.app of stack t, application t.web of stack t"},
		"others":                     {[]*Live{user("web", others)}, Options{Destroy: []string{"s"}}, ""},
		"an application of no stack": {[]*Live{unmanaged}, Options{Destroy: []string{"s"}}, ""},
		"the user is destroyed, too": {[]*Live{user("web", requests)}, Options{Destroy: []string{"s", "t"}}, ""},
		"with force":                 {[]*Live{user("web", requests)}, Options{Destroy: []string{"s"}, Force: true}, ""},
		"another stack is destroyed": {[]*Live{user("web", requests)}, Options{Destroy: []string{"u"}}, ""},
	} {
		_, err := Diff(nil, has(append(registered("api", nil), c.live...)...), c.options)
		if got := message(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// message returns the text of an error, or "".
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
