package conformance

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// maxPages bounds a sign-in: a page to a redirect, a form to the next.
const maxPages = 10

// errNoForm is the error for a sign-in page that needs a browser, such as the public
// cloud's.
var errNoForm = errors.New("it has no sign-in form")

// SignIn signs a user in as a browser would, by the authorization code flow with PKCE
// (RFC 6749, section 4.1; RFC 7636): it fills in the sign-in form, and reads the code
// from the redirect. Then the session ends.
func (a *Authority) SignIn(ctx context.Context, client Client, account Account, scopes []string) (Grant, error) {
	request, err := a.codeRequest(ctx, client, scopes)
	if err != nil {
		return Grant{}, err
	}
	answer, err := a.browse(ctx, request.address, client.RedirectURI, account)
	if err != nil {
		return Grant{}, err
	}
	return a.redeemCode(ctx, request, answer)
}

// codeRequest is a started sign-in: its URL, and the values that check its answer and
// redeem the code.
type codeRequest struct {
	client          Client
	address         *url.URL
	scope           string
	state, verifier string
}

// codeRequest begins the authorization code flow with PKCE.
func (a *Authority) codeRequest(ctx context.Context, client Client, scopes []string) (codeRequest, error) {
	known, err := a.discover(ctx)
	if err != nil {
		return codeRequest{}, err
	}
	if client.SPA || client.Public {
		client.Secret = "" // Entra refuses a secret here, even if the application has one (AADSTS700025)
	}
	r := codeRequest{client: client, scope: signInScope(scopes), state: rand.Text(), verifier: rand.Text() + rand.Text()}
	challenge := sha256.Sum256([]byte(r.verifier))
	if r.address, err = url.Parse(known.Authorization); err != nil {
		return codeRequest{}, fmt.Errorf("authorization endpoint: %w", err)
	}
	query := r.address.Query()
	for name, value := range map[string]string{
		"client_id": client.ID, "response_type": "code", "response_mode": "query", "redirect_uri": client.RedirectURI,
		"scope": r.scope, "state": r.state, "nonce": rand.Text(),
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	r.address.RawQuery = query.Encode()
	return r, nil
}

// redeemCode checks the response against the request, and exchanges the code.
func (a *Authority) redeemCode(ctx context.Context, r codeRequest, answer url.Values) (Grant, error) {
	switch {
	case answer.Get("state") != r.state && answer.Get("error") == "":
		return Grant{}, fmt.Errorf("sign in to %s: the redirect's state is not the request's", r.client.ID)
	case answer.Get("error") != "":
		return Grant{}, oauthError(answer.Get("error"), answer.Get("error_description"))
	case answer.Get("code") == "":
		return Grant{}, fmt.Errorf("sign in to %s: the redirect has no code", r.client.ID)
	}
	return a.redeem(ctx, r.client, url.Values{
		"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {r.client.RedirectURI},
		"code_verifier": {r.verifier}, "scope": {r.scope},
	})
}

// signInScope asks for an ID token too.
func signInScope(scopes []string) string {
	return strings.Join(append([]string{"openid", "profile"}, scopes...), " ")
}

// browse follows the pages until one redirects to the client, and returns the
// parameters of this redirect.
func (a *Authority) browse(ctx context.Context, start *url.URL, redirectURI string, account Account) (url.Values, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	browser := a.client(jar)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, start.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	filled := false
	for range maxPages {
		response, err := browser.Do(request)
		if err != nil {
			return nil, fmt.Errorf("sign in at %s: %w", request.URL.Host, withoutURL(err))
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		response.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("sign in at %s: %w", request.URL.Host, err)
		}
		if location := response.Header.Get("Location"); location != "" && response.StatusCode >= 300 && response.StatusCode <= 399 {
			to, err := request.URL.Parse(location)
			if err != nil {
				return nil, fmt.Errorf("sign in at %s: it redirects to no address", request.URL.Host)
			}
			if leadsTo(to, redirectURI) {
				return to.Query(), nil
			}
			if to.Scheme != start.Scheme || to.Host != start.Host {
				return nil, fmt.Errorf("sign in at %s: it redirects to %s, which is not the client's redirect URI", request.URL.Host, to.Host)
			}
			if request, err = http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil); err != nil {
				return nil, fmt.Errorf("sign in: %w", err)
			}
			continue
		}
		page, err := readPage(body)
		if err != nil {
			return nil, fmt.Errorf("sign in at %s: %w", request.URL.Host, err)
		}
		// If the answer to a filled-in form is a form again, it contains the reason.
		if page.problem != nil && (filled || !page.asksPassword()) {
			return nil, page.problem
		}
		if !page.asksPassword() {
			return nil, fmt.Errorf("sign in at %s: status %d and a page %q: %w", request.URL.Host, response.StatusCode, page.title, errNoForm)
		}
		if filled {
			return nil, fmt.Errorf("sign in at %s: the sign-in form comes back without saying why", request.URL.Host)
		}
		if request, err = page.fill(ctx, request.URL, account); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
		filled = true
	}
	return nil, fmt.Errorf("sign in at %s: no redirect to the client after %d pages", start.Host, maxPages)
}

// leadsTo reports whether an address is the redirect URI, with whatever was added
// to its query. "http://localhost" and "http://localhost/" are one.
func leadsTo(to *url.URL, redirectURI string) bool {
	want, err := url.Parse(redirectURI)
	return err == nil && to.Scheme == want.Scheme && to.Host == want.Host && to.Opaque == want.Opaque &&
		strings.TrimSuffix(to.Path, "/") == strings.TrimSuffix(want.Path, "/")
}
