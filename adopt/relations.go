package adopt

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// servicePrincipal declares the properties that differ from those of a new service principal.
func (w *writer) servicePrincipal(a *stack.Application, live *plan.Live) {
	sp := w.state.Objects[plan.Key{Kind: plan.ServicePrincipal, Name: live.Name}]
	if sp == nil {
		no := false
		a.ServicePrincipal = stack.ServicePrincipal{Create: &no}
		return
	}
	p := stack.ServicePrincipal{}
	raw, err := json.Marshal(sp.Properties)
	if err != nil || json.Unmarshal(raw, &p) != nil {
		w.lose(a, "servicePrincipal", "it cannot be read; apply leaves it as it is")
		return
	}
	if p.AccountEnabled != nil && *p.AccountEnabled {
		p.AccountEnabled = nil
	}
	if p.AppRoleAssignmentRequired != nil && !*p.AppRoleAssignmentRequired {
		p.AppRoleAssignmentRequired = nil
	}
	for _, text := range []**string{&p.Description, &p.Notes, &p.LoginURL, &p.PreferredSSOMode} {
		if *text != nil && **text == "" {
			*text = nil
		}
		if *text != nil && strings.Contains(**text, "${") {
			w.lose(a, "servicePrincipal", "a text of it contains ${, which a manifest reads as a reference")
			*text = nil
		}
	}
	a.ServicePrincipal = p
}

// access is the access of an application to a resource, requested and granted: values
// of scopes and roles.
type access struct {
	required, consented struct{ scopes, roles map[string]bool }
}

// permissions declares requiredResourceAccess and the consent to it.
func (w *writer) permissions(a *stack.Application, live *plan.Live) {
	all := map[string]*access{} // by the resource's appId
	of := func(appID string) *access {
		if all[appID] == nil {
			x := &access{}
			x.required.scopes, x.required.roles = map[string]bool{}, map[string]bool{}
			x.consented.scopes, x.consented.roles = map[string]bool{}, map[string]bool{}
			all[appID] = x
		}
		return all[appID]
	}
	for _, entry := range list(live.Properties, "requiredResourceAccess") {
		appID := text(entry, "resourceAppId")
		for _, e := range list(entry, "resourceAccess") {
			id, kind := strings.ToLower(text(e, "id")), text(e, "type")
			values, into := w.directory.resources[appID].scopes, of(appID).required.scopes
			if kind == "Role" {
				values, into = w.directory.resources[appID].roles, of(appID).required.roles
			}
			if values[id] == "" {
				w.ignore(a, "requiredResourceAccess", "permission %s (%s) of resource %s is not known in this tenant", id, kind, appID)
				continue
			}
			into[values[id]] = true
		}
	}
	for _, o := range w.consents[a.Adopt] {
		appID := w.directory.principals[o.ResourceID]
		switch r := w.directory.resources[appID]; o.Kind {
		case plan.Grant:
			offered := slices.Collect(maps.Values(r.scopes))
			for _, scope := range list(o.Properties, "scope") {
				if !slices.Contains(offered, asText(scope)) {
					w.lose(a, "consent", "the consent to scope %s of %s, which does not exist; apply removes it", asText(scope), r.displayName)
					continue
				}
				of(appID).consented.scopes[asText(scope)] = true
			}
		case plan.Assignment:
			role := r.roles[strings.ToLower(text(o.Properties, "appRoleId"))]
			if role == "" {
				if text(o.Properties, "appRoleId") != stack.DefaultRoleID {
					w.lose(a, "consent", "the role %s of %s, which has no value; apply removes it", text(o.Properties, "appRoleId"), r.displayName)
				}
				continue
			}
			of(appID).consented.roles[role] = true
		}
	}
	for appID, x := range all {
		ref, no := w.reference(appID), false
		both := stack.Permission{Resource: ref, Scopes: common(x.required.scopes, x.consented.scopes, true), Roles: common(x.required.roles, x.consented.roles, true), AdminConsent: true}
		asked := stack.Permission{Resource: ref, Scopes: common(x.required.scopes, x.consented.scopes, false), Roles: common(x.required.roles, x.consented.roles, false)}
		given := stack.Permission{Resource: ref, Scopes: common(x.consented.scopes, x.required.scopes, false), Roles: common(x.consented.roles, x.required.roles, false), AdminConsent: true, Required: &no}
		for _, p := range []stack.Permission{both, asked, given} {
			if len(p.Scopes)+len(p.Roles) > 0 {
				a.Permissions = append(a.Permissions, p)
			}
		}
	}
	slices.SortStableFunc(a.Permissions, func(x, y stack.Permission) int { return strings.Compare(x.Resource, y.Resource) })
}

// common returns the names that two sets share, or that only the first has, in order.
func common(a, b map[string]bool, shared bool) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if b[name] == shared {
			all = append(all, name)
		}
	}
	return all
}

// assignments declares who has the application's roles, and which other
// applications have its consent.
func (w *writer) assignments(a *stack.Application, live *plan.Live) {
	byRole := map[string]*stack.RoleAssignment{}
	for _, o := range w.relations[live.Key] {
		client := w.directory.principals[o.PrincipalID]
		if o.Kind == plan.Grant && w.byAppID[client] == nil {
			w.other(client)
			w.grantOthers(a, client, o)
			continue
		}
		if o.Kind != plan.Assignment || w.byAppID[client] != nil && text(o.Properties, "appRoleId") != stack.DefaultRoleID {
			continue // a separate permission
		}
		id := text(o.Properties, "appRoleId")
		role := w.directory.resources[a.Adopt].roles[strings.ToLower(id)]
		if role == "" && id != stack.DefaultRoleID || role == "" && len(a.AppRoles) > 0 {
			w.lose(a, "roleAssignments", "the assignment of %s to role %s, which has no value; apply removes it", o.Display, id)
			continue
		}
		ra := byRole[role]
		if ra == nil {
			ra = &stack.RoleAssignment{Role: role}
			byRole[role] = ra
		}
		switch o.Ends.Principal.Kind {
		case plan.User:
			if name := w.user(o.PrincipalID); name != "" {
				ra.Users = append(ra.Users, name)
			}
		case plan.Group:
			if name := w.group(a, o.PrincipalID); name != "" {
				ra.Groups = append(ra.Groups, name)
			}
		default:
			ra.Applications = append(ra.Applications, w.other(client))
		}
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		ra := byRole[role]
		if len(ra.Users)+len(ra.Groups)+len(ra.Applications) == 0 {
			continue
		}
		slices.Sort(ra.Users)
		slices.Sort(ra.Groups)
		slices.Sort(ra.Applications)
		a.RoleAssignments = append(a.RoleAssignments, *ra)
	}
}

// grantOthers declares the consent of an application that is not imported.
func (w *writer) grantOthers(a *stack.Application, client string, o *plan.Live) {
	p := stack.Permission{Resource: a.Name, AdminConsent: true}
	for _, scope := range list(o.Properties, "scope") {
		p.Scopes = append(p.Scopes, asText(scope))
	}
	slices.Sort(p.Scopes)
	for _, existing := range w.out.Stack.Applications {
		if existing.Existing && existing.AppID == client {
			existing.Permissions = append(existing.Permissions, p)
		}
	}
}

// owners declares who owns the registration.
func (w *writer) owners(a *stack.Application) {
	owners := map[string]bool{}
	for _, of := range []plan.Key{w.key(a), {Kind: plan.ServicePrincipal, Name: w.key(a).Name}} {
		for _, o := range w.relations[of] {
			if o.Kind != plan.Owner {
				continue
			}
			if appID := w.directory.principals[o.PrincipalID]; appID != "" {
				owners[w.reference(appID)] = true
			} else if upn := w.directory.users[o.PrincipalID]; upn != "" {
				owners[upn] = true
			}
		}
	}
	a.Owners = nil
	if len(owners) > 0 {
		a.Owners = slices.Sorted(maps.Keys(owners))
	}
}

// user returns the name of the document that refers to a user, or "" if the user no longer
// exists.
func (w *writer) user(id string) string {
	upn := w.directory.users[id]
	if upn != "" && w.users[id] == "" {
		name, _, _ := strings.Cut(upn, "@")
		w.users[id] = w.unique(name, "user", func(s *stack.Stack, name string) bool {
			return slices.ContainsFunc(s.Users, func(u *stack.User) bool { return u.Name == name })
		})
		w.out.Stack.Users = append(w.out.Stack.Users, &stack.User{Name: w.users[id], Existing: true, UserPrincipalName: upn})
	}
	return w.users[id]
}

func (w *writer) group(a *stack.Application, id string) string {
	g := w.directory.groups[id]
	if g == nil || w.groups[id] != "" {
		return w.groups[id]
	}
	group := &stack.Group{Existing: true, UniqueName: text(g, "uniqueName")}
	if group.UniqueName == "" {
		group.DisplayName = text(g, "displayName")
	}
	if group.UniqueName == "" && w.directory.ambiguous[group.DisplayName] {
		group.DisplayName, group.ID = "", id
	}
	group.Name = w.unique(text(g, "displayName"), "group", func(s *stack.Stack, name string) bool {
		return slices.ContainsFunc(s.Groups, func(g *stack.Group) bool { return g.Name == name })
	})
	w.groups[id] = group.Name
	w.out.Stack.Groups = append(w.out.Stack.Groups, group)
	return group.Name
}

// other returns the name of the document that refers to an application which is not
// imported.
func (w *writer) other(appID string) string {
	if a := w.byAppID[appID]; a != nil {
		return a.Name
	}
	if w.others[appID] == "" {
		w.others[appID] = w.names.name(w.directory.resources[appID].displayName, "app-"+appID)
		w.out.Stack.Applications = append(w.out.Stack.Applications, &stack.Application{Name: w.others[appID], Existing: true, AppID: appID})
	}
	return w.others[appID]
}

func (w *writer) unique(text, otherwise string, taken func(*stack.Stack, string) bool) string {
	used := namer{}
	for {
		name := used.name(text, otherwise)
		if !taken(w.out.Stack, name) {
			return name
		}
	}
}

// existing puts the documents that only refer to something into order.
func (w *writer) existing() {
	slices.SortFunc(w.out.Stack.Users, func(a, b *stack.User) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(w.out.Stack.Groups, func(a, b *stack.Group) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(w.out.Stack.Applications, func(a, b *stack.Application) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range w.out.Stack.Applications {
		slices.SortStableFunc(a.Permissions, func(x, y stack.Permission) int { return strings.Compare(x.Resource, y.Resource) })
	}
}
