package conformance

import (
	"context"
	"errors"
)

// Tenant gets tokens from a tenant by the flows that every client uses. It is the Tokens of
// a run, local or real.
type Tenant struct {
	Authority *Authority
	Resource  string             // the prefix of the requested scopes: an identifier URI, or the appId
	Clients   map[string]Client  // by name in the manifest
	Accounts  map[string]Account // by name in the manifest
	// SignIn signs a user in to a client. nil fills in the sign-in form, and uses the
	// password grant where the page needs a browser; both need the password.
	SignIn func(ctx context.Context, c Client, account Account, scopes []string) (Grant, error)

	// Signer has the issuer sign any claims. It is nil if the issuer cannot.
	Signer func(ctx context.Context, header, claims map[string]any) (string, error)
	// PayloadSigner has the issuer sign a payload without changing it. It is nil if
	// the issuer cannot.
	PayloadSigner func(ctx context.Context, header map[string]any, payload []byte) (string, error)
}

// User signs a user in to a client. It is part of Tokens, as the methods below are.
func (t *Tenant) User(ctx context.Context, client, user string, scopes []string) (access, id string, err error) {
	c, ok := t.Clients[client]
	if !ok || c.RedirectURI == "" {
		return "", "", Unavailable("application %s has no redirect URI to sign in to", client)
	}
	account, ok := t.Accounts[user]
	if !ok || account.Password == "" && t.SignIn == nil {
		return "", "", Unavailable("the password of user %s is not known", user)
	}
	grant, err := t.signIn(ctx, c, account, t.asked(scopes))
	return grant.AccessToken, grant.IDToken, err
}

// asked are scopes by the names that the authority knows them by; for none it
// is whatever is granted.
func (t *Tenant) asked(scopes []string) []string {
	if len(scopes) == 0 {
		return []string{t.Resource + "/.default"}
	}
	asked := make([]string, len(scopes))
	for i, scope := range scopes {
		asked[i] = t.Resource + "/" + scope
	}
	return asked
}

func (t *Tenant) signIn(ctx context.Context, c Client, account Account, asked []string) (Grant, error) {
	if t.SignIn != nil {
		return t.SignIn(ctx, c, account, asked)
	}
	return t.Authority.FormOrPassword(ctx, c, account, asked)
}

// FormOrPassword fills in the sign-in form, and uses the password grant where the page
// needs a browser.
func (a *Authority) FormOrPassword(ctx context.Context, c Client, account Account, scopes []string) (Grant, error) {
	grant, err := a.SignIn(ctx, c, account, scopes)
	if errors.Is(err, errNoForm) {
		grant, err = a.Password(ctx, c, account, scopes)
	}
	return grant, err
}

const graphDefault = "https://graph.microsoft.com/.default"

// Foreign gets a token for Microsoft Graph.
func (t *Tenant) Foreign(ctx context.Context, client, user string) (string, error) {
	c, account := t.Clients[client], t.Accounts[user]
	var grant Grant
	var err error
	switch {
	case user == "" && c.Secret != "":
		grant, err = t.Authority.ClientCredentials(ctx, c, graphDefault)
	case user != "" && c.RedirectURI != "" && (account.Password != "" || t.SignIn != nil):
		grant, err = t.signIn(ctx, c, account, []string{graphDefault})
	default:
		err = Unavailable("application %s cannot ask for one", client)
	}
	return grant.AccessToken, err
}

// Application gets a token by client credentials.
func (t *Tenant) Application(ctx context.Context, application string) (string, error) {
	c, ok := t.Clients[application]
	if !ok || c.Secret == "" {
		return "", Unavailable("provision has no secret of application %s", application)
	}
	grant, err := t.Authority.ClientCredentials(ctx, c, t.Resource+"/.default")
	return grant.AccessToken, err
}

// Keys reads the key set of the authority.
func (t *Tenant) Keys(ctx context.Context) ([]byte, error) { return t.Authority.Keys(ctx) }

// Sign has the issuer sign claims.
func (t *Tenant) Sign(ctx context.Context, header, claims map[string]any) (string, error) {
	if t.Signer == nil {
		return "", Unavailable("this tenant signs no tokens on request")
	}
	return t.Signer(ctx, header, claims)
}

// SignPayload has the issuer sign a payload as it is written.
func (t *Tenant) SignPayload(ctx context.Context, header map[string]any, payload []byte) (string, error) {
	if t.PayloadSigner == nil {
		return "", Unavailable("this tenant signs no tokens on request")
	}
	return t.PayloadSigner(ctx, header, payload)
}
