package stack

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

func (l *loader) checkApplication(s *loaded, a *Application) {
	at := func(path ...any) Position { return l.at(s, "Application", a.Name, path...) }
	if a.Existing {
		l.checkExisting(s, a)
	} else {
		if a.DisplayName == "" && !s.broken(a.Name) {
			l.mistakes.add(a.Pos, "", "application %s has no displayName", a.Name)
		}
		for _, field := range []struct{ name, value string }{{"appId", a.AppID}, {"uniqueName", a.UniqueName}} {
			if field.value != "" {
				l.mistakes.add(at(field.name), "remove it, or add `existing: true`", "%s is set by Entra or by provision", field.name)
			}
		}
	}
	l.checkAdopted(s, a)
	if a.personal() && !a.Version2Tokens() {
		l.mistakes.add(at("signInAudience"), "set api.requestedAccessTokenVersion to 2", "Entra admits personal accounts only with version 2 access tokens")
	}
	l.checkIdentifierURIs(s, a)
	l.checkRedirectURIs(s, a)
	l.checkGroupClaims(s, a)
	l.checkEntitlements(s, a)
	l.checkAssignments(s, a)
	l.checkPermissions(s, a)
	l.checkClients(s, a)
	l.checkFederatedCredentials(s, a)
	l.checkSecrets(s, a)
	l.checkCertificates(s, a)
	l.checkOwners(s, a.Owners, func(i int) Position { return at("owners", i) })
}

// Version2Tokens reports whether the access tokens for the application have version 2.
func (a *Application) Version2Tokens() bool {
	return a.API.RequestedAccessTokenVersion != nil && *a.API.RequestedAccessTokenVersion == 2
}

// UsesSAML reports whether users sign in to the application with SAML.
func (a *Application) UsesSAML() bool {
	return a.ServicePrincipal.PreferredSSOMode != nil && *a.ServicePrincipal.PreferredSSOMode == "saml"
}

// personal reports whether personal Microsoft accounts may sign in.
func (a *Application) personal() bool {
	return a.SignInAudience != nil && strings.Contains(*a.SignInAudience, "Personal")
}

// checkGroupClaims checks that each kind of group occurs once, and that None is the only value.
func (l *loader) checkGroupClaims(s *loaded, a *Application) {
	kinds := a.GroupClaims()
	at := l.at(s, "Application", a.Name, "groupMembershipClaims")
	for i, kind := range kinds {
		if slices.Contains(kinds[:i], kind) {
			l.mistakes.add(at, "", "groupMembershipClaims contains %s twice", kind)
		}
	}
	if len(kinds) > 1 && slices.Contains(kinds, "None") {
		l.mistakes.add(at, "remove None or the other values", "groupMembershipClaims combines None with other values")
	}
}

// GroupClaims returns the kinds of groups that tokens can contain.
func (a *Application) GroupClaims() []string {
	if a.GroupMembershipClaims == nil {
		return nil
	}
	kinds := strings.Split(*a.GroupMembershipClaims, ",")
	for i := range kinds {
		kinds[i] = strings.TrimSpace(kinds[i])
	}
	return kinds
}

// checkExisting checks an existing application: a manifest can only refer to it and
// grant it permissions of the stack's applications.
func (l *loader) checkExisting(s *loaded, a *Application) {
	if a.AppID == "" && a.UniqueName == "" && a.DisplayName == "" {
		l.mistakes.add(a.Pos, "", "existing application %s needs an appId, a uniqueName or a displayName that identifies it", a.Name)
	}
	spec, _ := s.declared["Application/"+a.Name].content["spec"].(map[string]any)
	for _, field := range slices.Sorted(maps.Keys(spec)) {
		if !slices.Contains([]string{"existing", "appId", "uniqueName", "displayName", "permissions", "owners"}, field) {
			l.mistakes.add(l.at(s, "Application", a.Name, field), "remove it, or remove `existing: true`", "%s of an existing application is never written", field)
		}
	}
	for i, p := range a.Permissions {
		if _, ours := s.applications[p.Resource]; !ours || !p.AdminConsent {
			l.mistakes.add(l.at(s, "Application", a.Name, "permissions", i), "name an application of this stack and set adminConsent: true",
				"an existing application can only get consent for resources of this stack")
		}
	}
}

func (l *loader) checkIdentifierURIs(s *loaded, a *Application) {
	for i, uri := range a.IdentifierURIs {
		if complaint := identifierURI(uri); complaint != "" {
			l.mistakes.add(l.at(s, "Application", a.Name, "identifierUris", i), "api://${appId} is always valid", "identifier URI %q %s", uri, complaint)
		}
		for _, name := range names(l.stacks) {
			for _, other := range l.stacks[name].Applications {
				if other != a && slices.Contains(other.IdentifierURIs, uri) && !strings.Contains(uri, "${appId}") && other.Pos.less(a.Pos) {
					l.mistakes.add(l.at(s, "Application", a.Name, "identifierUris", i), "", "identifier URI %q is also an identifier URI of application %s (%s)", uri, other.Name, other.Pos)
				}
			}
		}
	}
}

func (p Position) less(q Position) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	return p.Line < q.Line
}

func (l *loader) checkRedirectURIs(s *loaded, a *Application) {
	seen := map[string]string{}
	for _, platform := range []struct {
		name string
		uris []string
	}{{"web", a.Web.RedirectURIs}, {"spa", a.SPA.RedirectURIs}, {"publicClient", a.PublicClient.RedirectURIs}} {
		for i, uri := range platform.uris {
			at := l.at(s, "Application", a.Name, platform.name, "redirectUris", i)
			if reason, hint := redirectURI(platform.name, uri, a.personal()); reason != "" {
				l.mistakes.add(at, hint, "redirect URI %q %s", uri, reason)
			}
			if before := seen[uri]; before != "" && before != platform.name {
				l.mistakes.add(at, "Entra accepts each URI on one platform only", "redirect URI %q is already declared under %s", uri, before)
			}
			seen[uri] = platform.name
		}
	}
	if uri := a.DefaultRedirectURI; uri != nil && seen[*uri] == "" {
		l.mistakes.add(l.at(s, "Application", a.Name, "defaultRedirectUri"), oneOf(*uri, names(seen)), "defaultRedirectUri %q is not a redirect URI of the application", *uri)
	}
}

// checkEntitlements checks scopes and roles: tokens identify them by value, Entra by
// id.
func (l *loader) checkEntitlements(s *loaded, a *Application) {
	at := func(path ...any) Position { return l.at(s, "Application", a.Name, path...) }
	ids := map[string]string{} // id → its scope or role
	scopeID := map[string]string{}
	for i, scope := range a.API.OAuth2PermissionScopes {
		where := []any{"api", "oauth2PermissionScopes", i}
		if _, twice := scopeID[scope.Value]; twice {
			l.mistakes.add(at(append(where, "value")...), "", "scope %q is declared twice", scope.Value)
		}
		scopeID[scope.Value] = strings.ToLower(scope.ID)
		if id := strings.ToLower(scope.ID); id != "" {
			if other := ids[id]; other != "" {
				l.mistakes.add(at(append(where, "id")...), "", "scope %s has the id of %s", scope.Value, other)
			}
			ids[id] = "scope " + scope.Value
		}
	}
	l.checkOptionalClaims(s, a)
	roles := map[string]bool{}
	for i, role := range a.AppRoles {
		where := []any{"appRoles", i}
		if roles[role.Value] {
			l.mistakes.add(at(append(where, "value")...), "", "role %q is declared twice", role.Value)
		}
		roles[role.Value] = true
		id := strings.ToLower(role.ID)
		if other, shared := scopeID[role.Value]; shared && (id == "" || id != other) {
			l.mistakes.add(at(append(where, "value")...), "set the same id on both, or give one of them another value",
				"role %s and a scope share their value but not their id", role.Value)
		} else if shared {
			l.checkShared(a, role, at(where...))
		} else if other := ids[id]; id != "" && other != "" && other != "scope "+role.Value {
			l.mistakes.add(at(append(where, "id")...), "", "role %s has the id of %s", role.Value, other)
		}
		if id != "" {
			ids[id] = "role " + role.Value
		}
	}
}

// checkShared checks that a scope and a role with one id are equal, as Entra requires.
func (l *loader) checkShared(a *Application, role AppRole, at Position) {
	for _, scope := range a.API.OAuth2PermissionScopes {
		if scope.Value != role.Value {
			continue
		}
		name, description := cmp.Or(scope.AdminConsentDisplayName, role.DisplayName), cmp.Or(role.Description, role.DisplayName)
		description = cmp.Or(scope.AdminConsentDescription, description)
		on := func(enabled *bool) bool { return enabled == nil || *enabled }
		if name != role.DisplayName || description != cmp.Or(role.Description, role.DisplayName) || on(scope.IsEnabled) != on(role.IsEnabled) {
			l.mistakes.add(at, "set the role's displayName, description and isEnabled to the scope's adminConsentDisplayName, adminConsentDescription and isEnabled",
				"role %s and scope %s share an id, but their names, descriptions or isEnabled differ", role.Value, scope.Value)
		}
	}
}

// checkOptionalClaims checks that a kind of token contains a claim only once.
func (l *loader) checkOptionalClaims(s *loaded, a *Application) {
	if a.OptionalClaims == nil {
		return
	}
	for _, token := range []struct {
		field  string
		claims []OptionalClaim
	}{{"accessToken", a.OptionalClaims.AccessToken}, {"idToken", a.OptionalClaims.IDToken}, {"saml2Token", a.OptionalClaims.Saml2Token}} {
		seen := map[string]bool{}
		for i, c := range token.claims {
			name := c.Name
			if c.Source != nil && *c.Source != "" {
				name = *c.Source + "/" + name
			}
			if seen[name] {
				l.mistakes.add(l.at(s, "Application", a.Name, "optionalClaims", token.field, i, "name"), "", "optional claim %q is declared twice", c.Name)
			}
			seen[name] = true
		}
	}
}

func (a *Application) scopeValues() []string {
	var all []string
	for _, scope := range a.API.OAuth2PermissionScopes {
		all = append(all, scope.Value)
	}
	return all
}

func (a *Application) roleValues() []string {
	var all []string
	for _, role := range a.AppRoles {
		all = append(all, role.Value)
	}
	return all
}

// allows reports whether a kind of member may have a role. An unknown role is another mistake.
func (a *Application) allows(role, memberType string) bool {
	for _, r := range a.AppRoles {
		if r.Value == role {
			return slices.Contains(r.AllowedMemberTypes, memberType)
		}
	}
	return true
}

func (l *loader) checkAssignments(s *loaded, a *Application) {
	for i, ra := range a.RoleAssignments {
		at := func(path ...any) Position {
			return l.at(s, "Application", a.Name, append([]any{"roleAssignments", i}, path...)...)
		}
		switch {
		case s.broken(a.Name):
		case ra.Role == "" && len(a.AppRoles) > 0:
			l.mistakes.add(at(), "choose one of: "+strings.Join(a.roleValues(), ", "), "the assignment names no role; default access is for applications that declare none")
		case ra.Role != "" && !slices.Contains(a.roleValues(), ra.Role):
			l.mistakes.add(at("role"), oneOf(ra.Role, a.roleValues()), "unknown role %q", ra.Role)
		}
		if len(ra.Users)+len(ra.Groups)+len(ra.Applications) == 0 {
			l.mistakes.add(at(), "add users, groups or applications", "role %q is assigned to nobody", ra.Role)
		}
		for _, who := range []struct {
			field, memberType string
			given             []string
			known             func(string) bool
			all               func() []string
		}{
			{"users", "User", ra.Users, has(s.users), all(s.users)},
			{"groups", "User", ra.Groups, has(s.groups), all(s.groups)},
			{"applications", "Application", ra.Applications, has(s.applications), all(s.applications)},
		} {
			for j, name := range who.given {
				if !who.known(name) {
					hint := oneOf(name, who.all())
					if strings.Contains(name, "/") {
						hint = "roles of an application are declared in its own stack: declare this there, under permissions"
					}
					l.mistakes.add(at(who.field, j), hint, "unknown %s %q", strings.TrimSuffix(who.field, "s"), name)
				} else if !a.allows(ra.Role, who.memberType) && !s.broken(a.Name) {
					l.mistakes.add(at(who.field, j), "add "+who.memberType+" to the role's allowedMemberTypes",
						"role %s cannot be given to %s %s: its allowedMemberTypes have no %s", ra.Role, strings.TrimSuffix(who.field, "s"), name, who.memberType)
				}
			}
		}
	}
}

// has reports whether a map contains a name.
func has[V any](m map[string]V) func(string) bool {
	return func(name string) bool { _, ok := m[name]; return ok }
}

// all returns the names of a map, in order.
func all[V any](m map[string]V) func() []string { return func() []string { return names(m) } }

func (l *loader) checkPermissions(s *loaded, a *Application) {
	for i, p := range a.Permissions {
		at := func(path ...any) Position {
			return l.at(s, "Application", a.Name, append([]any{"permissions", i}, path...)...)
		}
		if len(p.Scopes)+len(p.Roles) == 0 {
			l.mistakes.add(at(), "add scopes or roles", "the permissions of %s are empty", p.Resource)
		}
		owner, resource := l.resource(s, p.Resource, at("resource"))
		if resource == nil || owner.broken(resource.Name) || resource.Existing {
			continue
		}
		for j, scope := range p.Scopes {
			if !slices.Contains(resource.scopeValues(), scope) {
				hint := oneOf(scope, resource.scopeValues())
				if slices.Contains(resource.roleValues(), scope) {
					hint = "it is a role: move it to roles"
				}
				l.mistakes.add(at("scopes", j), hint, "%s has no scope %q", p.Resource, scope)
			}
		}
		for j, role := range p.Roles {
			if !slices.Contains(resource.roleValues(), role) {
				hint := oneOf(role, resource.roleValues())
				if slices.Contains(resource.scopeValues(), role) {
					hint = "it is a scope: move it to scopes"
				}
				l.mistakes.add(at("roles", j), hint, "%s has no role %q", p.Resource, role)
			} else if !resource.allows(role, "Application") {
				l.mistakes.add(at("roles", j), "add Application to the role's allowedMemberTypes",
					"role %s cannot be given to application %s: its allowedMemberTypes have no Application", role, a.Name)
			}
		}
	}
}

func (l *loader) checkClients(s *loaded, a *Application) {
	for i, p := range a.API.PreAuthorizedApplications {
		at := func(path ...any) Position {
			return l.at(s, "Application", a.Name, append([]any{"api", "preAuthorizedApplications", i}, path...)...)
		}
		l.resource(s, p.Application, at("application"))
		for j, scope := range p.Scopes {
			if !slices.Contains(a.scopeValues(), scope) && !s.broken(a.Name) {
				l.mistakes.add(at("scopes", j), oneOf(scope, a.scopeValues()), "unknown scope %q", scope)
			}
		}
	}
	for i, name := range a.API.KnownClientApplications {
		l.resource(s, name, l.at(s, "Application", a.Name, "api", "knownClientApplications", i))
	}
}

// resource finds the application that ref names. It returns nil for an application that
// only the tenant contains: Microsoft Graph, an appId, or an application of another
// folder's stack.
func (l *loader) resource(s *loaded, ref string, at Position) (owner *loaded, a *Application) {
	if a := s.applications[ref]; a != nil {
		return s, a
	}
	if IsMicrosoftGraph(ref) || IsID(ref) {
		return nil, nil
	}
	if stack, name, ok := strings.Cut(ref, "/"); ok {
		owner := l.stacks[stack]
		if owner == nil {
			return nil, nil
		}
		if a := owner.applications[name]; a != nil {
			return owner, a
		}
		l.mistakes.add(at, oneOf(name, names(owner.applications)), "stack %s has no application %q", stack, name)
		return nil, nil
	}
	known := append(names(s.applications), "Microsoft Graph")
	hint := oneOf(ref, known)
	if Nearest(ref, known) == "" {
		hint += "; name any other application by its appId, or as STACK/NAME"
	}
	l.mistakes.add(at, hint, "unknown application %q", ref)
	return nil, nil
}
