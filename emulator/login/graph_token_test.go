package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func TestVerifyGraphToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.dir.Administrator()
	application := w.granted(w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", w.origin+"/.default")).text("access_token")
	said, err := w.login.VerifyGraphToken("", application)
	if err != nil || !said.AppOnly || said.AppID != admin.ClientID || said.ObjectID != admin.ObjectID || said.TenantID != w.tid() || len(said.Roles) == 0 || len(said.Scopes) != 0 {
		t.Errorf("application: %+v, %v", said, err)
	}
	user := w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "User.Read openid"), w.ada))).text("access_token")
	said, err = w.login.VerifyGraphToken("", user)
	if err != nil || said.AppOnly || said.ObjectID != w.ada.ID || said.UPN != w.ada.UserPrincipalName || strings.Join(said.Scopes, " ") != "openid User.Read" {
		t.Errorf("user: %+v, %v", said, err)
	}

	good := w.claims(application)
	with := func(name string, value any) string {
		changed := map[string]any{}
		for n, v := range good {
			changed[n] = v
		}
		changed[name] = value
		token, err := w.login.Sign(nil, changed)
		w.must(err)
		return token
	}
	now := w.clock.Now()
	parts := strings.Split(application, ".")
	other := newWorld(t)
	for name, test := range map[string]struct {
		token string
		want  error
	}{
		"signed again":       {with("uti", "x"), nil},
		"garbage":            {"garbage", ErrMalformed},
		"empty":              {"", ErrMalformed},
		"tampered payload":   {parts[0] + "." + strings.Split(user, ".")[1] + "." + parts[2], ErrSignature},
		"no signature":       {parts[0] + "." + parts[1] + ".", ErrSignature},
		"another tenant":     {other.granted(other.daemonRequest("scope", "https://graph.microsoft.com/.default")).text("access_token"), ErrSignature},
		"another issuer":     {with("iss", w.origin+"/"+w.tid()+"/v2.0"), ErrIssuer},
		"another tid":        {with("tid", other.tid()), ErrIssuer},
		"another audience":   {w.granted(w.daemonRequest()).text("access_token"), ErrIssuer}, // a v2 token
		"v1, other audience": {w.granted(w.daemonRequest("scope", w.ledger.AppID+"/.default")).text("access_token"), ErrAudience},
		"expired":            {with("exp", now.Add(-clockSkew).Unix()), ErrExpired},
		"just expired":       {with("exp", now.Add(-time.Minute).Unix()), nil},
		"no expiry":          {with("exp", 0), ErrExpired},
		"not yet":            {with("nbf", now.Add(clockSkew+time.Minute).Unix()), ErrNotYet},
		"audience a list":    {with("aud", []string{w.origin}), ErrMalformed},
	} {
		if _, err := w.login.VerifyGraphToken("", test.token); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, err := w.login.Sign(map[string]any{"kid": "made-up", "typ": nil, "extra": 1}, map[string]any{"aud": "anything", "exp": "not a number"})
	w.must(err)
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	w.must(err)
	header := parsed.Headers[0]
	if header.KeyID != "made-up" || header.ExtraHeaders["typ"] != nil || header.ExtraHeaders["extra"] != 1.0 {
		t.Errorf("header %+v", header)
	}
	var c map[string]any
	w.must(parsed.Claims(&w.login.keys.current().private.PublicKey, &c))
	if c["aud"] != "anything" || c["exp"] != "not a number" || len(c) != 2 {
		t.Errorf("claims %v", c)
	}
	token, err = w.login.Sign(map[string]any{"kid": nil}, nil)
	w.must(err)
	parsed, err = jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	w.must(err)
	if parsed.Headers[0].KeyID != "" || parsed.Headers[0].ExtraHeaders["typ"] != "JWT" {
		t.Errorf("header %+v", parsed.Headers[0])
	}
	if _, err := w.login.Sign(nil, map[string]any{"no JSON": func() {}}); err == nil {
		t.Error("claims that are no JSON were signed")
	}
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(token string) (page, map[string]any) {
		r, err := http.NewRequest(http.MethodGet, w.origin+"/oidc/userinfo", nil)
		w.must(err)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		p := w.do(w.server.Client(), r)
		var body map[string]any
		if p.body != "" {
			w.must(json.Unmarshal([]byte(p.body), &body))
		}
		return p, body
	}
	a := w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "openid profile email"), w.ada)))
	p, body := ask(a.text("access_token"))
	if p.status != http.StatusOK || body["sub"] != w.claims(a.text("id_token"))["sub"] || body["name"] != "Ada Lovelace" || body["email"] != "ada@mail.example" {
		t.Errorf("%d %v", p.status, body)
	}
	a = w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "openid"), w.ada)))
	if _, body := ask(a.text("access_token")); body["sub"] == nil || body["name"] != nil || body["email"] != nil {
		t.Errorf("openid alone: %v", body)
	}
	if p, _ := ask(""); p.status != http.StatusUnauthorized || p.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("no token: %d %v", p.status, p.header)
	}
	if p, _ := ask(w.granted(w.daemonRequest()).text("access_token")); p.status != http.StatusUnauthorized || !strings.Contains(p.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("another API's token: %d %v", p.status, p.header)
	}
	a = w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "User.Read"), w.ada)))
	if p, _ := ask(a.text("access_token")); p.status != http.StatusForbidden {
		t.Errorf("no openid: %d", p.status)
	}
}
