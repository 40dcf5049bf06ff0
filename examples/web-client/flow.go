package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// settings are the settings in out/heroes/.env_oauth.
type settings struct {
	tenantID, clientID, clientSecret, redirectURI, scopes string
	authority                                             string // the tenant's, without a slash at the end
}

// signIn is a sign-in in progress: the expected state, and the secret of PKCE with
// which only this client can redeem the code.
type signIn struct{ state, nonce, verifier string }

func newSignIn() signIn { return signIn{random(), random(), random()} }

func random() string { return rand.Text() + rand.Text() }

// authorizeURL asks for a code (RFC 6749, section 4.1.1).
func (s settings) authorizeURL(in signIn) string {
	challenge := sha256.Sum256([]byte(in.verifier))
	return s.authority + "/oauth2/v2.0/authorize?" + url.Values{
		"client_id": {s.clientID}, "response_type": {"code"}, "response_mode": {"query"},
		"redirect_uri": {s.redirectURI}, "scope": {s.scopes}, "state": {in.state}, "nonce": {in.nonce},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}.Encode()
}

// tokens is the answer of the token endpoint.
type tokens struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// redeem exchanges the code for tokens (RFC 6749, section 4.1.3).
func (s settings) redeem(ctx context.Context, in signIn, code string) (tokens, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.redirectURI},
		"client_id": {s.clientID}, "client_secret": {s.clientSecret}, "code_verifier": {in.verifier},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.authority+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return tokens{}, err
	}
	defer response.Body.Close()
	var got tokens
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return tokens{}, fmt.Errorf("token endpoint: status %d: %w", response.StatusCode, err)
	}
	if got.Error != "" {
		return tokens{}, fmt.Errorf("token endpoint: %s: %s", got.Error, got.Description)
	}
	return got, nil
}

// decode shows the claims of a token. It verifies nothing: a client may read its ID
// token, which came from the token endpoint itself, but an API must check the signature
// first.
func decode(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	return claims, json.Unmarshal(payload, &claims)
}
