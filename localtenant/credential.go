package localtenant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"provision/reconcile/sink"
)

// Credential gets access tokens for Graph and stores them in tokens.json (0600) of the tenant's
// folder, so that the next command does not have to sign in. serving.json beside it contains the
// secret of the same application.
type Credential struct {
	folder Folder
	key    string // of the stored token
	signIn azcore.TokenCredential
	now    func() time.Time

	mu      sync.Mutex
	read    bool
	stored  azcore.AccessToken // by an earlier command; empty if there is none
	refused bool               // the tenant refuses the stored token
	written string             // the last token that this command has stored
}

// storedToken is an entry of tokens.json.
type storedToken struct {
	Key     string    `json:"key"`
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// tokenMargin is the minimum remaining lifetime of a stored token. A command that runs longer
// signs in.
const tokenMargin = 5 * time.Minute

// Credential returns a credential for an application of a served tenant. signIn gets a token when
// no stored one is valid.
func (d Folder) Credential(served Served, signIn azcore.TokenCredential, now func() time.Time) *Credential {
	sum := sha256.Sum256([]byte(strings.Join([]string{served.Origin, served.TenantID, served.ClientID, served.ClientSecret}, "\n")))
	return &Credential{folder: d, key: hex.EncodeToString(sum[:]), signIn: signIn, now: now}
}

// GetToken returns a token of the scope in o. All commands use the same scope.
func (c *Credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read {
		c.read, c.stored = true, c.readStored()
	}
	if !c.refused && c.now().Add(tokenMargin).Before(c.stored.ExpiresOn) {
		return c.stored, nil
	}
	token, err := c.signIn.GetToken(ctx, o)
	if err == nil && token.Token != c.written {
		c.written = token.Token
		c.store(token)
	}
	return token, err
}

// Transport returns a transport that signs in when the tenant refuses a stored token, and sends
// the request again. The tenant can have another signing key since the token was issued.
func (c *Credential) Transport(next http.RoundTripper, scope string) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			r.Body.Close()
		}
		send := func(authorization string) (*http.Response, error) {
			sent := r.Clone(r.Context()) // a RoundTripper must not change the request
			if r.Body != nil {
				sent.Body = io.NopCloser(bytes.NewReader(body))
			}
			sent.Header.Set("Authorization", authorization)
			return next.RoundTrip(sent)
		}
		authorization := r.Header.Get("Authorization")
		answer, err := send(authorization)
		if err != nil || answer.StatusCode != http.StatusUnauthorized || !c.refuse(authorization) {
			return answer, err
		}
		answer.Body.Close()
		token, err := c.GetToken(r.Context(), policy.TokenRequestOptions{Scopes: []string{scope}, EnableCAE: true})
		if err != nil {
			return nil, err
		}
		return send("Bearer " + token.Token)
	})
}

// refuse ends the use of the stored token. It returns false if the request had another token.
func (c *Credential) refuse(authorization string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stored.Token == "" || authorization != "Bearer "+c.stored.Token {
		return false
	}
	c.refused = true
	return true
}

func (c *Credential) tokens() []storedToken {
	var all []storedToken
	file := c.folder.File("tokens.json")
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil // the command signs in again, and replaces a file to which others have access
	}
	if _, err := sink.ReadJSON(file, &all); err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(t storedToken) bool { return t.Expires.Before(c.now()) })
}

// maxToken is larger than any access token. Servers refuse a longer header.
const maxToken = 16 << 10

func (c *Credential) readStored() azcore.AccessToken {
	for _, t := range c.tokens() {
		if t.Key == c.key && len(t.Token) <= maxToken && !strings.ContainsFunc(t.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return azcore.AccessToken{Token: t.Token, ExpiresOn: t.Expires}
		}
	}
	return azcore.AccessToken{}
}

func (c *Credential) store(token azcore.AccessToken) {
	others := slices.DeleteFunc(c.tokens(), func(t storedToken) bool { return t.Key == c.key })
	// Without the file, the next command signs in.
	_ = sink.WriteJSON(c.folder.File("tokens.json"), append(others, storedToken{c.key, token.Token, token.ExpiresOn}))
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
