package login

import (
	"strings"

	"provision/emulator/directory"
)

// The sign-in log contains sign-ins of users at the sign-in page, and tokens that users and
// applications requested at the token endpoint. Redeeming a code is a part of its sign-in. A
// device that still polls has not tried to sign in.
// Source: learn.microsoft.com/entra/identity/monitoring-health/concept-sign-ins.

// maxLoggedText is the maximum length of a client's text in the log, in bytes.
const maxLoggedText = 512

// logWrongPassword adds a failed password sign-in to the log of the user's tenant.
func (c *call) logWrongPassword(a *authorization, name string, refused *Error) {
	to := c.fallback()
	if home, found := c.realmOf(name); c.named == nil {
		if !found {
			return // the user's tenant is not known
		}
		to = home
	}
	c.logSignIn(to, c.pageEntry(a), a.client.app, name, nil, refused)
}

// logPage adds an entry for a request at a page by a user who is signed in. For a user
// of another tenant it also adds an entry in their home tenant, with the error code
// for that tenant.
func (c *tenantCall) logPage(a *authorization, s session, user *directory.User, refused *Error) {
	who, gone := c.account(s)
	if gone != nil {
		return
	}
	entry := c.pageEntry(a)
	c.logSignIn(c.directory, entry, a.client.app, who.UserPrincipalName, user, refused)
	if user == nil && who.home != c.directory {
		c.logSignIn(who.home, entry, a.client.app, who.UserPrincipalName, who.User, c.unknownUser(90072, a.client, who))
	}
}

// pageEntry returns the entry of a request at a page. A user who was already signed in
// did not authenticate again.
func (c *call) pageEntry(a *authorization) directory.SignIn {
	entry := directory.SignIn{ClientAppUsed: "Browser", SignInEventTypes: []string{"nonInteractiveUser"}}
	if c.interactive {
		entry.IsInteractive, entry.SignInEventTypes = true, []string{"interactiveUser"}
	}
	if len(a.demands) > 0 {
		principal := a.demands[0].resource.principal
		entry.ResourceID, entry.ResourceDisplayName = principal.AppID, principal.DisplayName
	}
	return entry
}

// logToken records the result of a token request.
func (c *tenantCall) logToken(i issuance, refused *Error) {
	entry := directory.SignIn{ClientAppUsed: "Mobile Apps and Desktop clients", SignInEventTypes: []string{"nonInteractiveUser"}}
	switch c.form.Get("grant_type") {
	case "authorization_code":
		if refused == nil {
			return
		}
	case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
		return // its user signs in at the page
	case "client_credentials":
		entry.SignInEventTypes = []string{"servicePrincipal"}
	case "password":
		entry.IsInteractive, entry.SignInEventTypes = true, []string{"interactiveUser"}
	}
	app := i.client.app
	if app == nil {
		cl, known := c.registered(c.form.Get("client_id"), c.directory)
		if !known {
			return
		}
		app = cl.app
	}
	if i.resource.principal != nil {
		entry.ResourceID, entry.ResourceDisplayName = i.resource.principal.AppID, i.resource.principal.DisplayName
	}
	if sp, ok := c.ServicePrincipalByAppID(app.AppID); ok && entry.SignInEventTypes[0] == "servicePrincipal" {
		entry.ServicePrincipalID, entry.ServicePrincipalName = &sp.ID, &sp.DisplayName
	}
	c.logSignIn(c.directory, entry, app, c.form.Get("username"), i.user, refused)
}

func (c *call) logSignIn(to *directory.Directory, entry directory.SignIn, app *directory.Application, name string, user *directory.User, refused *Error) {
	entry.AppID, entry.AppDisplayName = app.AppID, app.DisplayName
	entry.IPAddress, entry.CorrelationID = c.remoteAddress(), c.correlationID
	if user == nil {
		user, _ = to.UserByUPN(name)
	}
	entry.UserPrincipalName = strings.ToLower(name[:min(len(name), maxLoggedText)])
	if user != nil {
		entry.UserID, entry.UserPrincipalName, entry.UserDisplayName = user.ID, user.UserPrincipalName, user.DisplayName
	}
	if agent := c.r.UserAgent(); agent != "" {
		agent = agent[:min(len(agent), maxLoggedText)]
		entry.UserAgent = &agent
	}
	entry.Status.FailureReason = "Other."
	if refused != nil {
		entry.Status.ErrorCode, entry.Status.FailureReason = refused.Code, refused.Message
	}
	to.RecordSignIn(entry)
}
