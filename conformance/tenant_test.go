package conformance

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	tenantID = "3b9f2b6e-7d53-4a8e-9a51-0c2f6d1e8a77"
	apiID    = "6f1c4f3a-52f4-4a8b-a3d0-6f0f5c9f1b11"
	password = "correct horse battery staple"
	secret   = "a secret of seventeen words"
	nobody   = "the refused one"
)

// The keys of test tenants are short, so that thousands of tokens are signed quickly. Libraries
// that refuse short keys get a tenant with long keys.
var (
	tenantKey, nextTenantKey = newKey(1024), newKey(1024)
	strongKey, nextStrongKey = newKey(2048), newKey(2048)
)

// newKey generates a key of this length when it is first used.
func newKey(bits int) func() *rsa.PrivateKey {
	return sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return key
	})
}

var tenantCertificate, strongCertificate = certificateOf(tenantKey), certificateOf(strongKey)

// certificateOf creates a certificate of a key when it is first used.
func certificateOf(key func() *rsa.PrivateKey) func() []byte {
	return sync.OnceValue(func() []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Now().AddDate(1, 0, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key().PublicKey, key())
		if err != nil {
			panic(err)
		}
		return der
	})
}

// tenant is a minimal authorization server for sign-ins.
type tenant struct {
	*httptest.Server
	users   map[string][]string // roles, by user
	scopes  map[string][]string // granted scopes, by client
	roles   map[string][]string // roles, by application
	refuses map[string]string   // an AADSTS error, by user
	version int
	strong  bool                      // its keys are as long as Entra's
	more    map[string]map[string]any // additional claims of a user's tokens
	// scripted serves a sign-in page that requires a browser
	scripted bool

	mu    sync.Mutex
	codes map[string]authorizationCode
	logs  []string // method and path of every request

	next  []string          // the kids of a second key in the key set
	owner map[string]string // by kid: the only tenant for which the key may sign
	times int               // how often it was published
	fault *KeyFault         // the fault of requests for the keys
	asked int               // requests for the keys since fault was set
	ended chan struct{}     // closed when the fault is removed
	freed int               // requests that were answered when the fault ended
}

type authorizationCode struct{ client, user, challenge, nonce string }

func startTenant(t *testing.T) *tenant {
	t.Helper()
	s := &tenant{
		users: map[string][]string{
			"ada": {"Admin"}, "dev": {"DevOps"}, "rea": {"Reader"}, "nob": nil,
		},
		scopes:  map[string][]string{"extension": {"read_data"}},
		roles:   map[string][]string{"robot": nil},
		refuses: map[string]string{},
		version: 2,
		codes:   make(map[string]authorizationCode),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+tenantID+"/v2.0/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /keys", s.keys)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /resume", s.resume)
	mux.HandleFunc("POST /token", s.token)
	s.Server = serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.logs = append(s.logs, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	return s
}

func (s *tenant) rolesOf(user string) (roles []string, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	roles, found = s.users[user]
	return roles, found
}

func (s *tenant) count(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, line := range s.logs {
		if line == request {
			n++
		}
	}
	return n
}

func (s *tenant) authority() *Authority {
	return &Authority{URL: s.URL + "/" + tenantID, HTTPClient: s.Client()}
}

func (s *tenant) issuer() string {
	if s.version == 1 {
		return s.URL + "/" + tenantID + "/"
	}
	return s.URL + "/" + tenantID + "/v2.0"
}

func (s *tenant) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{
		"issuer": s.issuer(), "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
	})
}

func (s *tenant) keys(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	fault, ended, published := s.fault, s.ended, slices.Clone(s.next)
	owner := maps.Clone(s.owner)
	s.mu.Unlock()
	if fault != nil {
		select {
		case <-time.After(fault.Latency):
		case <-ended:
			s.mu.Lock()
			s.freed++
			s.mu.Unlock()
		case <-r.Context().Done():
		}
		switch {
		case fault.Status != 0:
			w.WriteHeader(fault.Status)
			return
		case fault.Body != "":
			_, _ = w.Write([]byte(fault.Body))
			return
		}
	}
	certificate := tenantCertificate
	if s.strong {
		certificate = strongCertificate
	}
	one := jwk("one", s.key("one"))
	one["issuer"], one["x5c"] = s.issuer(), []string{base64.StdEncoding.EncodeToString(certificate())}
	keys := []any{one}
	for _, kid := range published {
		key := jwk(kid, s.key(kid))
		key["issuer"] = strings.ReplaceAll(s.issuer(), tenantID, cmp.Or(owner[kid], "{tenantid}"))
		keys = append(keys, key)
	}
	answer(w, 200, map[string]any{"keys": keys})
}

func jwk(kid string, key *rsa.PrivateKey) map[string]any {
	return map[string]any{"kty": "RSA", "use": "sig", "kid": kid, "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}
}

// authorize shows the sign-in form and stores the request in a cookie.
func (s *tenant) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if s.scripted {
		fmt.Fprint(w, `<title>Sign in to your account</title><script>$Config={"urlPost":"/login"}</script>`)
		return
	}
	if _, ok := s.scopes[q.Get("client_id")]; !ok {
		w.WriteHeader(400)
		fmt.Fprintf(w, "<title>Error</title><p>AADSTS700016: Application %s was not found. Trace ID: x</p>", q.Get("client_id"))
		return
	}
	for _, scope := range strings.Fields(q.Get("scope")) {
		if name, ok := strings.CutPrefix(scope, "api://"+apiID+"/"); ok && !slices.Contains(s.scopes[q.Get("client_id")], name) {
			http.Redirect(w, r, q.Get("redirect_uri")+"?error=invalid_grant&state="+q.Get("state")+"&error_description=AADSTS65001%3A+No+consent.+Trace+ID%3A+x", http.StatusFound)
			return
		}
	}
	http.SetCookie(w, &http.Cookie{Name: "request", Value: b64([]byte(r.URL.RawQuery)), Secure: true, Path: "/"})
	signInForm(w, "")
}

func signInForm(w http.ResponseWriter, problem string) {
	fmt.Fprintf(w, `<!DOCTYPE html><title>Sign in</title><script>var x = "AADSTS1: not this"</script>
<form action="/search"><input name="q"></form><p>%s</p>
<form action="login" method="post"><input type=hidden name="ctx" value="a&amp;b">
<input name="loginfmt" type="text"><input name="passwd" type="password"><input type="checkbox" name="keep" value="1"><button>Sign in</button></form>`, problem)
}

func (s *tenant) login(w http.ResponseWriter, r *http.Request) {
	user, _, _ := strings.Cut(r.FormValue("loginfmt"), "@")
	if _, ok := s.rolesOf(user); !ok || r.FormValue("passwd") != password || r.FormValue("ctx") != "a&b" || r.Form.Has("keep") {
		signInForm(w, "AADSTS50126: Error validating credentials.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "user", Value: user, Secure: true, Path: "/"})
	http.Redirect(w, r, "/resume", http.StatusSeeOther)
}

func (s *tenant) resume(w http.ResponseWriter, r *http.Request) {
	request, _ := r.Cookie("request")
	who, err := r.Cookie("user")
	if err != nil || request == nil {
		http.Error(w, "no cookies", 400)
		return
	}
	raw, _ := base64.RawURLEncoding.DecodeString(request.Value)
	query, err := url.ParseQuery(string(raw))
	if err != nil {
		http.Error(w, "no request", 400)
		return
	}
	if refused := s.refuses[who.Value]; refused != "" {
		w.WriteHeader(400)
		fmt.Fprintf(w, "<title>Error</title><p>%s</p>", refused)
		return
	}
	code := rand.Text()
	s.mu.Lock()
	s.codes[code] = authorizationCode{query.Get("client_id"), who.Value, query.Get("code_challenge"), query.Get("nonce")}
	s.mu.Unlock()
	http.Redirect(w, r, query.Get("redirect_uri")+"?code="+code+"&state="+query.Get("state"), http.StatusFound)
}

func (s *tenant) token(w http.ResponseWriter, r *http.Request) {
	client := r.FormValue("client_id")
	if r.FormValue("grant_type") == "client_credentials" {
		roles, ok := s.roles[client]
		if !ok || r.FormValue("client_secret") != secret {
			answer(w, 401, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x"})
			return
		}
		claims := s.claims(client, "", roles)
		if r.FormValue("scope") == graphDefault {
			claims["aud"], claims["iss"] = anotherAudience, "https://sts.windows.net/"+tenantID+"/"
		}
		answer(w, 200, map[string]any{"access_token": s.sign(nil, claims)})
		return
	}
	if r.FormValue("grant_type") == "password" {
		user, _, _ := strings.Cut(r.FormValue("username"), "@")
		if r.FormValue("password") != password {
			answer(w, 400, map[string]any{"error": "invalid_grant", "error_description": "AADSTS50126: Error validating credentials."})
			return
		}
		s.grant(w, client, authorizationCode{user: user})
		return
	}
	s.mu.Lock()
	code, ok := s.codes[r.FormValue("code")]
	delete(s.codes, r.FormValue("code"))
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || code.client != client || b64(sum[:]) != code.challenge {
		answer(w, 400, map[string]any{"error": "invalid_grant", "error_description": "AADSTS54005: OAuth2 Authorization code was already redeemed."})
		return
	}
	s.grant(w, client, code)
}

// grant answers with the tokens of a user who has signed in.
func (s *tenant) grant(w http.ResponseWriter, client string, code authorizationCode) {
	roles, _ := s.rolesOf(code.user)
	access := s.claims(client, code.user, roles)
	access["scp"] = strings.Join(s.scopes[client], " ")
	maps.Copy(access, s.more[code.user])
	id := s.claims(client, code.user, nil)
	id["aud"], id["nonce"] = client, code.nonce
	delete(id, "azp")
	answer(w, 200, map[string]any{"access_token": s.sign(nil, access), "id_token": s.sign(nil, id)})
}

// issuedAt is the same for all tokens, so that runs against one tenant share signatures.
var issuedAt = time.Now()

func (s *tenant) claims(client, user string, roles []string) map[string]any {
	claims := map[string]any{
		"iss": s.issuer(), "aud": apiID, "tid": tenantID, "ver": fmt.Sprintf("%d.0", s.version), "uti": client + "." + user,
		"iat": issuedAt.Unix(), "nbf": issuedAt.Unix(), "exp": issuedAt.Add(2 * time.Hour).Unix(), "azp": client,
	}
	if user != "" {
		maps.Copy(claims, map[string]any{"oid": "oid-" + user, "sub": "pairwise-" + user, "preferred_username": user + "@contoso.example"})
	} else {
		maps.Copy(claims, map[string]any{"oid": "oid-" + client, "sub": "oid-" + client})
	}
	if len(roles) > 0 {
		claims["roles"] = roles
	}
	return claims
}

// key returns the tenant's key with an id.
func (s *tenant) key(kid string) *rsa.PrivateKey {
	now, next := tenantKey, nextTenantKey
	if s.strong {
		now, next = strongKey, nextStrongKey
	}
	if strings.HasPrefix(kid, "next-") {
		return next()
	}
	return now()
}

// sign signs a token with the tenant's key; header is added to the header.
func (s *tenant) sign(header, claims map[string]any) string {
	full := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"}
	maps.Copy(full, header)
	maps.DeleteFunc(full, func(_ string, value any) bool { return value == nil })
	c, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return s.signPayload(full, c)
}

func (s *tenant) signPayload(header map[string]any, payload []byte) string {
	full := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"}
	if header != nil {
		full = header
	}
	kid, _ := full["kid"].(string)
	key := s.key(kid)
	h, _ := json.Marshal(full)
	input := b64(h) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	of := signatureOf{key, sum}
	signature, known := signatures.Load(of)
	if !known {
		made, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		signature, _ = signatures.LoadOrStore(of, b64(made))
	}
	return input + "." + signature.(string)
}

// signatures caches the signatures of all tenants: RSA takes most of the time of a run, and the
// runs of a test sign the same tokens.
var signatures sync.Map // of signatureOf

type signatureOf struct {
	key *rsa.PrivateKey
	sum [sha256.Size]byte
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// tokens returns the tokens of a local tenant, which signs every requested token.
func (s *tenant) tokens() *Tenant {
	t := &Tenant{
		Authority: s.authority(), Resource: "api://" + apiID,
		Clients: make(map[string]Client), Accounts: make(map[string]Account),
		Signer: func(_ context.Context, header, claims map[string]any) (string, error) {
			return s.sign(header, claims), nil
		},
		PayloadSigner: func(_ context.Context, header map[string]any, payload []byte) (string, error) {
			return s.signPayload(header, payload), nil
		},
	}
	for name := range s.scopes {
		t.Clients[name] = Client{ID: name, RedirectURI: "http://localhost"}
	}
	for name := range s.roles {
		t.Clients[name] = Client{ID: name, Secret: secret}
	}
	for name := range s.users {
		t.Accounts[name] = Account{UserPrincipalName: name + "@contoso.example", Password: password}
	}
	return t
}
