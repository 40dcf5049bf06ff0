package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"provision/internal/microsoft"
	"provision/stack"
)

// application declares a registration, its service principal, the assignments of its roles, the
// consent to its permissions, its credentials and its owners.
func (d *declaration) application(s *stack.Stack, a *stack.Application) {
	k := d.applicationKey(s, a.Name)
	for _, ra := range a.RoleAssignments {
		for _, name := range ra.Users {
			d.assign(s, a, k, ra, d.userKey(s, name), ID)
		}
		for _, name := range ra.Groups {
			d.assign(s, a, k, ra, d.groupKey(s, name), ID)
		}
		for _, name := range ra.Applications {
			d.assign(s, a, k, ra, d.applicationKey(s, name), ServicePrincipalID)
		}
	}
	required := d.permissions(s, a, k)
	d.owners(s, k, a.Owners, a.Pos, a.Existing)
	if a.Existing {
		return
	}
	if s.Home != "" {
		d.customer(s, a, k)
		return
	}
	properties := object(a)
	for _, p := range []string{"servicePrincipal", "roleAssignments", "permissions", "secrets", "certificates", "federatedCredentials", "owners", "adopt", "customers"} {
		delete(properties, p)
	}
	d.values(s, a, properties)
	// Properties that let somebody sign in are owned as a whole: if they are not
	// declared, they are empty.
	tags := list(properties, "tags")
	for _, mark := range s.MarksOf(a) {
		tags = union(tags, []any{mark})
	}
	properties["tags"] = tags
	properties["identifierUris"] = list(properties, "identifierUris")
	d.noteRefusedURIs(a, k)
	properties["isFallbackPublicClient"] = a.IsFallbackPublicClient
	properties["requiredResourceAccess"] = required
	properties["appRoles"] = d.roles(s, a, k)
	if live := d.state.Objects[k]; live != nil && sameWords(text(live.Properties, "groupMembershipClaims"), a.GroupClaims()) {
		properties["groupMembershipClaims"] = live.Properties["groupMembershipClaims"] // their order has no meaning
	}
	api := member(properties, "api")
	api["oauth2PermissionScopes"] = d.scopes(s, a, k)
	api["preAuthorizedApplications"] = d.preAuthorized(s, a, k)
	if known := list(api, "knownClientApplications"); len(known) > 0 {
		for i, ref := range known {
			known[i] = d.clientID(s, a, ref.(string))
		}
	}
	web := member(properties, "web")
	web["redirectUris"] = list(web, "redirectUris")
	web["implicitGrantSettings"] = map[string]any{
		"enableAccessTokenIssuance": a.Web.ImplicitGrantSettings.EnableAccessTokenIssuance,
		"enableIdTokenIssuance":     a.Web.ImplicitGrantSettings.EnableIDTokenIssuance,
	}
	for _, platform := range []string{"spa", "publicClient"} {
		m := member(properties, platform)
		m["redirectUris"] = list(m, "redirectUris")
	}
	registration := &Declared{Object: Object{Key: k, Stack: s.Name, Properties: properties},
		pos: a.Pos, certificates: a.Certificates, ignore: a.Protection.Ignore}
	for _, p := range a.API.PreAuthorizedApplications {
		registration.clients = append(registration.clients, d.applicationKey(s, p.Application))
	}
	d.add(registration)

	if a.ServicePrincipal.Managed() {
		sp := object(a.ServicePrincipal)
		delete(sp, "create")
		sp["accountEnabled"] = a.ServicePrincipal.AccountEnabled == nil || *a.ServicePrincipal.AccountEnabled
		d.values(s, a, sp)
		d.add(&Declared{Object: Object{Key: Key{ServicePrincipal, k.Name}, Stack: s.Name, Properties: sp}, pos: a.Pos})
	} else {
		d.left[Key{ServicePrincipal, k.Name}] = true
	}

	for _, secret := range a.Secrets {
		d.add(&Declared{Object: Object{Key: SecretKey(k, secret.Name), Stack: s.Name, Ends: Ends{Resource: k}}, pos: a.Pos, secret: secret, needs: d.sinkNeeds(s, secret.Sink)})
	}
	for _, stated := range a.FederatedCredentials {
		for _, federated := range stated.Credentials() {
			properties := federated.Properties()
			d.values(s, a, properties)
			if federated.ManagedIdentity != "" {
				properties["subject"] = d.managedIdentity(s, a, federated)
			}
			d.add(&Declared{Object: Object{Key: FederatedKey(k, federated.Name), Stack: s.Name, Properties: properties, Ends: Ends{Resource: k}}, pos: a.Pos})
		}
	}
}

// managedIdentity returns the object id of a managed identity. Tokens of the identity have this id
// as their subject.
func (d *declaration) managedIdentity(s *stack.Stack, a *stack.Application, f stack.FederatedCredential) any {
	k := d.applicationKey(s, f.ManagedIdentity)
	if live := d.state.Objects[k]; live != nil && text(live.Properties, "servicePrincipalType") != "ManagedIdentity" {
		d.mistake(f.Pos, "set issuer and subject of the trusted tokens", "federated credential %s of application %s: %s is not a managed identity", f.Name, a.Name, f.ManagedIdentity)
	}
	return Reference(k, ServicePrincipalID).Resolve(d.state.Lookup)
}

func (d *declaration) scopes(s *stack.Stack, a *stack.Application, k Key) []any {
	all := []any{}
	for _, scope := range a.API.OAuth2PermissionScopes {
		m := object(scope)
		m["id"] = d.entitlements(k).scopes[scope.Value]
		m["type"] = cmp.Or(scope.Type, "User")
		m["isEnabled"] = scope.IsEnabled == nil || *scope.IsEnabled
		var twin stack.AppRole // they have one value and therefore one id: Entra requires that they are equal
		if i := slices.IndexFunc(a.AppRoles, func(r stack.AppRole) bool { return r.Value == scope.Value }); i >= 0 {
			twin = a.AppRoles[i]
		}
		m["adminConsentDisplayName"] = cmp.Or(scope.AdminConsentDisplayName, twin.DisplayName, scope.Value)
		m["adminConsentDescription"] = cmp.Or(scope.AdminConsentDescription, twin.Description, twin.DisplayName, scope.AdminConsentDisplayName, scope.Value)
		all = append(all, d.values(s, a, m))
	}
	return all
}

func (d *declaration) roles(s *stack.Stack, a *stack.Application, k Key) []any {
	all := []any{}
	for _, role := range a.AppRoles {
		m := object(role)
		m["id"] = d.entitlements(k).roles[role.Value]
		m["description"] = cmp.Or(role.Description, role.DisplayName)
		m["isEnabled"] = role.IsEnabled == nil || *role.IsEnabled
		all = append(all, d.values(s, a, m))
	}
	return all
}

func (d *declaration) preAuthorized(s *stack.Stack, a *stack.Application, k Key) []any {
	all := []any{}
	scopes := d.entitlements(k).scopes
	byClient := map[any]map[string]any{} // a manifest may contain it twice: by its name and by its appId
	for _, p := range a.API.PreAuthorizedApplications {
		ids := []any{}
		for _, value := range p.Scopes {
			ids = append(ids, scopes[value])
		}
		client := d.clientID(s, a, p.Application)
		if have := byClient[client]; have != nil {
			have["delegatedPermissionIds"] = union(list(have, "delegatedPermissionIds"), ids)
			continue
		}
		byClient[client] = map[string]any{"appId": client, "delegatedPermissionIds": ids}
		all = append(all, byClient[client])
	}
	return all
}

// clientID returns the appId of a client that a manifest names. A client that is named by appId
// can be an application of Microsoft, which needs no service principal in the tenant.
func (d *declaration) clientID(s *stack.Stack, a *stack.Application, ref string) any {
	k := d.applicationKey(s, ref)
	id := Reference(k, AppID).Resolve(d.state.Lookup)
	if _, unknown := id.(Unknown); !unknown || d.applications[k] != nil {
		return id
	}
	if stack.IsID(ref) {
		id := strings.ToLower(ref)
		if _, known := microsoft.Find(id); !known && !d.names(s, a, id) {
			d.notes = append(d.notes, fmt.Sprintf("application %s names the client %s, which the tenant does not have: Entra accepts it only if it is a Microsoft application", a.Name, id))
		}
		return id
	}
	d.mistake(a.Pos, "apply the stack that declares it first, or name the client by its appId",
		"application %s names the client %q, which is neither in these manifests nor in the tenant", a.Name, ref)
	return nil
}

// names reports whether the tenant's application already contains a client.
func (d *declaration) names(s *stack.Stack, a *stack.Application, clientID string) bool {
	live := d.state.Objects[d.applicationKey(s, a.Name)]
	if live == nil {
		return false
	}
	api := sub(live.Properties, "api")
	return slices.Contains(list(api, "knownClientApplications"), any(clientID)) ||
		slices.ContainsFunc(list(api, "preAuthorizedApplications"), func(e any) bool { return text(e.(map[string]any), "appId") == clientID })
}

// permissions declares the consents and returns requiredResourceAccess.
func (d *declaration) permissions(s *stack.Stack, a *stack.Application, k Key) []any {
	required := []any{}
	access := map[Key][]any{}
	var order []Key
	for _, p := range a.Permissions {
		resource := d.applicationKey(s, p.Resource)
		offers := d.entitlements(resource)
		if !offers.known {
			hint := "apply the stack that declares it first, or name the resource by its appId"
			if stack.IsID(p.Resource) {
				hint = "correct the appId, or create its service principal in this tenant: `az ad sp create --id " + strings.ToLower(p.Resource) + "`"
			}
			d.mistake(cmp.Or(p.Pos, a.Pos), hint, "application %s asks for permissions of %q, which is neither in these manifests nor in the tenant", a.Name, p.Resource)
			continue
		}
		if p.AdminConsent || !d.asks(k, resource) {
			d.instance(a.Pos, resource)
		}
		if _, ok := access[resource]; !ok && !p.ConsentOnly() {
			access[resource] = []any{}
			order = append(order, resource)
		}
		want := func(values []string, places []stack.Position, ids, others map[string]string, kind, what, elsewhere string) {
			for i, value := range values {
				id, ok := ids[value]
				if !ok {
					hint := nearest(value, sorted(ids))
					if _, there := others[value]; there {
						hint = elsewhere
					}
					if live := d.state.Objects[resource]; live != nil && live.elsewhere() && s.Home != "" {
						hint = "if the manifests declare it, apply them to target " + s.Home + " first"
					}
					pos := a.Pos
					if i < len(places) {
						pos = places[i]
					}
					d.mistake(pos, hint, "application %s: %s has no %s %q", a.Name, p.Resource, what, value)
					continue
				}
				entry := map[string]any{"id": id, "type": kind}
				if !p.ConsentOnly() && !slices.ContainsFunc(access[resource], func(e any) bool {
					have := e.(map[string]any)
					return have["id"] == id && have["type"] == kind
				}) {
					access[resource] = append(access[resource], entry)
				}
			}
		}
		want(p.Scopes, p.ScopePos, offers.scopes, offers.roles, "Scope", "delegated permission", "it is an application permission: move it to roles")
		want(p.Roles, p.RolePos, offers.roles, offers.scopes, "Role", "application permission", "it is a delegated permission: move it to scopes")
		if !p.AdminConsent {
			continue
		}
		d.instance(a.Pos, k)
		if len(p.Scopes) > 0 {
			values := []any{}
			for _, v := range p.Scopes {
				values = append(values, v)
			}
			d.add(&Declared{Object: Object{Key: GrantKey(k, resource), Stack: s.Name, Properties: map[string]any{"scope": union(nil, values)}, Ends: Ends{Resource: resource, Principal: k}},
				pos: a.Pos})
		}
		for _, role := range p.Roles {
			if id, ok := offers.roles[role]; ok {
				d.add(&Declared{Object: Object{Key: AssignmentKey(resource, role, k), Stack: s.Name, Ends: Ends{Resource: resource, Principal: k}},
					pos: a.Pos, principalProperty: ServicePrincipalID, roleID: id})
			}
		}
	}
	for _, resource := range order {
		if len(access[resource]) == 0 {
			continue
		}
		required = append(required, map[string]any{
			"resourceAppId":  Reference(resource, AppID).Resolve(d.state.Lookup),
			"resourceAccess": access[resource],
		})
	}
	return required
}

// asks reports whether the tenant's application already requests permissions of a resource. Entra
// needs the service principal of the resource only for consent to these permissions.
func (d *declaration) asks(application, resource Key) bool {
	live, of := d.state.Objects[application], d.state.Objects[resource]
	return live != nil && of != nil && slices.ContainsFunc(list(live.Properties, "requiredResourceAccess"), func(e any) bool {
		return text(e.(map[string]any), "resourceAppId") == of.AppID
	})
}

// instance declares the service principal of one of Microsoft's applications if the tenant does
// not have it yet. No stack owns it.
func (d *declaration) instance(pos stack.Position, application Key) {
	live := d.state.Objects[application]
	if live == nil || live.ID != "" || live.ServicePrincipalID != "" || live.elsewhere() {
		return
	}
	k := Key{ServicePrincipal, application.Name}
	if d.objects[k] == nil {
		d.add(&Declared{Object: Object{Key: k, Display: live.Display, Properties: map[string]any{}}, pos: pos})
		d.notes = append(d.notes, fmt.Sprintf("the service principal of %s, which the tenant does not have yet, will not belong to any stack: destroy does not delete it", live.Display))
	}
}

func (d *declaration) assign(s *stack.Stack, a *stack.Application, resource Key, assignment stack.RoleAssignment, principal Key, property string) {
	id, role := stack.DefaultRoleID, assignment.Role
	if role != "" {
		var ok bool
		if id, ok = d.entitlements(resource).roles[role]; !ok {
			d.mistake(cmp.Or(assignment.Pos, a.Pos), nearest(role, sorted(d.entitlements(resource).roles)), "application %s has no role %q", a.Name, role)
			return
		}
	}
	d.instance(a.Pos, principal)
	d.add(&Declared{Object: Object{Key: AssignmentKey(resource, role, principal), Stack: s.Name, Ends: Ends{Resource: resource, Principal: principal}},
		pos: a.Pos, principalProperty: property, roleID: id})
}
