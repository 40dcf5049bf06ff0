package directory

import (
	"regexp"
	"slices"
	"strings"
)

// names gives each object of a directory a name that does not depend on its id: a
// uniqueName, a user principal name, or else a display name.
type names struct {
	of        map[string]string            // by object id, appId or tenant id
	resources map[string]*ServicePrincipal // by object id and by appId
	apps      map[string]*Application      // by appId
}

func (v View) names() names {
	n := names{map[string]string{v.tenant.ID: "${tenant.id}"}, map[string]*ServicePrincipal{}, map[string]*Application{}}
	for app := range each[Application](v.reader, applications, "id") {
		name := app.DisplayName
		if app.UniqueName != nil {
			name = *app.UniqueName
		}
		n.of[app.ID] = name
		n.of[app.AppID] = "${" + name + ".appId}"
		n.apps[app.AppID] = app
	}
	for sp := range each[ServicePrincipal](v.reader, servicePrincipals, "id") {
		n.resources[sp.ID], n.resources[sp.AppID] = sp, sp
		if app, ok := n.apps[sp.AppID]; ok {
			n.of[sp.ID] = n.of[app.ID]
			continue
		}
		n.of[sp.ID] = sp.DisplayName
		n.of[sp.AppID] = sp.DisplayName
		// Another tenant gets the name of the first of its applications in this
		// directory.
		if owner := strings.ToLower(text(sp.AppOwnerOrganizationID)); owner != "" && owner != microsoftTenantID {
			if name := "${" + sp.DisplayName + ".tenant.id}"; n.of[owner] == "" || name < n.of[owner] {
				n.of[owner] = name
			}
		}
	}
	for u := range v.AdministrativeUnits() {
		n.of[u.ID] = u.DisplayName
	}
	for d := range v.RoleDefinitions() {
		n.of[d.ID] = d.DisplayName
	}
	for u := range each[User](v.reader, users, "id") {
		n.of[u.ID] = strings.TrimPrefix(u.UserPrincipalName, deletedPrefix(u.ID))
	}
	for g := range each[Group](v.reader, groups, "id") {
		n.of[g.ID] = g.DisplayName
		if g.UniqueName != nil {
			n.of[g.ID] = *g.UniqueName
		}
	}
	return n
}

var guids = regexp.MustCompile(`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`)

// named replaces the ids in a text by names. Unknown ids stay.
func (n names) named(text string) string {
	return guids.ReplaceAllStringFunc(text, func(id string) string {
		if name, ok := n.of[strings.ToLower(id)]; ok {
			return name
		}
		return id
	})
}

// passing are the properties that depend on chance or time, in every object.
var passing = []string{"id", "appId", "keyId", "createdDateTime", "lastPasswordChangeDateTime", "deletedDateTime", "startDateTime", "endDateTime",
	"renewedDateTime", "externalUserStateChangeDateTime", "templateId", "hint", "secretText", "customKeyIdentifier", "securityIdentifier"}

// describe returns an object's canonical form.
func (n names) describe(object any) (any, error) {
	switch o := object.(type) {
	case *AppRoleAssignment:
		return map[string]any{
			"principal": n.of[o.PrincipalID], "principalType": o.PrincipalType,
			"resource": n.of[o.ResourceID], "role": n.permission(o.ResourceID, o.AppRoleID),
		}, nil
	case *RoleAssignment:
		scope, _ := strings.CutPrefix(o.DirectoryScopeID, wholeDirectory)
		return map[string]any{
			"principal": n.of[o.PrincipalID], "role": n.named(o.RoleDefinitionID), "scope": n.named(scope),
		}, nil
	case *OAuth2PermissionGrant:
		scopes := strings.Fields(o.Scope)
		slices.Sort(scopes)
		return map[string]any{
			"client": n.of[o.ClientID], "resource": n.of[o.ResourceID], "consentType": o.ConsentType,
			"principal": n.of[text(o.PrincipalID)], "scope": strings.Join(scopes, " "),
		}, nil
	case *Application:
		o = o.Clone()
		for i, required := range o.RequiredResourceAccess {
			for j, access := range required.ResourceAccess {
				o.RequiredResourceAccess[i].ResourceAccess[j].Type = access.Type + " " + n.permission(required.ResourceAppID, access.ID)
			}
		}
		for _, authorized := range o.API.PreAuthorizedApplications {
			for i, id := range authorized.DelegatedPermissionIDs {
				authorized.DelegatedPermissionIDs[i] = n.permission(o.AppID, id)
			}
		}
		blankKeys(o.KeyCredentials)
		object = o
	case *ServicePrincipal:
		object = ownProperties(o)
	case *User:
		o = o.Clone()
		o.UserPrincipalName = n.of[o.ID]
		object = o
	}
	entry, err := asMap(object)
	if err != nil {
		return nil, err
	}
	if err := addRelations(entry, object); err != nil {
		return nil, err
	}
	switch o := object.(type) {
	case *ServicePrincipal:
		entry["application"] = n.of[o.ID]
	case *User:
		entry["forceChangePasswordNextSignIn"] = o.ForceChange
	}
	if pre, ok := entry["api"].(map[string]any); ok {
		renameAppIDs(pre["preAuthorizedApplications"])
	}
	return n.canonical(entry), nil
}

// renameAppIDs keeps the appId of entries that describe an application.
func renameAppIDs(list any) {
	entries, _ := list.([]any)
	for _, e := range entries {
		if entry, ok := e.(map[string]any); ok {
			entry["application"] = entry["appId"]
		}
	}
}

// ownProperties removes the properties that a service principal mirrors from its
// application.
func ownProperties(sp *ServicePrincipal) *ServicePrincipal {
	sp = sp.Clone()
	sp.AppRoles, sp.OAuth2PermissionScopes = nil, nil
	sp.Tags = sp.OwnTags
	blankKeys(sp.KeyCredentials)
	return sp
}

func blankKeys(credentials []KeyCredential) {
	for i := range credentials {
		credentials[i].Key = nil
	}
}

// permission returns the name of a role or scope of a resource, which is identified by its
// object id or appId.
func (n names) permission(resource, id string) string {
	if sp, ok := n.resources[resource]; ok {
		for _, r := range sp.AppRoles {
			if same(r.ID, id) && text(r.Value) != "" {
				return *r.Value
			}
		}
		for _, s := range sp.OAuth2PermissionScopes {
			if same(s.ID, id) {
				return s.Value
			}
		}
	}
	if app, ok := n.apps[resource]; ok {
		for _, s := range app.API.OAuth2PermissionScopes {
			if same(s.ID, id) {
				return s.Value
			}
		}
	}
	return id
}

// canonical walks a decoded JSON value.
func (n names) canonical(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if slices.Contains(passing, name) {
				delete(v, name)
				continue
			}
			v[name] = n.canonical(member)
		}
		return v
	case []string:
		list := make([]any, len(v))
		for i, entry := range v {
			list[i] = n.named(entry)
		}
		return sortedByText(list)
	case []any:
		for i, entry := range v {
			v[i] = n.canonical(entry)
		}
		return sortedByText(v)
	case string:
		return n.named(v)
	}
	return value
}
