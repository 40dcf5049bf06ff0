package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Authority is the tenant's authorization server, spoken to as any client
// does. It is safe for concurrent use.
type Authority struct {
	URL        string       // origin and tenant, as in https://login.microsoftonline.com/TENANT-ID
	HTTPClient *http.Client // default http.DefaultClient

	mu    sync.Mutex
	known *endpoints
}

// endpoints are the endpoints of the discovery document that the suite uses.
type endpoints struct {
	Authorization string `json:"authorization_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Keys          string `json:"jwks_uri"`
}

// Client is an application as the authority knows it.
type Client struct {
	ID          string
	Secret      string // empty: a public client
	RedirectURI string // registered; nothing needs to listen there
	SPA         bool   // the redirect URI is registered for a single-page application
	Public      bool   // it is registered for a public client: a secret must not come with its codes
}

// Account is a user who signs in.
type Account struct {
	UserPrincipalName string
	Password          string
}

// Grant is a successful answer of the token endpoint.
type Grant struct {
	AccessToken  string
	IDToken      string // "" if the sign-in did not give one
	RefreshToken string // "" unless the scope offline_access was requested
}

// User is the user name that the tokens state, "" if they state none. It does not verify
// the tokens: they come from the authority, over TLS.
func (g Grant) User() string {
	for _, token := range []string{g.IDToken, g.AccessToken} {
		_, claims, err := decode(token)
		if err != nil {
			continue
		}
		for _, name := range []string{"preferred_username", "upn", "unique_name"} {
			if who := claims.text(name); who != "" {
				return who
			}
		}
	}
	return ""
}

// Refresh redeems a refresh token for new tokens with other scopes (RFC 6749, section 6).
func (a *Authority) Refresh(ctx context.Context, client Client, refreshToken string, scopes []string) (Grant, error) {
	if client.SPA || client.Public {
		client.Secret = ""
	}
	return a.redeem(ctx, client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}, "scope": {signInScope(scopes)}})
}

// ClientCredentials gets a token of the application itself (RFC 6749, section
// 4.4); scope is RESOURCE/.default.
func (a *Authority) ClientCredentials(ctx context.Context, client Client, scope string) (Grant, error) {
	return a.redeem(ctx, client, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
}

// Password signs a user in without any page, by the resource owner password
// grant (RFC 6749, section 4.3). Entra admits it for public clients and for
// users who need no second factor.
func (a *Authority) Password(ctx context.Context, client Client, account Account, scopes []string) (Grant, error) {
	return a.redeem(ctx, client, url.Values{
		"grant_type": {"password"}, "username": {account.UserPrincipalName}, "password": {account.Password},
		"scope": {signInScope(scopes)},
	})
}

// redeem sends a request to the token endpoint. If the answer contains an AADSTS code,
// the error is an *AADSTSError.
func (a *Authority) redeem(ctx context.Context, client Client, form url.Values) (Grant, error) {
	known, err := a.discover(ctx)
	if err != nil {
		return Grant{}, err
	}
	form.Set("client_id", client.ID)
	if client.Secret != "" {
		form.Set("client_secret", client.Secret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, known.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return Grant{}, fmt.Errorf("token endpoint: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	if client.SPA && form.Get("grant_type") != "client_credentials" {
		// Entra redeems a single-page application's code for its origin only, and
		// gives an application's own token to no origin.
		if u, err := url.Parse(client.RedirectURI); err == nil {
			request.Header.Set("Origin", u.Scheme+"://"+u.Host)
		}
	}
	var answer struct {
		AccessToken      string `json:"access_token"`
		IDToken          string `json:"id_token"`
		RefreshToken     string `json:"refresh_token"`
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	status, err := a.getJSON(request, &answer)
	switch {
	case err != nil:
		return Grant{}, fmt.Errorf("token endpoint: %w", err)
	case answer.Error != "":
		return Grant{}, oauthError(answer.Error, answer.ErrorDescription)
	case status != http.StatusOK || answer.AccessToken == "":
		return Grant{}, fmt.Errorf("token endpoint: status %d without a token", status)
	}
	return Grant{AccessToken: answer.AccessToken, IDToken: answer.IDToken, RefreshToken: answer.RefreshToken}, nil
}

// discover reads the discovery document once (OpenID Connect Discovery 1.0).
func (a *Authority) discover(ctx context.Context) (*endpoints, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known != nil {
		return a.known, nil
	}
	address := strings.TrimSuffix(a.URL, "/") + "/v2.0/.well-known/openid-configuration"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", a.URL, err)
	}
	var found struct {
		endpoints
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	status, err := a.getJSON(request, &found)
	switch {
	case err != nil:
		return nil, fmt.Errorf("discover %s: %w", a.URL, err)
	case found.Error != "":
		return nil, fmt.Errorf("discover %s: %w", a.URL, oauthError(found.Error, found.ErrorDescription))
	case status != http.StatusOK || found.Authorization == "" || found.Token == "":
		return nil, fmt.Errorf("discover %s: status %d without endpoints", a.URL, status)
	}
	a.known = &found.endpoints
	return a.known, nil
}

// Keys returns the key set that tokens of this authority are signed with.
func (a *Authority) Keys(ctx context.Context) ([]byte, error) {
	known, err := a.discover(ctx)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, known.Keys, nil)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	var set json.RawMessage
	status, err := a.getJSON(request, &set)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("key set: status %d", status)
	}
	return set, nil
}

// getJSON sends a request and decodes its answer, regardless of the status.
func (a *Authority) getJSON(request *http.Request, answer any) (int, error) {
	response, err := a.client(nil).Do(request)
	if err != nil {
		return 0, withoutURL(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(answer); err != nil {
		return response.StatusCode, fmt.Errorf("status %d, and the answer is not json", response.StatusCode)
	}
	return response.StatusCode, nil
}

// client does not follow redirects: nothing listens at the client's redirect URI.
func (a *Authority) client(jar http.CookieJar) *http.Client {
	client := http.DefaultClient
	if a.HTTPClient != nil {
		client = a.HTTPClient
	}
	same := *client
	same.Jar = jar
	same.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &same
}

// withoutURL removes the address from a transport error, because its query may contain
// secrets.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
