package adopt

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// application writes azuread_application.
func (e *exporter) application(a *exportedApp) {
	p := a.live.Properties
	b := a.file.resource(a.address(), "/applications/"+a.live.ID)
	info := member(p, "info")
	b.text("display_name", text(p, "displayName"))
	b.text("description", text(p, "description"))
	b.yes("device_only_auth_enabled", flag(p, "isDeviceOnlyAuthSupported"))
	b.yes("fallback_public_client_enabled", flag(p, "isFallbackPublicClient"))
	b.texts("group_membership_claims", commas(text(p, "groupMembershipClaims")))
	b.texts("identifier_uris", texts(p, "identifierUris"))
	b.text("marketing_url", text(info, "marketingUrl"))
	b.text("notes", text(p, "notes"))
	b.yes("oauth2_post_response_required", a.postResponse)
	b.list("owners", e.owners(a, a.live.Key))
	b.text("privacy_statement_url", text(info, "privacyStatementUrl"))
	b.text("service_management_reference", text(p, "serviceManagementReference"))
	if audience := text(p, "signInAudience"); audience != "AzureADMyOrg" {
		b.text("sign_in_audience", audience)
	}
	b.text("support_url", text(info, "supportUrl"))
	b.tags(texts(p, "tags"))
	b.text("terms_of_service_url", text(info, "termsOfServiceUrl"))
	e.api(a, b)
	for _, role := range byID(list(p, "appRoles")) {
		r := b.nested("app_role")
		r.text("id", text(role, "id"))
		r.texts("allowed_member_types", texts(role, "allowedMemberTypes"))
		r.text("description", text(role, "description"))
		r.text("display_name", text(role, "displayName"))
		r.no("enabled", flag(role, "isEnabled"))
		r.text("value", text(role, "value"))
	}
	optionalClaims(b, member(p, "optionalClaims"))
	e.requiredAccess(a, b)
	b.ignoring(a.redirects(b)...)
}

// api writes the scopes of the application.
func (e *exporter) api(a *exportedApp, b body) {
	api := member(a.live.Properties, "api")
	version, _ := api["requestedAccessTokenVersion"].(float64)
	known, scopes := texts(api, "knownClientApplications"), byID(list(api, "oauth2PermissionScopes"))
	if len(known)+len(scopes) == 0 && version < 2 && !flag(api, "acceptMappedClaims") {
		return
	}
	n := b.nested("api")
	slices.Sort(known)
	clients := make([]expression, len(known))
	for i, appID := range known {
		clients[i] = e.clientID(a, appID)
	}
	n.list("known_client_applications", clients)
	n.yes("mapped_claims_enabled", flag(api, "acceptMappedClaims"))
	if version > 1 {
		n.number("requested_access_token_version", int64(version))
	}
	for _, scope := range scopes {
		s := n.nested("oauth2_permission_scope")
		s.text("id", text(scope, "id"))
		s.text("admin_consent_description", text(scope, "adminConsentDescription"))
		s.text("admin_consent_display_name", text(scope, "adminConsentDisplayName"))
		s.no("enabled", flag(scope, "isEnabled"))
		if kind := text(scope, "type"); kind != "User" {
			s.text("type", kind)
		}
		s.text("user_consent_description", text(scope, "userConsentDescription"))
		s.text("user_consent_display_name", text(scope, "userConsentDisplayName"))
		s.text("value", text(scope, "value"))
	}
}

// clientID returns the appId of an application, as a reference where a can have one.
func (e *exporter) clientID(a *exportedApp, appID string) expression {
	if other := e.apps[appID]; other != nil && e.mayUse(a.appID, appID) {
		return other.address().reference("client_id")
	}
	x := literal(appID)
	x.remark = e.directory.resources[appID].displayName
	return x
}

// requiredAccess writes the permissions that the application requests. The provider compares
// their order, too.
func (e *exporter) requiredAccess(a *exportedApp, b body) {
	for _, entry := range list(a.live.Properties, "requiredResourceAccess") {
		appID := text(entry, "resourceAppId")
		n := b.nested("required_resource_access")
		client := e.clientID(a, appID)
		n.set("resource_app_id", client)
		other := e.apps[appID]
		for _, access := range list(entry, "resourceAccess") {
			permission := n.nested("resource_access")
			id, kind := text(access, "id"), text(access, "type")
			offered, attribute := e.directory.resources[appID].scopes, "oauth2_permission_scope_ids"
			if kind == "Role" {
				offered, attribute = e.directory.resources[appID].roles, "app_role_ids"
			}
			x := literal(id)
			switch value := offered[strings.ToLower(id)]; {
			case other != nil && e.uses[a.appID][appID] && only(offered, value):
				x = other.address().reference(attribute, value)
			default:
				x.remark = value
			}
			permission.set("id", x)
			permission.text("type", kind)
		}
	}
}

// only reports whether the value occurs exactly once and is not empty.
func only(offered map[string]string, value string) bool {
	n := 0
	for v := range maps.Values(offered) {
		if v == value {
			n++
		}
	}
	return value != "" && n == 1
}

// optionalClaims writes the optional claims of tokens. The provider compares their order, too.
func optionalClaims(b body, claims map[string]any) {
	tokens := []struct{ property, block string }{{"accessToken", "access_token"}, {"idToken", "id_token"}, {"saml2Token", "saml2_token"}}
	if !slices.ContainsFunc(tokens, func(t struct{ property, block string }) bool { return len(list(claims, t.property)) > 0 }) {
		return
	}
	n := b.nested("optional_claims")
	for _, t := range tokens {
		for _, e := range list(claims, t.property) {
			claim, _ := e.(map[string]any)
			c := n.nested(t.block)
			c.text("name", text(claim, "name"))
			c.text("source", text(claim, "source"))
			c.yes("essential", flag(claim, "essential"))
			c.list("additional_properties", literals(texts(claim, "additionalProperties")))
		}
	}
}

// redirects writes the platforms of the application. It leaves out a platform with a
// redirect URI that the provider refuses, and Terraform ignores changes of this block.
func (a *exportedApp) redirects(b body) (ignored []string) {
	platform := func(property, name string, accepts func(string) bool) (uris []string, ok bool) {
		uris = texts(member(a.live.Properties, property), "redirectUris")
		for _, uri := range uris {
			if !accepts(uri) {
				ignored = append(ignored, name)
				a.lose(property, "the provider refuses the redirect URI "+uri+"; the platform stays as it is")
				return nil, false
			}
		}
		return uris, true
	}
	if uris, ok := platform("publicClient", "public_client", acceptsForClients); ok && len(uris) > 0 {
		b.nested("public_client").texts("redirect_uris", uris)
	}
	if uris, ok := platform("spa", "single_page_application", acceptsForPages); ok && len(uris) > 0 {
		b.nested("single_page_application").texts("redirect_uris", uris)
	}
	uris, ok := platform("web", "web", acceptsForWeb)
	web := member(a.live.Properties, "web")
	implicit := member(web, "implicitGrantSettings")
	tokens, ids := flag(implicit, "enableAccessTokenIssuance"), flag(implicit, "enableIdTokenIssuance")
	home, logout := text(web, "homePageUrl"), text(web, "logoutUrl")
	if !ok || len(uris) == 0 && !tokens && !ids && home == "" && logout == "" {
		return ignored
	}
	n := b.nested("web")
	n.text("homepage_url", home)
	n.text("logout_url", logout)
	n.texts("redirect_uris", uris)
	if tokens || ids {
		i := n.nested("implicit_grant")
		i.yes("access_token_issuance_enabled", tokens)
		i.yes("id_token_issuance_enabled", ids)
	}
	return ignored
}

// acceptsForPages and the others are the provider's rules for redirect URIs.
// Source: IsRedirectUriFunc in the provider.
func acceptsForPages(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.Host != "" && u.Path != "" && len(uri) <= 256 && slices.Contains([]string{"http", "https", "ms-appx-web", "brk-multihub"}, u.Scheme)
}

func acceptsForWeb(uri string) bool { return isURN(uri) || acceptsForPages(uri) }

func acceptsForClients(uri string) bool {
	u, err := url.Parse(uri)
	return isURN(uri) || err == nil && u.Host != "" && len(uri) <= 256
}

func isURN(uri string) bool {
	return strings.HasPrefix(uri, "urn:") && strings.Count(uri, ":") >= 2
}

// servicePrincipal writes azuread_service_principal.
func (e *exporter) servicePrincipal(a *exportedApp) {
	if a.sp == nil {
		return
	}
	p := a.sp.Properties
	b := a.file.resource(a.principal(), "/servicePrincipals/"+a.sp.ID)
	b.set("client_id", a.address().reference("client_id"))
	b.no("account_enabled", p["accountEnabled"] != false)
	b.texts("alternative_names", texts(p, "alternativeNames"))
	b.yes("app_role_assignment_required", flag(p, "appRoleAssignmentRequired"))
	b.text("description", text(p, "description"))
	b.text("login_url", text(p, "loginUrl"))
	b.text("notes", text(p, "notes"))
	b.texts("notification_email_addresses", texts(p, "notificationEmailAddresses"))
	b.list("owners", e.owners(a, a.sp.Key))
	b.text("preferred_single_sign_on_mode", text(p, "preferredSingleSignOnMode"))
	b.tags(texts(p, "tags"))
	if state := text(member(p, "samlSingleSignOnSettings"), "relayState"); state != "" {
		b.nested("saml_single_sign_on").text("relay_state", state)
	}
}

// tags writes the tags of an application. If all of them are provision's own, the configuration
// has no tags, and Terraform does not compare them.
func (b body) tags(tags []string) {
	if slices.ContainsFunc(tags, func(tag string) bool { return !strings.HasPrefix(tag, stack.OwnTags) }) {
		b.texts("tags", tags)
	}
}

// owners returns the owners of an application or a service principal.
func (e *exporter) owners(a *exportedApp, of plan.Key) []expression {
	var ids []string
	for _, o := range e.relations[of] {
		if o.Kind == plan.Owner {
			ids = append(ids, o.PrincipalID)
		}
	}
	slices.SortFunc(ids, func(x, y string) int { return strings.Compare(e.calledByPeople(x), e.calledByPeople(y)) })
	all := make([]expression, len(ids))
	for i, id := range ids {
		appID := e.directory.principals[id]
		if e.apps[appID] != nil && !e.mayUse(a.appID, appID) {
			all[i] = literal(id)
			all[i].remark = e.directory.resources[appID].displayName
			continue
		}
		all[i] = e.principalID(id)
	}
	return all
}

// calledByPeople returns the sort key of a principal, which is the same in every tenant.
func (e *exporter) calledByPeople(id string) string {
	switch {
	case e.directory.users[id] != "":
		return e.directory.users[id]
	case e.directory.principals[id] != "":
		return e.directory.resources[e.directory.principals[id]].displayName + " " + id
	}
	return text(e.directory.groups[id], "displayName") + " " + id
}

// byID are scopes or roles by their value, then by their id.
func byID(entries []any) []map[string]any {
	var all []map[string]any
	for _, e := range entries {
		if m, ok := e.(map[string]any); ok {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(x, y map[string]any) int {
		return strings.Compare(text(x, "value")+"\x00"+text(x, "id"), text(y, "value")+"\x00"+text(y, "id"))
	})
	return all
}

func commas(s string) (all []string) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
