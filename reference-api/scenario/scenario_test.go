package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	referenceapi "provision/reference-api"
	"provision/reference-api/token"
)

// verifier knows a valid token, and invalid tokens by their error.
type verifier map[string]error

func (v verifier) Verify(_ context.Context, raw string) (*token.Claims, error) {
	if err, wrong := v[raw]; wrong {
		return nil, fmt.Errorf("%w: in a test", err)
	}
	claims := &token.Claims{TenantID: "t", ObjectID: raw, Name: "Ada", Username: "ada@contoso.example", Scopes: []string{"all"}}
	if role, ok := strings.CutPrefix(raw, "role-"); ok {
		claims.Roles = []string{role}
	}
	return claims, nil
}

// serve serves a scenario. Its routes require only a valid token.
func serve(t *testing.T, name string, c Config, roles ...string) func(method, path, authorization, body string) (int, string) {
	t.Helper()
	s, err := Open(name, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	var routes []referenceapi.Route
	for request := range s.Handlers {
		method, path, _ := strings.Cut(request, " ")
		routes = append(routes, referenceapi.Route{Method: method, Path: path, Requires: []referenceapi.Requirement{{AnyRole: roles}}, Handler: s.Handler(method, path)})
	}
	h, err := referenceapi.New(referenceapi.Config{
		Routes: routes, Refusal: s.Refusal, Logger: slog.New(slog.DiscardHandler),
		Verifier: verifier{"expired": token.ErrExpired, "garbage": token.ErrMalformed, "unknown-key": token.ErrUnknownKey, "issuer": token.ErrIssuer, "signature": token.ErrSignature},
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path, authorization, body string) (int, string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, strings.TrimSpace(w.Body.String())
	}
}

const ripley = `{"id":"mine","name":"Ripley","race":"human","class_":"officer","level":7,"hit_points":68,"armor_class":16,"speed":30,"flaws":"cats"}`

func TestHeroes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Run("kept", func(t *testing.T) {
		send := serve(t, "heroes", Config{Dir: dir})
		status, body := send("POST", "/heroes/", "Bearer ada", ripley)
		var made hero
		if err := json.Unmarshal([]byte(body), &made); err != nil || status != 201 || made.ID == "" {
			t.Fatalf("create: %d %s", status, body)
		}
		if status, got := send("GET", "/heroes/"+made.ID, "Bearer ada", ""); status != 200 || got != body {
			t.Errorf("read: %d %s", status, got)
		}
		for sent, want := range map[string]int{
			`{}`: 422, strings.Replace(ripley, `"speed"`, `"spede"`, 1): 422, strings.Replace(ripley, `"Ripley"`, `7`, 1): 422,
			`[]`: 400, ``: 400, `null`: 400, ripley + `{}`: 400, `{"name":"` + strings.Repeat("x", 2<<20) + `"}`: 413,
		} {
			if status, answer := send("POST", "/heroes/", "Bearer ada", sent); status != want {
				t.Errorf("%.30s: %d %s, want %d", sent, status, answer, want)
			}
		}
	})
	t.Run("opened again", func(t *testing.T) {
		send := serve(t, "heroes", Config{Dir: dir})
		status, body := send("GET", "/heroes/", "Bearer ada", "")
		var all []hero
		if err := json.Unmarshal([]byte(body), &all); err != nil || status != 200 || len(all) != 1 || all[0].Name != "Ripley" {
			t.Fatalf("list: %d %s", status, body)
		}
		for i, want := range []int{204, 404} {
			if status, _ := send("DELETE", "/heroes/"+all[0].ID, "Bearer ada", ""); status != want {
				t.Errorf("delete %d: %d", i+1, status)
			}
		}
		if status, body := send("GET", "/heroes/", "Bearer ada", ""); status != 200 || body != "[]" {
			t.Errorf("list: %d %s", status, body)
		}
	})
}

func TestPeopleAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	send := serve(t, "web-login", Config{})
	var first, again, other person
	for who, into := range map[*person]string{&first: "ada", &again: "ada", &other: "bob"} {
		status, body := send("GET", "/api/me", "Bearer "+into, "")
		if err := json.Unmarshal([]byte(body), who); err != nil || status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	}
	if !first.Registered.Equal(again.Registered) || first.Requests+again.Requests != 3 || other.Requests != 1 || other.ObjectID != "bob" {
		t.Errorf("first %+v, again %+v, other %+v", first, again, other)
	}
}

func TestVaultErrors(t *testing.T) {
	t.Parallel()
	send := serve(t, "vault-function", Config{}, "GetSecret")
	for _, test := range []struct {
		authorization, path string
		status              int
		code                string
	}{
		{"", "/vault?secret=demo", 401, "AuthorizationHeaderMissing"},
		{"Basic YTpi", "/vault?secret=demo", 401, "InvalidAuthorizationHeader"},
		{"Bearer", "/vault?secret=demo", 401, "AuthorizationTokenNotFound"},
		{"Bearer a b", "/vault?secret=demo", 401, "InvalidAuthorizationHeaderFormat"},
		{"Bearer garbage", "/vault?secret=demo", 401, "InvalidAuthorizationHeader"},
		{"Bearer unknown-key", "/vault?secret=demo", 401, "InvalidAuthorizationHeader"},
		{"Bearer expired", "/vault?secret=demo", 401, "AuthorizationTokenExpired"},
		{"Bearer issuer", "/vault?secret=demo", 401, "InvalidAuthorizationClaims"},
		{"Bearer signature", "/vault?secret=demo", 401, "InvalidAuthorizationClaims"},
		{"Bearer nobody", "/vault?secret=demo", 403, "AuthorizationRoleMissing"},
		{"Bearer role-Other", "/vault?secret=demo", 403, "AuthorizationPathRoleMissing"},
		{"Bearer role-GetSecret", "/vault", 400, "SecretNameMissing"},
		{"Bearer role-GetSecret", "/vault?secret=none", 404, "SecretNotFound"},
		{"Bearer role-GetSecret", "/vault?secret=unreachable", 502, "AzureKeyVaultFatalError"},
		{"Bearer role-GetSecret", "/vault?secret=demo", 200, ""},
		{"", "/nowhere", 404, "NotFound"},
	} {
		status, body := send("GET", test.path, test.authorization, "")
		var got problem
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != test.status || got.Code != test.code {
			t.Errorf("%q %s: %d %s, want %d %s", test.authorization, test.path, status, body, test.status, test.code)
		}
	}
}

type staticToken struct{}

func (staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "vault-token"}, nil
}

// TestKeyVault reads secrets of a vault with Azure's client.
func TestKeyVault(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("Authorization") == "": // the client requests the issuer of tokens
			w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/secrets/demo"):
			_, _ = io.WriteString(w, `{"value":"kept","id":"https://vault.example/secrets/demo/1"}`)
		case strings.HasPrefix(r.URL.Path, "/secrets/none"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"code":"SecretNotFound","message":"not found"}}`)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	vault, err := NewKeyVault(server.URL, staticToken{}, &azsecrets.ClientOptions{
		ClientOptions:                        azcore.ClientOptions{Transport: server.Client(), Retry: policy.RetryOptions{MaxRetries: -1}},
		DisableChallengeResourceVerification: true, // this vault is on loopback
	})
	if err != nil {
		t.Fatal(err)
	}
	send := serve(t, "vault-function", Config{Vault: vault})
	for name, want := range map[string]int{"demo": 200, "none": 404, "forbidden": 502} {
		status, body := send("GET", "/vault?secret="+name, "Bearer ada", "")
		if status != want || (status == 200) != strings.Contains(body, "kept") {
			t.Errorf("%s: %d %s, want %d", name, status, body, want)
		}
	}
}
