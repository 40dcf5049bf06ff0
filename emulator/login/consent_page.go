package login

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"provision/emulator/directory"
)

// consentTime is the maximum time for which a consent page can stay open.
const consentTime = time.Hour

// consentState is the state in the consent form: the request, the user and the
// permissions. The user consents to the permissions that the page showed, even if the
// registrations have changed since then.
type consentState struct {
	signInState
	TenantID  string       `json:"tenantId"`
	SessionID string       `json:"sessionId"`
	Lacking   consentSet   `json:"lacking"` // the consent that is missing
	Shown     consentSet   `json:"shown"`   // everything that the page showed
	Needs     consentRight `json:"needs"`   // the right that is required to accept
}

// consentSet contains the scopes of a consent: values by the resource's appId.
type consentSet struct {
	Scopes map[string][]string `json:"scopes"`
	Roles  map[string][]string `json:"roles"` // ids of application permissions
}

func (a *authorization) consentSet(all []permissions) consentSet {
	given := consentSet{map[string][]string{}, map[string][]string{}}
	for _, d := range a.demands {
		if d.resource.absent { // included although it may not grant anything
			given.Scopes[d.resource.principal.AppID] = nil
		}
	}
	for _, p := range all {
		appID := p.resource.principal.AppID
		for _, scope := range p.scopes {
			given.Scopes[appID] = append(given.Scopes[appID], scope.Value)
		}
		for _, role := range p.roles {
			given.Roles[appID] = append(given.Roles[appID], role.ID)
		}
	}
	return given
}

// missingConsent lists the permissions for which a request needs consent: the missing
// ones or, with prompt=consent, all requested ones for which the client is not
// pre-authorized. ask reports whether to show the consent page.
func (c *tenantCall) missingConsent(a *authorization, user *directory.User) (shown []permissions, ask bool, err *Error) {
	if a.everybody && !a.accepted {
		shown, err = c.organizationConsent(a, user)
		return shown, err == nil, err
	}
	if a.consentOnly {
		return nil, false, nil
	}
	for _, d := range a.demands {
		lacking, err := c.lacking(a.client, user, d)
		if err != nil {
			return nil, false, err
		}
		shown = join(shown, lacking)
	}
	absent := a.client.lacksPrincipal()
	for _, d := range a.demands {
		absent = absent || d.resource.absent
	}
	if a.prompt != "consent" || a.accepted {
		return shown, len(shown) > 0 || absent, nil
	}
	before := false
	for _, d := range a.demands {
		for _, p := range c.asked(a.client, d) {
			given := preauthorized(a.client, p.resource)
			before = before || len(given) > 0
			p.scopes = slices.DeleteFunc(p.scopes, func(s directory.PermissionScope) bool { return slices.Contains(given, s.Value) })
			shown = join(shown, []permissions{p})
		}
	}
	shown = slices.DeleteFunc(shown, func(p permissions) bool { return len(p.scopes) == 0 })
	return shown, len(shown) > 0 || absent || !before, nil
}

// consentPage asks the user for consent, or states that only an administrator
// can give it.
func (c *tenantCall) consentPage(a *authorization, s session, user *directory.User, shown []permissions) *Error {
	right, lacking := c.consentRight(user), c.without(shown, a.client, user)
	state := consentState{
		signInState: c.interrupt(a), TenantID: c.tenant.ID, SessionID: s.ID, Lacking: a.consentSet(lacking), Shown: a.consentSet(shown),
	}
	if a.everybody {
		state.Needs = mostConsent
	}
	for _, p := range append(lacking, rolesOf(shown)...) {
		state.Needs = max(state.Needs, p.needs())
	}
	sealed, err := c.seal.close(consentContext, c.cloudName(), state)
	if err != nil {
		return c.asError(err)
	}
	view := consentView{
		Action: "/" + c.alias + "/consent", Context: sealed, Application: a.client.app.DisplayName,
		Publisher: a.client.app.PublisherDomain, User: user.UserPrincipalName, Tenant: c.tenant.DisplayName,
		Choice: right != ownConsent && !a.everybody, Everybody: a.everybody, SignIn: a.scope.oidc.descriptions(),
	}
	for _, p := range shown {
		group := consentGroup{Resource: p.resource.principal.DisplayName}
		for _, scope := range p.scopes {
			group.Permissions = append(group.Permissions, describe(scope))
		}
		for _, role := range p.roles {
			group.Permissions = append(group.Permissions, describeRole(role))
		}
		view.Groups = append(view.Groups, group)
	}
	if right >= state.Needs {
		c.logPage(a, s, user, failure(65001, a.client.app.AppID, a.client.app.DisplayName))
		return c.render(http.StatusOK, "consent.html", view)
	}
	if a.device == nil {
		again := maps.Clone(a.request)
		if !a.everybody { // this request always asks for a sign-in
			again.Set("prompt", "login")
		}
		view.Other = c.url(c.requestPath(a)) + "?" + again.Encode()
	}
	refused := failure(90094, a.client.app.DisplayName)
	view.Problem = refused.Error()
	c.logPage(a, s, user, refused)
	c.log.Info("refused", "path", c.r.URL.Path, "client", a.client.app.AppID, "code", 90094, "trace", c.traceID)
	return c.render(http.StatusOK, "approval.html", view)
}

// consentView is the content of the consent pages.
type consentView struct {
	Action, Context, Application, Publisher, User, Tenant string
	Choice                                                bool // the page offers consent for everybody
	Everybody                                             bool // the consent is for everybody
	SignIn                                                []string
	Groups                                                []consentGroup
	Problem, Other                                        string // of the page that refers to an administrator
}

type consentGroup struct {
	Resource    string
	Permissions []permissionText
}

type permissionText struct {
	Name, Description, Value string
	Admin                    bool // only an administrator can grant it
}

// describe returns the texts of a permission from its resource's registration: the
// texts for users, or else the texts for administrators.
func describe(s directory.PermissionScope) permissionText {
	first := func(texts ...*string) string {
		for _, t := range texts {
			if t != nil && *t != "" {
				return *t
			}
		}
		return ""
	}
	text := permissionText{
		Name:        first(s.UserConsentDisplayName, s.AdminConsentDisplayName, &s.Value),
		Description: first(s.UserConsentDescription, s.AdminConsentDescription),
		Value:       s.Value,
		Admin:       s.Type == "Admin",
	}
	if text.Admin {
		text.Name = first(s.AdminConsentDisplayName, s.UserConsentDisplayName, &s.Value)
		text.Description = first(s.AdminConsentDescription, s.UserConsentDescription)
	}
	if text.Description == text.Name {
		text.Description = ""
	}
	return text
}

// describeRole returns the texts of an application permission.
func describeRole(r directory.AppRole) permissionText {
	text := permissionText{Admin: true}
	for _, field := range []struct {
		to   *string
		from *string
	}{{&text.Name, r.DisplayName}, {&text.Description, r.Description}, {&text.Value, r.Value}} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	return text
}

// consent takes the consent form. Only the browser session that was shown the
// page can answer it.
func (c *call) consent() *Error {
	if err := http.NewCrossOriginProtection().Check(c.r); err != nil {
		return failure(9002313)
	}
	var state consentState
	if err := c.seal.open(consentContext, c.acceptedClouds(), c.form.Get("ctx"), &state); err != nil || state.Alias != c.alias {
		return failure(9002313)
	}
	if c.now.After(state.Issued.Add(consentTime)) {
		return failure(50089)
	}
	decision, everybody := c.form.Get("decision"), c.form.Get("everybody") != ""
	a, refused := c.resume(state.signInState)
	if refused != nil {
		return c.refuse(a, refused)
	}
	c.interactive = true
	s, _, signedIn := c.session()
	if !signedIn || s.ID != state.SessionID {
		return c.signInPage(a, c.hintedUser(a.loginHint), nil)
	}
	t, user, refused := c.locate(a, s)
	if refused != nil {
		return c.refuse(a, refused)
	}
	given, right := state.Lacking, t.consentRight(user)
	if everybody = a.everybody || everybody && right != ownConsent; everybody {
		given = state.Shown
	}
	switch {
	case state.TenantID != t.tenant.ID:
		return failure(9002313)
	case right < state.Needs:
		return c.refuse(a, failure(90094, a.client.app.DisplayName))
	case decision != "accept":
		refused = failure(65004)
		t.logPage(a, s, user, refused)
		return c.refuse(a, refused)
	}
	if err := t.record(a.client, user, given, everybody); err != nil {
		return c.asError(err)
	}
	c.log.Info("consented", "client", a.client.app.AppID, "user", user.ID, "everybody", everybody, "trace", c.traceID)
	t.View = t.directory.View()
	if a.client, refused = t.client(a.client.app.AppID); refused != nil {
		return c.refuse(a, refused)
	}
	if a.demands, refused = t.demands(a.client, a.scope); refused != nil {
		return c.refuse(a, refused)
	}
	a.accepted = true
	return t.complete(a, s)
}
