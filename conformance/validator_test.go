package conformance

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// flaw names a check that a validator lacks, or several with + between them.
type flaw string

// validator is an API with GET /health and GET /secure that is correct except for its flaw. It is
// written plainly for these tests, one check after another.
type validator struct {
	issuer string
	flaw   flaw
	keys   func(kid string) *rsa.PublicKey // nil: the keys of the test tenant
	mutation
}

// mutation replaces parts of a validator; a nil member is correct.
type mutation struct {
	trusts   func(header map[string]any, segments []string) bool // accepts the signature
	reads    func(claims map[string]any)                         // interprets the claims
	readsFor func(v validator, claims map[string]any)
	finds    func(r *http.Request) (authorization string, found bool) // reads the token from another place
	routes   func(r *http.Request) bool                               // admits a request without a token
	skips    func(r *http.Request) bool                               // the same, if the route exists
	entitles func(r *http.Request) bool                               // a valid token is sufficient
	serves   func(r *http.Request) string                             // the path that selects the route
	answers  func(w http.ResponseWriter, r *http.Request, status int) (done bool)
	forgets  func(claims map[string]any) bool // authorizes before the signature is checked
	breaksOn func(raw string) bool            // answers 500
	parses   func(payload []byte) map[string]any
}

func (v validator) lacks(check flaw) bool {
	return slices.Contains(strings.Split(string(v.flaw), "+"), string(check))
}

func (v validator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if v.serves != nil {
		path = v.serves(r)
	}
	if path == "/health" {
		answer(w, 200, map[string]any{"status": "ok"})
		return
	}
	authorization := r.Header.Get("Authorization")
	if v.finds != nil {
		if other, found := v.finds(r); found {
			authorization = other
		}
	}
	status := v.status(authorization)
	if v.skips != nil && v.skips(r) || v.entitles != nil && status == 403 && v.entitles(r) {
		status = 200
	}
	if v.routes != nil && v.routes(r) {
		status = 200
	} else if path != "/secure" || r.Method != "GET" && r.Method != "HEAD" {
		status = 404
	}
	if status == 401 {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if v.answers != nil && v.answers(w, r, status) {
		return
	}
	body := map[string]any{"status": "ok"}
	switch {
	case status != 200:
		body = map[string]any{"detail": "no"}
	case v.lacks("answer"):
		body = map[string]any{"status": "fine"}
	}
	answer(w, status, body)
}

func (v validator) status(authorization string) int {
	if v.lacks("everybody") {
		return 200
	}
	if v.lacks("nobody") {
		return 401
	}
	scheme, raw, _ := strings.Cut(authorization, " ")
	switch {
	case authorization == "" && v.lacks("no-token"):
		return 200
	case authorization == "" && v.lacks("forbidden-for-unauthorized"):
		return 403
	case raw == "" && scheme != "" && v.lacks("empty"):
		return 200
	case !strings.EqualFold(scheme, "Bearer") && !v.lacks("scheme") || raw == "":
		return 401
	}
	if v.breaksOn != nil && v.breaksOn(raw) {
		return 500
	}
	segments := strings.Split(raw, ".")
	if len(segments) != 3 {
		switch {
		case v.lacks("garbage"):
			return 200
		case v.lacks("crash"):
			return 500
		}
		return 401
	}
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss, Aud, Tid, Scp, Oid, Sub string
		Exp, Nbf                     float64
		Roles                        []string
	}
	var parameters, payload map[string]any
	if !unmarshal(segments[0], &parameters) || !unmarshal(segments[1], &payload) {
		return 401
	}
	if v.forgets != nil && v.forgets(payload) {
		return 403
	}
	if v.parses != nil {
		raw, _ := base64.RawURLEncoding.DecodeString(segments[1])
		payload = v.parses(raw)
	}
	trusted := v.trusts != nil && v.trusts(parameters, segments)
	if v.reads != nil {
		v.reads(payload)
	}
	if v.readsFor != nil {
		v.readsFor(v, payload)
	}
	if v.reads != nil || v.readsFor != nil || v.parses != nil {
		b, _ := json.Marshal(payload)
		segments[1] = b64(b)
	}
	if !unmarshal(segments[0], &header) && !trusted || !unmarshal(segments[1], &claims) {
		return 401
	}
	if v.lacks("order") && !slices.Contains(strings.Fields(claims.Scp), "read_data") {
		return 403
	}
	if !trusted && !v.signed(header.Alg, header.Kid, raw) {
		return 401
	}
	now := float64(time.Now().Unix())
	issuer := v.issuer
	if v.lacks("tenant") {
		issuer = strings.ReplaceAll(issuer, tenantID, claims.Tid)
	}
	switch {
	case claims.Iss != issuer && !v.lacks("issuer"):
		return 401
	case claims.Tid != tenantID && !v.lacks("tenant"):
		return 401
	case claims.Aud != apiID && !v.lacks("audience"):
		return 401
	case claims.Exp < now && !v.lacks("expiry"):
		return 401
	case claims.Nbf > now && !v.lacks("not-before"):
		return 401
	}
	return v.authorize(claims.Scp, claims.Oid == claims.Sub, claims.Roles)
}

func (v validator) signed(alg, kid string, raw string) bool {
	segments := strings.Split(raw, ".")
	switch {
	case alg == "none":
		return v.lacks("alg-none")
	case alg != "RS256":
		return false
	case v.lacks("signature") && kid == "one":
		return true
	}
	keys := v.keys
	if keys == nil {
		keys = allKeys
	}
	key := keys(kid)
	if key == nil {
		return v.lacks("kid")
	}
	signature, err := base64.RawURLEncoding.DecodeString(segments[2])
	sum := sha256.Sum256([]byte(segments[0] + "." + segments[1]))
	return err == nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func allKeys(kid string) *rsa.PublicKey {
	if kid == "one" {
		return &tenantKey().PublicKey
	}
	// The first of two keys of a run is that of keys-next; the other one is retired.
	if n, err := strconv.Atoi(strings.TrimPrefix(kid, "next-")); err == nil && n%2 == 1 {
		return &nextTenantKey().PublicKey
	}
	return nil
}

func (v validator) authorize(scp string, application bool, roles []string) int {
	accepted := []string{"Admin", "DevOps"}
	if v.lacks("one-role") {
		accepted = accepted[:1]
	}
	if v.lacks("any-role") {
		accepted = append(accepted, "Reader")
	}
	scoped := slices.Contains(strings.Fields(scp), "read_data") || v.lacks("scope")
	if v.lacks("either") && (scoped || slices.ContainsFunc(accepted, func(role string) bool { return slices.Contains(roles, role) })) {
		return 200
	}
	if v.lacks("applications") && application {
		scoped = true
	}
	switch {
	case !scoped && v.lacks("unauthorized-for-forbidden"):
		return 401
	case !scoped:
		return 403
	case v.lacks("role") || slices.ContainsFunc(accepted, func(role string) bool { return slices.Contains(roles, role) }):
		return 200
	case v.lacks("redirect"):
		return 302
	}
	return 403
}

func unmarshal(segment string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(segment)
	return err == nil && json.Unmarshal(b, into) == nil
}
