package conformance

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	for _, redirect := range []string{"http://localhost", "http://localhost:8400/cb", "vscode://contoso.projects"} {
		t.Run(redirect, func(t *testing.T) {
			t.Parallel()
			grant, err := s.authority().SignIn(t.Context(), Client{ID: "extension", RedirectURI: redirect},
				Account{"ada@contoso.example", password}, []string{"api://" + apiID + "/read_data"})
			if err != nil {
				t.Fatal(err)
			}
			_, claims, err := decode(grant.AccessToken)
			if err != nil || claims.text("scp") != "read_data" || claims.text("aud") != apiID {
				t.Errorf("access token %v, %v", claims, err)
			}
			if _, claims, err = decode(grant.IDToken); err != nil || claims.text("aud") != "extension" {
				t.Errorf("id token %v, %v", claims, err)
			}
		})
	}
}

func TestSignInIsRefused(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	s.refuses["nob"] = "AADSTS50105: The signed in user is not assigned. Trace ID: 1"
	scope := []string{"api://" + apiID + "/read_data"}
	tests := []struct {
		name    string
		client  string
		account Account
		scopes  []string
		code    int
		says    string
	}{
		{"wrong password", "extension", Account{"ada@contoso.example", nobody}, scope, 50126, "AADSTS50126: Error validating credentials."},
		{"unknown client", "unknown", Account{"ada@contoso.example", password}, scope, 700016, "AADSTS700016: Application unknown was not found."},
		{"no consent", "extension", Account{"ada@contoso.example", password}, []string{"api://" + apiID + "/delete"}, 65001, "AADSTS65001: No consent."},
		{"not assigned", "extension", Account{"nob@contoso.example", password}, scope, 50105, "AADSTS50105: The signed in user is not assigned."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.authority().SignIn(t.Context(), Client{ID: test.client, RedirectURI: "http://localhost"}, test.account, test.scopes)
			var refused *AADSTSError
			if !errors.As(err, &refused) || refused.Code != test.code || refused.Error() != test.says {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), nobody) || strings.Contains(err.Error(), password) {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

// If the sign-in page requires a browser, the suite uses the password grant.
func TestSignInWithoutForm(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	s.scripted = true
	tokens := s.tokens()
	access, id, err := tokens.User(t.Context(), "extension", "ada", []string{"read_data"})
	if err != nil || access == "" || id == "" {
		t.Fatalf("got %v", err)
	}
	if _, claims, err := decode(access); err != nil || claims.text("oid") != "oid-ada" {
		t.Errorf("token %v, %v", claims, err)
	}
	tokens.Accounts["ada"] = Account{"ada@contoso.example", nobody}
	var refused *AADSTSError
	if _, _, err = tokens.User(t.Context(), "extension", "ada", nil); !errors.As(err, &refused) || refused.Code != 50126 {
		t.Errorf("got %v", err)
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	grant, err := s.authority().ClientCredentials(t.Context(), Client{ID: "robot", Secret: secret}, "api://"+apiID+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	if _, claims, err := decode(grant.AccessToken); err != nil || !claims.appOnly() {
		t.Errorf("token %v, %v", claims, err)
	}
	_, err = s.authority().ClientCredentials(t.Context(), Client{ID: "robot", Secret: nobody}, "api://"+apiID+"/.default")
	var refused *AADSTSError
	if !errors.As(err, &refused) || refused.Code != 7000215 || refused.OAuth != "invalid_client" || strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("got %v", err)
	}
}

func TestSignInFormIsReadWithCare(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		html string
		ok   bool
	}{
		"posts":              {`<form method=POST action=/x><input name=u><input type=password name=p></form>`, true},
		"by get":             {`<form action=/x><input name=u><input type=password name=p></form>`, false},
		"to another host":    {`<form method=post action=https://evil.example/x><input name=u><input type=password name=p></form>`, false},
		"to plain http":      {`<form method=post action=http://login.example/x><input name=u><input type=password name=p></form>`, false},
		"nested and unended": {`<form method=post><div><p><input name=u type=email><input type=PASSWORD name=p>`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := readPage([]byte(test.html))
			if err != nil || !p.asksPassword() {
				t.Fatalf("page %+v, %v", p, err)
			}
			base := mustParse("https://login.example/authorize")
			request, err := p.fill(t.Context(), base, Account{"ada", "secret word"})
			if (err == nil) != test.ok {
				t.Fatalf("filled in: %v", err)
			}
			if err != nil {
				return
			}
			if err := request.ParseForm(); err != nil || request.PostForm.Get("u") != "ada" || request.PostForm.Get("p") != "secret word" {
				t.Errorf("form %v, %v", request.PostForm, err)
			}
		})
	}
}

func FuzzReadPage(f *testing.F) {
	f.Add([]byte(`<form method=post action=x><input type=password name=p><title>`))
	f.Add([]byte(`<svg><form><math><title><style>AADSTS1`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := readPage(body)
		if err != nil || p.form == nil {
			return
		}
		_, _ = p.fill(t.Context(), mustParse("https://login.example/"), Account{"u", "p"})
	})
}

// The token of an application is requested without an Origin header, even if users sign in to the
// application in a browser.
func TestClientCredentialsHaveNoOrigin(t *testing.T) {
	t.Parallel()
	origins := make(map[string][]string)
	var base string
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			answer(w, 200, map[string]any{"authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token"})
			return
		}
		origins[r.FormValue("grant_type")] = r.Header.Values("Origin")
		answer(w, 200, map[string]any{"access_token": "a"})
	}))
	base = server.URL
	a := &Authority{URL: server.URL, HTTPClient: server.Client()}
	client := Client{ID: "spa", RedirectURI: "https://page.example/", SPA: true, Secret: "s"}
	if _, err := a.ClientCredentials(t.Context(), client, "api/.default"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.redeem(t.Context(), client, url.Values{"grant_type": {"authorization_code"}}); err != nil {
		t.Fatal(err)
	}
	if len(origins["client_credentials"]) != 0 || len(origins["authorization_code"]) != 1 {
		t.Errorf("origins %v", origins)
	}
}
