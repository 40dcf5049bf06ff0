package login

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"provision/emulator/directory"
)

// consentTime is how long a consent page may be left open.
const consentTime = time.Hour

// consentState is what the consent form carries: the request that it serves,
// whose consent it is and to what. What is granted is what the page showed,
// whatever became of the registrations since.
type consentState struct {
	signInState
	TenantID  string              `json:"tenantId"`
	SessionID string              `json:"sessionId"`
	Grants    map[string][]string `json:"grants"`    // scopes by the resource's appId
	Everybody bool                `json:"everybody"` // the user may consent for everybody
	Refused   bool                `json:"refused"`   // only an administrator could accept
}

// missingConsent lists what must be asked for before a request can be served:
// what is lacking or, with prompt=consent, all that it asks for and the client
// is not pre-authorized for. ask tells whether to ask at all.
func (c *call) missingConsent(a *authorization, user *directory.User) (shown []permissions, ask bool, err *Error) {
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

// consentPage asks the user for consent, or says that only an administrator
// can give it.
func (c *call) consentPage(a *authorization, s session, user *directory.User, shown []permissions) *Error {
	everybody := c.administrator(c.View, user)
	state := consentState{
		signInState: c.interrupt(a), TenantID: c.tenant.ID, SessionID: s.ID, Grants: map[string][]string{}, Everybody: everybody,
	}
	for _, d := range a.demands {
		if d.resource.absent { // taken in though it may grant nothing
			state.Grants[d.resource.principal.AppID] = nil
		}
	}
	for _, p := range c.without(shown, a.client, user) {
		for _, scope := range p.scopes {
			state.Grants[p.resource.principal.AppID] = append(state.Grants[p.resource.principal.AppID], scope.Value)
			state.Refused = state.Refused || scope.Type == "Admin" && !everybody
		}
	}
	sealed, err := c.seal.close(consentContext, state)
	if err != nil {
		return c.asError(err)
	}
	view := consentView{
		Action: "/" + c.alias + "/consent", Context: sealed, Application: a.client.app.DisplayName,
		Publisher: a.client.app.PublisherDomain, User: user.UserPrincipalName, Tenant: c.tenant.DisplayName,
		Everybody: everybody, SignIn: a.scope.oidc.descriptions(),
	}
	for _, p := range shown {
		group := consentGroup{Resource: p.resource.principal.DisplayName}
		for _, scope := range p.scopes {
			group.Permissions = append(group.Permissions, describe(scope))
		}
		view.Groups = append(view.Groups, group)
	}
	if !state.Refused {
		return c.render(http.StatusOK, "consent.html", view)
	}
	if a.device == nil {
		again := maps.Clone(a.request)
		again.Set("prompt", "login")
		view.Other = c.url(c.authorizePath()) + "?" + again.Encode()
	}
	view.Problem = failure(90094, a.client.app.DisplayName).Error()
	c.log.Info("refused", "path", c.r.URL.Path, "client", a.client.app.AppID, "code", 90094, "trace", c.traceID)
	return c.render(http.StatusOK, "approval.html", view)
}

// consentView is what the consent pages show.
type consentView struct {
	Action, Context, Application, Publisher, User, Tenant string
	Everybody                                             bool // offer to consent for everybody
	SignIn                                                []string
	Groups                                                []consentGroup
	Problem, Other                                        string // of the page that sends to an administrator
}

type consentGroup struct {
	Resource    string
	Permissions []permissionText
}

type permissionText struct {
	Name, Description, Value string
	Admin                    bool // only an administrator can grant it
}

// describe words a permission as its resource's registration does: for users
// what is meant for users, else what is meant for administrators.
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

// consent takes the consent form. Only the browser session that was shown the
// page can answer it.
func (c *call) consent() *Error {
	if err := http.NewCrossOriginProtection().Check(c.r); err != nil {
		return failure(9002313)
	}
	var state consentState
	if err := c.seal.open(consentContext, c.form.Get("ctx"), &state); err != nil || state.Alias != c.alias {
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
	s, _, signedIn := c.session()
	if !signedIn || s.ID != state.SessionID {
		return c.signInPage(a, c.hintedUser(a.loginHint), nil)
	}
	user, refused := c.locate(a, s)
	switch {
	case refused != nil:
		return c.refuse(a, refused)
	case state.TenantID != c.tenant.ID:
		return failure(9002313)
	case state.Refused:
		return c.refuse(a, failure(90094, a.client.app.DisplayName))
	case decision != "accept":
		return c.refuse(a, failure(65004))
	}
	if err := c.record(a.client, user, state.Grants, everybody && state.Everybody && c.administrator(c.View, user)); err != nil {
		return c.asError(err)
	}
	c.log.Info("consented", "client", a.client.app.AppID, "user", user.ID, "everybody", everybody, "trace", c.traceID)
	c.View = c.directory.View()
	if a.client, refused = c.client(a.client.app.AppID); refused != nil {
		return c.refuse(a, refused)
	}
	if a.demands, refused = c.demands(a.client, a.scope); refused != nil {
		return c.refuse(a, refused)
	}
	a.accepted = true
	return c.complete(a, s)
}

// record keeps consent in the directory, beside what was granted before. A
// client that nobody had used here gets its service principal now.
func (c *call) record(cl client, user *directory.User, scopes map[string][]string, everybody bool) error {
	return c.directory.UpdateAtOnce(func(tx *directory.Tx) error {
		principal, err := principalOf(tx, cl.app.AppID)
		if err != nil {
			return err
		}
		for appID, values := range scopes {
			resource, err := principalOf(tx, appID)
			if err != nil {
				return err
			}
			grant := &directory.OAuth2PermissionGrant{
				ClientID: principal.ID, ResourceID: resource.ID, ConsentType: "Principal", PrincipalID: &user.ID,
				Scope: strings.Join(values, " "),
			}
			if everybody {
				grant.ConsentType, grant.PrincipalID = "AllPrincipals", nil
			}
			if len(values) == 0 {
				continue
			}
			if err := widen(tx, grant); err != nil {
				return err
			}
		}
		return nil
	})
}

// widen adds a grant's scopes to the grant of the same parties, or makes it.
func widen(tx *directory.Tx, grant *directory.OAuth2PermissionGrant) error {
	for _, old := range tx.GrantsOf(grant.ClientID) {
		if old.ResourceID != grant.ResourceID || old.ConsentType != grant.ConsentType {
			continue
		}
		if grant.PrincipalID != nil && (old.PrincipalID == nil || *old.PrincipalID != *grant.PrincipalID) {
			continue
		}
		return tx.UpdateGrant(old.ID, old.Scope+" "+grant.Scope)
	}
	_, err := tx.CreateGrant(grant)
	return err
}
