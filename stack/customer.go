package stack

import (
	"encoding/json"
	"slices"
	"strings"
)

// CustomerMark begins the tag of a service principal in a customer tenant. The
// uniqueName of its application in the home tenant follows.
const CustomerMark = "provision:customer="

// AllCustomers is the name for all customer targets of the home target.
const AllCustomers = "all"

// Customer is a target with the tenant of a customer, who gets an application that is
// registered in another target: its home.
type Customer struct {
	Target string `json:"target"`
	Adopt  bool   `json:"adopt,omitempty"` // adopts an existing service principal
}

// UnmarshalJSON reads the name of a target, or an object.
func (c *Customer) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &c.Target)
	}
	type plain Customer
	return json.Unmarshal(raw, (*plain)(c))
}

// CustomerMarks returns the tags of the service principal of one of the stack's
// applications in a customer tenant.
func (s *Stack) CustomerMarks(application string) []string {
	return append(s.Marks(), CustomerMark+s.UniqueName(application))
}

// CustomerOf returns the uniqueName of the application whose service principal in a customer
// tenant has the tags, with its stack; both are "" for a service principal that
// provision does not own. The mark of the stack alone is not sufficient: a service
// principal also shows the tags of its application.
func CustomerOf(tags []string) (stack, uniqueName string) {
	for _, tag := range tags {
		if name, ok := strings.CutPrefix(tag, CustomerMark); ok {
			if owner := stackOf(name); owner != "" && slices.Contains(tags, Mark(owner)) {
				return owner, name
			}
		}
	}
	return "", ""
}

// Home returns the target where the applications of the stage's stacks are registered, if
// the stage is about a customer tenant; else "".
func (s Stage) Home() string { return s.Customers[s.target()] }

// is reports whether a name in a list of targets names the stage's target. The name of
// a home target includes its customers.
func (s Stage) is(name string) bool {
	return name == s.target() || name == s.Home() && name != ""
}

// customer returns how an application is made available to a customer target, or nil.
func (a *Application) customer(target string) *Customer {
	for _, name := range []string{target, AllCustomers} {
		for _, c := range a.Customers {
			if c.Target == name {
				return &Customer{target, c.Adopt}
			}
		}
	}
	return nil
}

// MultiTenant reports whether accounts of other tenants may sign in to the application.
func (a *Application) MultiTenant() bool {
	return a.SignInAudience != nil && (*a.SignInAudience == "AzureADMultipleOrgs" || *a.SignInAudience == "AzureADandPersonalMicrosoftAccount")
}

// checkCustomers checks to whom applications are given.
func (l *loader) checkCustomers(s *loaded) {
	for _, a := range s.Applications {
		if len(a.Customers) > 0 && !a.Existing { // otherwise checkExisting refuses it
			l.checkCustomersOf(s, a)
		}
	}
	if l.stage.Home() == "" {
		return
	}
	created := "provision creates none in the tenant of a customer: set `existing: true`, or remove the target from metadata.targets"
	for _, u := range s.Users {
		if s.declaredFor("User", u.Name, l.stage.target()) && !u.Existing {
			l.mistakes.add(u.Pos, created, "user %s is declared for the customer target %s", u.Name, l.stage.target())
		}
	}
	for _, g := range s.Groups {
		if s.declaredFor("Group", g.Name, l.stage.target()) && !g.Existing {
			l.mistakes.add(g.Pos, created, "group %s is declared for the customer target %s", g.Name, l.stage.target())
		}
	}
}

func (l *loader) checkCustomersOf(s *loaded, a *Application) {
	at := func(path ...any) Position { return l.at(s, "Application", a.Name, path...) }
	if !a.MultiTenant() {
		l.mistakes.add(at("customers"), "set signInAudience: AzureADMultipleOrgs", "application %s has customers, but signs in users of its own tenant only", a.Name)
	}
	if !a.ServicePrincipal.Managed() {
		l.mistakes.add(at("servicePrincipal", "create"), "remove it", "application %s is given to customers, which creates service principals", a.Name)
	}
	known := names(l.stage.Customers)
	for i, c := range a.Customers {
		if slices.ContainsFunc(a.Customers[:i], func(before Customer) bool { return before.Target == c.Target }) {
			l.mistakes.add(at("customers", i), "", "application %s is given to customer %s twice", a.Name, c.Target)
		}
		if l.stage.Targets == nil || c.Target == AllCustomers || slices.Contains(known, c.Target) {
			continue
		}
		hint := "declare it in provision.yaml:  targets: {" + c.Target + ": {tenant: TENANT, customerOf: HOME}}"
		if slices.Contains(l.stage.Targets, c.Target) {
			hint = "add customerOf: HOME to the target in provision.yaml"
		} else if Nearest(c.Target, known) != "" {
			hint = oneOf(c.Target, known)
		}
		l.mistakes.add(at("customers", i), hint, "%q is not the target of a customer", c.Target)
	}
	for i, p := range a.Permissions {
		resource := s.applications[p.Resource]
		if !p.AdminConsent || resource == nil || resource.Existing {
			continue
		}
		for _, c := range a.Customers {
			if c.Target != "" && resource.customer(c.Target) == nil {
				l.mistakes.add(at("permissions", i, "resource"), "add "+c.Target+" to customers of application "+resource.Name,
					"application %s is given to customer %s, and its resource %s is not", a.Name, c.Target, resource.Name)
			}
		}
	}
}

// declaredFor reports whether the metadata.targets of a document name a target.
func (s *loaded) declaredFor(kind, name, target string) bool {
	d := s.declared[kind+"/"+name]
	if d == nil {
		return false
	}
	metadata, _ := d.content["metadata"].(map[string]any)
	targets, _ := metadata["targets"].([]any)
	return slices.Contains(targets, any(target))
}

// forCustomer reduces a stack to what its customer gets: service principals, consent,
// and roles for users and groups that are declared for the customer's target.
func (s *loaded) forCustomer(home, target string) {
	s.Home = home
	s.Deployers, s.Conformances, s.Outputs, s.Terraforms = nil, nil, nil, nil
	s.Users = slices.DeleteFunc(s.Users, func(u *User) bool { return !s.declaredFor("User", u.Name, target) })
	s.Groups = slices.DeleteFunc(s.Groups, func(g *Group) bool { return !s.declaredFor("Group", g.Name, target) })
	var given []*Application
	for _, a := range s.Applications {
		switch c := a.customer(target); {
		case a.Existing && a.AppID != "":
			given = append(given, &Application{Name: a.Name, Pos: a.Pos, document: a.document, Existing: true, AppID: a.AppID})
		case c != nil && !a.Existing:
			given = append(given, s.applicationFor(a, *c))
		case !a.Existing:
			s.Excluded = append(s.Excluded, Excluded{Kind: "Application", Name: a.Name, Pos: a.Pos, Protection: a.Protection})
		}
	}
	s.Applications = given
}

func (s *loaded) applicationFor(a *Application, c Customer) *Application {
	given := &Application{Name: a.Name, Pos: a.Pos, Protection: a.Protection, Exceptions: a.Exceptions, document: a.document,
		AppID:       a.Adopt, // of an application that was adopted: its uniqueName is not known
		DisplayName: a.DisplayName, SignInAudience: a.SignInAudience, ServicePrincipal: a.ServicePrincipal, Customers: []Customer{c}}
	for _, p := range a.Permissions {
		if p.AdminConsent {
			given.Permissions = append(given.Permissions, p)
		}
	}
	for _, r := range a.RoleAssignments {
		r.Users = slices.DeleteFunc(slices.Clone(r.Users), func(name string) bool { return !s.declaredFor("User", name, c.Target) })
		r.Groups = slices.DeleteFunc(slices.Clone(r.Groups), func(name string) bool { return !s.declaredFor("Group", name, c.Target) })
		r.Applications = slices.DeleteFunc(slices.Clone(r.Applications), func(name string) bool {
			client := s.applications[name]
			return client != nil && (client.Existing && client.AppID == "" || !client.Existing && client.customer(c.Target) == nil)
		})
		if len(r.Users)+len(r.Groups)+len(r.Applications) > 0 {
			given.RoleAssignments = append(given.RoleAssignments, r)
		}
	}
	return given
}
