package adopt

import (
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// preAuthorized writes azuread_application_pre_authorized for each client.
func (e *exporter) preAuthorized(a *exportedApp) {
	clients := map[string]map[string]any{}
	var order []string
	for _, entry := range list(member(a.live.Properties, "api"), "preAuthorizedApplications") {
		m, _ := entry.(map[string]any)
		clients[text(m, "appId")] = m
		order = append(order, text(m, "appId"))
	}
	slices.Sort(order)
	for _, appID := range slices.Compact(order) {
		called := e.directory.resources[appID].displayName
		if other := e.apps[appID]; other != nil {
			called = other.name
		}
		if called == "" {
			called = "app " + appID
		}
		ids := texts(clients[appID], "delegatedPermissionIds")
		if len(ids) == 0 {
			a.lose("api.preAuthorizedApplications", "client "+appID+" has no scopes, which the provider refuses; it stays as it is")
			continue
		}
		b := a.file.resource(e.name("azuread_application_pre_authorized", a.name+" "+called), a.live.ID+"/preAuthorizedApplication/"+appID)
		b.set("application_id", a.address().reference("id"))
		if other := e.apps[appID]; other != nil {
			b.set("authorized_client_id", other.address().reference("client_id"))
		} else {
			b.text("authorized_client_id", appID)
		}
		offered := e.directory.resources[a.appID].scopes
		slices.SortFunc(ids, func(x, y string) int {
			return strings.Compare(offered[strings.ToLower(x)]+x, offered[strings.ToLower(y)]+y)
		})
		scopes := make([]expression, len(ids))
		for i, id := range ids {
			scopes[i] = literal(id)
			if value := offered[strings.ToLower(id)]; only(offered, value) {
				scopes[i] = a.address().reference("oauth2_permission_scope_ids", value)
			}
		}
		b.list("permission_ids", scopes)
	}
}

// credentials writes how the application signs in. Secrets cannot be imported.
func (e *exporter) credentials(a *exportedApp) {
	for _, o := range e.relations[a.live.Key] {
		if o.Kind == plan.Federated {
			e.federated(a, o)
		}
	}
	names := namer{}
	for _, entry := range list(a.live.Properties, "keyCredentials") {
		m, _ := entry.(map[string]any)
		if plan.UseOf(m, nil) == plan.OtherUse {
			continue // Entra signs with it
		}
		der, err := base64.StdEncoding.DecodeString(text(m, "key"))
		if err != nil || len(der) == 0 || text(m, "type") != "AsymmetricX509Cert" {
			a.lose("keyCredentials", "the certificate "+text(m, "displayName")+" cannot be read; it stays as it is")
			continue
		}
		name := names.name(text(m, "displayName"), "certificate-"+strings.ToLower(plan.Thumbprint(m))[:8])
		path := "certificates/" + a.fileName() + "-" + name + ".pem"
		e.file(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		b := a.file.resource(e.name("azuread_application_certificate", a.name+" "+name), a.live.ID+"/certificate/"+text(m, "keyId"))
		b.set("application_id", a.address().reference("id"))
		b.text("type", "AsymmetricX509Cert")
		b.set("value", fileOf(path))
		// The provider reads neither back, and a difference in one replaces the certificate.
		b.ignoring("encoding", "value")
	}
	for _, entry := range list(a.live.Properties, "passwordCredentials") {
		name := text(entry, "displayName")
		if name == "" {
			name = "without a name"
		}
		a.lose("passwordCredentials", "the client secret "+name+" (keyId "+text(entry, "keyId")+") cannot be imported; it stays as it is")
	}
}

func (e *exporter) federated(a *exportedApp, o *plan.Live) {
	p := o.Properties
	audiences := texts(p, "audiences")
	if flexible := e.flexible[o.ID]; flexible != nil && text(p, "subject") == "" {
		b := a.file.resource(e.name("azuread_application_flexible_federated_identity_credential", a.name+" "+text(p, "name")), "/applications/"+a.live.ID+"/federatedIdentityCredentials/"+o.ID)
		b.set("application_id", a.address().reference("id"))
		b.text("display_name", text(p, "name"))
		b.text("description", text(p, "description"))
		if len(audiences) > 0 {
			b.text("audience", audiences[0])
		}
		b.text("claims_matching_expression", text(member(flexible, "claimsMatchingExpression"), "value"))
		b.text("issuer", text(p, "issuer"))
		return
	}
	b := a.file.resource(e.name("azuread_application_federated_identity_credential", a.name+" "+text(p, "name")), a.live.ID+"/federatedIdentityCredential/"+o.ID)
	b.set("application_id", a.address().reference("id"))
	b.list("audiences", literals(audiences))
	b.text("description", text(p, "description"))
	b.text("display_name", text(p, "name"))
	b.text("issuer", text(p, "issuer"))
	b.text("subject", text(p, "subject"))
}

// relationsOf writes the assignments and consents of the application's roles and scopes, and its
// own permissions on applications that are not exported.
func (e *exporter) relationsOf(a *exportedApp) {
	for _, o := range e.relations[a.live.Key] {
		e.relation(a, o)
	}
	for _, o := range e.given[a.appID] {
		if e.apps[e.directory.principals[o.ResourceID]] == nil {
			e.relation(a, o)
		}
	}
}

func (e *exporter) relation(a *exportedApp, o *plan.Live) {
	resource := e.directory.principals[o.ResourceID]
	holder := e.servicePrincipalOf
	switch o.Kind {
	case plan.Assignment:
		id := text(o.Properties, "appRoleId")
		roles := e.directory.resources[resource].roles
		value := roles[strings.ToLower(id)]
		b := a.file.resource(e.name("azuread_app_role_assignment", strings.Join([]string{e.calledInNames(o.PrincipalID), e.calledInNames(o.ResourceID), value}, " ")),
			"/servicePrincipals/"+o.ResourceID+"/appRoleAssignedTo/"+o.ID)
		role := literal(id)
		switch {
		case only(roles, value):
			role = holder(resource).reference("app_role_ids", value)
		case id == stack.DefaultRoleID:
			role.remark = "access without a role"
		}
		b.set("app_role_id", role)
		b.set("principal_object_id", e.principalID(o.PrincipalID))
		b.set("resource_object_id", holder(resource).reference("object_id"))
	case plan.Grant:
		b := a.file.resource(e.name("azuread_service_principal_delegated_permission_grant", e.calledInNames(o.PrincipalID)+" "+e.calledInNames(o.ResourceID)),
			"/oauth2PermissionGrants/"+o.ID)
		b.texts("claim_values", texts(o.Properties, "scope"))
		b.set("resource_service_principal_object_id", holder(resource).reference("object_id"))
		b.set("service_principal_object_id", e.principalID(o.PrincipalID))
	}
}

// calledInNames returns the name of a principal for the names of resources.
func (e *exporter) calledInNames(id string) string {
	appID := e.directory.principals[id]
	if a := e.apps[appID]; a != nil {
		return a.name
	}
	if upn := e.directory.users[id]; upn != "" {
		name, _, _ := strings.Cut(upn, "@")
		return name
	}
	if g := e.directory.groups[id]; g != nil {
		return text(g, "displayName")
	}
	if name := e.directory.resources[appID].displayName; name != "" {
		return name
	}
	return id
}

// declareGroups writes azuread_group and azuread_group_member for the groups of stacks.
func (e *exporter) declareGroups(stacks []string) {
	file := newConfiguration()
	for _, o := range ordered(e.state) {
		if o.Kind != plan.Group || !slices.Contains(stacks, o.Stack) {
			continue
		}
		p := o.Properties
		a := e.name("azuread_group", text(p, "displayName"))
		e.groups[o.ID] = a
		b := file.resource(a, "/groups/"+o.ID)
		b.text("display_name", text(p, "displayName"))
		b.text("description", text(p, "description"))
		b.yes("mail_enabled", flag(p, "mailEnabled"))
		b.text("mail_nickname", text(p, "mailNickname"))
		b.yes("security_enabled", flag(p, "securityEnabled"))
		b.texts("types", texts(p, "groupTypes"))
		b.text("visibility", text(p, "visibility"))
		if rule := text(p, "membershipRule"); rule != "" {
			n := b.nested("dynamic_membership")
			n.set("enabled", truth(text(p, "membershipRuleProcessingState") != "Paused"))
			n.text("rule", rule)
		}
	}
	for _, o := range ordered(e.state) {
		group, ok := e.groups[o.ResourceID]
		if o.Kind != plan.Member || !ok {
			continue
		}
		b := file.resource(e.name("azuread_group_member", group.called+" "+e.calledInNames(o.PrincipalID)), o.ResourceID+"/member/"+o.PrincipalID)
		b.set("group_object_id", group.reference("object_id"))
		b.set("member_object_id", e.principalID(o.PrincipalID))
	}
	if len(file.file.Body().Blocks()) > 0 {
		e.file("groups.tf", file.bytes())
	}
}
