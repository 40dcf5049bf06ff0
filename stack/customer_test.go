package stack_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

const customers = `apiVersion: provision/v1
kind: Stack
metadata: {name: shop}
spec: {deployers: [ops@contoso.example], parameters: {name: {}}}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api, targets: [production]}
spec:
  displayName: Shop ${parameters.name}
  signInAudience: AzureADMultipleOrgs
  customers: [all]
  appRoles: [{value: Reader, displayName: Readers, allowedMemberTypes: [User, Application]}]
  roleAssignments:
    - {role: Reader, users: [ada], applications: [client, internal]}
    - {targets: [fabrikam], role: Reader, users: [bob], groups: [buyers]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec:
  displayName: Client
  signInAudience: AzureADMultipleOrgs
  customers: [{target: fabrikam, adopt: true}]
  secrets: [{name: main}]
  permissions: [{resource: api, roles: [Reader], adminConsent: true}, {resource: Microsoft Graph, scopes: [User.Read]}]
---
apiVersion: provision/v1
kind: Application
metadata: {name: internal}
spec: {displayName: Internal}
---
apiVersion: provision/v1
kind: User
metadata: {name: ada}
spec: {userPrincipalName: "ada@${tenant.domain}"}
---
apiVersion: provision/v1
kind: User
metadata: {name: bob, targets: [fabrikam]}
spec: {existing: true, userPrincipalName: "bob@${tenant.domain}"}
---
apiVersion: provision/v1
kind: Group
metadata: {name: buyers, targets: [fabrikam]}
spec: {existing: true, displayName: Buyers}
`

// loadFor loads the stack for one of these targets: a home target with two customers.
func loadFor(t *testing.T, manifests, target string) (*stack.Stack, error) {
	t.Helper()
	stacks, err := load(t, stack.Stage{Target: target, Targets: []string{"production", "fabrikam", "northwind"},
		Customers:  map[string]string{"fabrikam": "production", "northwind": "production"},
		Configured: []stack.Given{{Name: "name", Value: "one"}, {Name: "name", Value: "two"}}}, map[string]string{"a.yaml": manifests})
	if err != nil {
		return nil, err
	}
	return stacks[0], nil
}

// TestCustomers: for a customer, a stack contains only the applications that list the customer,
// their consent, and the roles of the customer's own users and groups.
func TestCustomers(t *testing.T) {
	t.Parallel()
	for target, want := range map[string][]string{
		"production": {"api assigns ada+client+internal", "client asks api", "client asks Microsoft Graph", "client keeps main", "internal", "user ada"},
		"fabrikam":   {"api assigns client", "api assigns bob+buyers", "client asks api", "client adopts", "user bob", "group buyers"},
		"northwind":  {"api"},
	} {
		s, err := loadFor(t, customers, target)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range s.Applications {
			before := len(got)
			for _, r := range a.RoleAssignments {
				got = append(got, a.Name+" assigns "+strings.Join(append(append(r.Users, r.Groups...), r.Applications...), "+"))
			}
			for _, p := range a.Permissions {
				got = append(got, a.Name+" asks "+p.Resource)
			}
			for _, secret := range a.Secrets {
				got = append(got, a.Name+" keeps "+secret.Name)
			}
			if s.Home != "" && a.Customers[0].Adopt {
				got = append(got, a.Name+" adopts")
			}
			if len(got) == before {
				got = append(got, a.Name)
			}
		}
		for _, u := range s.Users {
			got = append(got, "user "+u.Name)
		}
		for _, g := range s.Groups {
			got = append(got, "group "+g.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
		if home := map[string]string{"fabrikam": "production", "northwind": "production"}[target]; s.Home != home || home != "" && s.Deployers != nil {
			t.Errorf("%s: home %q, deployers %v", target, s.Home, s.Deployers)
		}
	}
}

// TestCustomerMistakes: mistakes that only the targets of provision.yaml show.
func TestCustomerMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, target, want string }{
		{"customers: [all]", "customers: [fabrikm]", "production", `"fabrikm" is not the target of a customer` + "\n  hint: did you mean fabrikam?"},
		{"customers: [all]", "customers: [fabrikam, production]", "production", `"production" is not the target of a customer` + "\n  hint: add customerOf: HOME to the target in provision.yaml"},
		{"customers: [all]", "customers: [fabrikam, contoso]", "production", "hint: declare it in provision.yaml:  targets: {contoso: {tenant: TENANT, customerOf: HOME}}"},
		{"{existing: true, userP", "{userP", "fabrikam", "user bob is declared for the customer target fabrikam\n  hint: provision creates none in the tenant of a customer: set `existing: true`"},
		{"{existing: true, displayName: B", "{displayName: B", "fabrikam", "group buyers is declared for the customer target fabrikam"},
	} {
		if !strings.Contains(customers, test.from) {
			t.Fatalf("no %q", test.from)
		}
		_, err := loadFor(t, strings.Replace(customers, test.from, test.to, 1), test.target)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %s", test.to, err, test.want)
		}
	}
}

// TestCustomerOf: a service principal belongs to a stack only if both marks are present and
// agree.
func TestCustomerOf(t *testing.T) {
	t.Parallel()
	for tags, want := range map[string]string{
		"provision:stack=shop provision:customer=shop.api":               "shop shop.api",
		"provision:stack=shop":                                           " ",
		"provision:customer=shop.api":                                    " ",
		"provision:stack=other provision:customer=shop.api":              " ",
		"provision:stack=shop provision:customer=shop":                   " ",
		"provision:stack=shop provision:customer=shop.a%2Fb":             " ",
		"theirs provision:customer=shop.api x provision:stack=shop more": "shop shop.api",
	} {
		owner, name := stack.CustomerOf(strings.Fields(tags))
		if got := owner + " " + name; got != want {
			t.Errorf("%s: %q, want %q", tags, got, want)
		}
	}
}
