package login

import (
	"net/http"
	"net/url"
	"strings"

	"provision/emulator/directory"
)

// assurance is how a client proved who it is: the appidacr and azpacr claims.
type assurance string

const (
	publicClient assurance = "0"
	clientSecret assurance = "1"
	clientSigned assurance = "2"
)

// client is the application that sends the request.
type client struct {
	app       *directory.Application
	principal *directory.ServicePrincipal // nil before anybody consented to the application here
	foreign   bool                        // registered in another tenant
	assurance assurance
}

// lacksPrincipal reports whether the application needs a service principal in the
// tenant and has none. Only applications of other tenants need one, except for
// Microsoft's applications.
func (cl client) lacksPrincipal() bool { return cl.foreign && cl.principal == nil }

// client finds the application that a request names: in the tenant that the path names,
// else in all tenants. The sign-in sees a new registration or a new secret as late as
// Graph's readers do, but users and consent immediately.
func (c *call) client(id string) (client, *Error) {
	if c.named != nil {
		return c.named.client(id)
	}
	return c.usableClient(id, nil)
}

// client finds the application that a request names and its service principal here.
func (c *tenantCall) client(id string) (client, *Error) {
	cl, err := c.usableClient(id, c.directory)
	if err != nil {
		return client{}, err
	}
	cl.principal, _ = c.ServicePrincipalByAppID(cl.app.AppID)
	if cl.principal != nil && !cl.principal.AccountEnabled {
		return client{}, failure(7000112, cl.app.AppID, cl.app.DisplayName)
	}
	return cl, nil
}

// usableClient finds a registration that a tenant may use or, if tenant is nil, that
// any tenant may use.
func (c *call) usableClient(id string, in *directory.Directory) (client, *Error) {
	if id == "" {
		return client{}, failure(900144, "client_id")
	}
	cl, found := c.registered(id, in)
	if !found {
		if in == nil {
			in = c.home
		}
		return client{}, failure(700016, id, in.Tenant().DisplayName)
	}
	if c.shared() && cl.app.SignInAudience == "AzureADMyOrg" && c.form.Get("grant_type") != "client_credentials" {
		return client{}, failure(50194, cl.app.AppID, cl.app.DisplayName)
	}
	if cl.app.IsDisabled != nil && *cl.app.IsDisabled {
		return client{}, failure(7000112, cl.app.AppID, cl.app.DisplayName)
	}
	return cl, nil
}

// registered finds a registration: of the tenant, of another tenant if it is
// multi-tenant, or of Microsoft. If tenant is nil, it finds the clients of all tenants.
func (c *call) registered(appID string, in *directory.Directory) (client, bool) {
	_, owner, found := c.tenants.Application(appID)
	if !found {
		app, found := firstPartyApplication(appID)
		return client{app: app, assurance: publicClient}, found
	}
	app, found := owner.Seen().ApplicationByAppID(appID)
	foreign := in != nil && owner != in
	if !found || foreign && !app.MultiTenant() {
		return client{}, false
	}
	return client{app: app, foreign: foreign, assurance: publicClient}, true
}

// credentials are the credentials that a client sent to authenticate itself (RFC 6749
// section 2.3.1). A secret in the form takes precedence over a secret in the header.
type credentials struct {
	clientID  string
	secret    string
	assertion string // takes precedence over a secret
}

// any reports whether the client sent something to authenticate itself with.
func (sent credentials) any() bool { return sent.secret != "" || sent.assertion != "" }

// sender returns the client that a token request names and its credentials, which are
// not verified yet.
func (c *call) sender() (credentials, client, *Error) {
	sent, err := c.credentials()
	if err != nil {
		return credentials{}, client{}, err
	}
	cl, err := c.client(sent.clientID)
	return sent, cl, err
}

func (c *call) credentials() (credentials, *Error) {
	sent := credentials{
		clientID: c.form.Get("client_id"), secret: c.form.Get("client_secret"), assertion: c.form.Get("client_assertion"),
	}
	if kind := c.form.Get("client_assertion_type"); sent.assertion != "" && kind != assertionType {
		if kind == "" {
			return sent, failure(900144, "client_assertion_type")
		}
		return sent, failure(90023, "client_assertion_type")
	}
	id, secret, basic := c.r.BasicAuth()
	if !basic {
		return sent, nil
	}
	var err error
	if id, err = url.QueryUnescape(id); err != nil {
		return sent, failure(9002313)
	}
	if secret, err = url.QueryUnescape(secret); err != nil {
		return sent, failure(9002313)
	}
	if sent.clientID == "" {
		sent.clientID = id
	}
	if sent.clientID != id {
		return sent, failure(9002313)
	}
	if sent.secret == "" {
		sent.secret = secret
	}
	return sent, nil
}

// authenticate checks the credentials of a client in the tenant that the path names, else
// in the tenant of its registration. The credentials of its service principal in this tenant
// count, too.
func (c *call) authenticate(cl *client, sent credentials, public bool) *Error {
	t, err := c.inTenant(c.registeredIn(*cl))
	if err != nil {
		return err
	}
	if c.named == nil {
		cl.principal, _ = t.ServicePrincipalByAppID(cl.app.AppID)
	}
	return t.authenticate(cl, sent, public)
}

// authenticate checks the credentials of a client. A public client must not send
// credentials; every other client must send them.
func (c *tenantCall) authenticate(cl *client, sent credentials, public bool) *Error {
	switch {
	case public && sent.any():
		return failure(700025)
	case public:
		return nil
	case !sent.any():
		return failure(7000218)
	}
	if origin := c.r.Header.Get("Origin"); origin != "" {
		return failure(9002326, origin) // a browser must not have a secret
	}
	if sent.assertion != "" {
		cl.assurance = clientSigned
		return c.checkAssertion(cl, sent.assertion)
	}
	if err := c.checkSecret(cl, sent.secret); err != nil {
		return err
	}
	cl.assurance = clientSecret
	return nil
}

func (c *call) checkSecret(cl *client, secret string) *Error {
	stored := cl.app.PasswordCredentials
	if cl.principal != nil {
		stored = append(stored[:len(stored):len(stored)], cl.principal.PasswordCredentials...)
	}
	expired := false
	for _, credential := range stored {
		if !credential.Matches(secret) {
			continue
		}
		if c.now.Before(credential.EndDateTime) {
			if c.now.Before(credential.StartDateTime) {
				continue
			}
			return nil
		}
		expired = true
	}
	if expired {
		return failure(7000222, cl.app.AppID)
	}
	return failure(7000215, cl.app.AppID)
}

// fallbackPublic reports whether the client is public if no redirect URI determines its
// type.
func (cl client) fallbackPublic() bool {
	return cl.app.IsFallbackPublicClient != nil && *cl.app.IsFallbackPublicClient
}

// checkOrigin refuses requests for the tokens of single-page applications outside of
// browsers, and requests of browsers for other tokens.
func checkOrigin(r *http.Request, p platform) *Error {
	origin := r.Header.Get("Origin")
	switch {
	case p == spa && origin == "":
		return failure(9002327)
	case p != spa && origin != "":
		return failure(9002326, origin)
	}
	return nil
}

// equalID compares ids and names, which have no case.
func equalID(a, b string) bool { return strings.EqualFold(a, b) }
