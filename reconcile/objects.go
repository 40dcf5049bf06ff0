package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// application adds a registration. A registration belongs to a stack only if its uniqueName has the
// form that stacks assign; tags alone are not sufficient. The key of any other registration is its appId.
func (t *tenant) application(m map[string]any) error {
	owner, name, marked, adopted := t.ownedBy(m)
	if of := stack.StackOfTags(strs(m, "tags")); marked && owner == "" && (of == "" || t.managed[of]) { // a manifest of another stack may adopt it
		t.unmanaged("application", m, "uniqueName")
	}
	k := plan.Key{Kind: plan.Application, Name: name}
	if other := t.state.Objects[k]; other != nil && other.AppID != str(m, "appId") {
		if a, ok := t.adopts[strings.ToLower(str(m, "appId"))]; ok {
			t.mistake(a.application.Pos, "rename the document", "application %s adopts appId %s, but the tenant has another application with its uniqueName %s", a.application.Name, a.application.Adopt, name)
			return nil
		}
	}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: owner, Display: display(name, m), Properties: m},
		ID: str(m, "id"), AppID: str(m, "appId"), Adopted: adopted}
	return nil
}

// unmanaged notes an object with a stack's mark that provision did not create.
func (t *tenant) unmanaged(kind string, m map[string]any, property string) {
	t.note("%s %q (%s) has the mark of a stack, but provision did not create it: its mark and its %s %q do not match; it is unmanaged and not changed",
		kind, str(m, "displayName"), str(m, "id"), property, str(m, property))
}

func (t *tenant) note(format string, args ...any) {
	t.state.Notes = append(t.state.Notes, fmt.Sprintf(format, args...))
}

// display returns the displayed name of an object whose natural key is an id.
func display(name string, m map[string]any) string {
	if name == str(m, "appId") || name == str(m, "id") {
		return str(m, "displayName")
	}
	return ""
}

func (t *tenant) user(m map[string]any) error {
	k := plan.Key{Kind: plan.User, Name: strings.ToLower(str(m, "userPrincipalName"))}
	owner, marked := userStack(m)
	if t.ofCustomer() {
		owner, marked = "", false
	}
	if marked && owner == "" {
		t.unmanaged("user", m, "userPrincipalName")
	}
	if !validUPN(k.Name) {
		k.Name = str(m, "id")
	}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: owner, Display: display(k.Name, m), Properties: m}, ID: str(m, "id")}
	t.byID[str(m, "id")] = k
	return nil
}

// userStack returns the stack of a user's mark; marked reports whether the user has any mark.
func userStack(m map[string]any) (name string, marked bool) {
	extensions, _ := m["onPremisesExtensionAttributes"].(map[string]any)
	name, marked = stack.StackOfMark(str(extensions, "extensionAttribute15"))
	if !validUPN(str(m, "userPrincipalName")) {
		name = ""
	}
	return name, marked
}

// validUPN reports whether a userPrincipalName can be the key of a user.
func validUPN(name string) bool {
	return strings.Count(name, "@") == 1 && !strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`/\?%{}"`, r)
	})
}

func (t *tenant) group(m map[string]any) error {
	name := str(m, "uniqueName")
	owner, marked := stack.StackOfGroup(name)
	if t.ofCustomer() {
		owner, marked = "", false
	}
	if marked && owner == "" {
		t.unmanaged("group", m, "uniqueName")
	}
	if name == "" || marked && owner == "" {
		name = str(m, "id")
	}
	k := plan.Key{Kind: plan.Group, Name: name}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: owner, Display: display(name, m), Properties: m}, ID: str(m, "id")}
	t.byID[str(m, "id")] = k
	return nil
}

// servicePrincipals reads the service principals of the applications that were read.
func (t *tenant) servicePrincipals(stacks []*stack.Stack) error {
	others := map[string]bool{} // applications of other stacks that these applications refer to
	for _, s := range stacks {
		refer := func(ref string) { others[strings.Replace(ref, "/", ".", 1)] = true }
		for _, a := range s.Applications {
			for _, p := range a.Permissions {
				refer(p.Resource)
			}
		}
		for _, owner := range owners(s) {
			refer(owner)
		}
	}
	var queries []query
	for _, k := range slices.SortedFunc(maps.Keys(t.state.Objects), byName) {
		app := t.state.Objects[k]
		if k.Kind != plan.Application || app.ServicePrincipalID != "" || t.elsewhere(k) {
			continue
		}
		if app.Stack != "" && !t.managed[app.Stack] && !others[app.Name] {
			continue
		}
		take := func(m map[string]any) error {
			app.ServicePrincipalID = str(m, "id")
			t.byID[app.ServicePrincipalID] = app.Key
			sp := plan.Key{Kind: plan.ServicePrincipal, Name: app.Name}
			t.state.Objects[sp] = &plan.Live{Object: plan.Object{Key: sp, Stack: app.Stack, Properties: m}, ID: str(m, "id")}
			return nil
		}
		if shown, ok := t.principals[app.AppID]; ok {
			if err := take(shown); err != nil {
				return err
			}
			continue
		}
		queries = append(queries, query{read: graph.ServicePrincipalByAppID(app.AppID), take: each(take)})
	}
	return t.run(queries)
}
