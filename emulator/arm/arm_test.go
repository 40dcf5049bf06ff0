package arm

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const origin = "https://localhost:8443"

// ask sends a request. The bearer token "good" is valid.
func ask(t *testing.T, method, address, token string) (*http.Response, any) {
	t.Helper()
	handler := New(Config{
		Origin:   origin,
		TenantID: "tid",
		Authenticate: func(r *http.Request) ([]Tenant, error) {
			if r.Header.Get("Authorization") != "Bearer good" {
				return nil, errors.New("token is not for this resource")
			}
			return []Tenant{{ID: "tid", Domain: "contoso.example", DisplayName: "Contoso"}}, nil
		},
	})
	r := httptest.NewRequest(method, address, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	answer := recorder.Result()
	var body any
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatalf("%s: %d: %v", address, answer.StatusCode, err)
	}
	return answer, body
}

func TestMetadataOfACloud(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]struct{ name, manager, login, graph string }{
		origin:                             {"provision", origin + "/", origin, origin + "/"},
		"https://management.azure.com":     {"AzureCloud", "https://management.azure.com/", "https://login.microsoftonline.com", "https://graph.microsoft.com/"},
		"https://Management.Azure.com:443": {"AzureCloud", "https://management.azure.com/", "https://login.microsoftonline.com", "https://graph.microsoft.com/"},
	} {
		_, one := ask(t, http.MethodGet, host+"/metadata/endpoints?api-version=2022-09-01", "")
		_, list := ask(t, http.MethodGet, host+"/metadata/endpoints?api-version=2019-05-01", "")
		if diff := cmp.Diff([]any{one}, list); diff != "" {
			t.Errorf("%s: the list holds something else:\n%s", host, diff)
		}
		cloud, _ := one.(map[string]any)
		authentication, _ := cloud["authentication"].(map[string]any)
		if cloud["name"] != want.name || cloud["resourceManager"] != want.manager || cloud["microsoftGraphResourceId"] != want.graph || authentication["loginEndpoint"] != want.login {
			t.Errorf("%s: %v", host, one)
		}
		if _, there := cloud["suffixes"].(map[string]any); !there {
			t.Errorf("%s: no suffixes in %v", host, one)
		}
		_, old := ask(t, http.MethodGet, host+"/metadata/endpoints?api-version=2015-01-01", "")
		endpoints, _ := old.(map[string]any)
		if diff := cmp.Diff(map[string]any{"loginEndpoint": want.login, "audiences": authentication["audiences"]}, endpoints["authentication"]); diff != "" {
			t.Errorf("%s, 2015-01-01:\n%s", host, diff)
		}
		if endpoints["galleryEndpoint"] != want.manager || endpoints["graphEndpoint"] != want.graph {
			t.Errorf("%s, 2015-01-01: %v", host, old)
		}
	}
}

func TestSubscriptionsAndTenants(t *testing.T) {
	t.Parallel()
	answer, body := ask(t, http.MethodGet, origin+"/subscriptions?api-version=2019-11-01", "good")
	if value, isList := body.(map[string]any)["value"].([]any); answer.StatusCode != http.StatusOK || !isList || len(value) != 0 {
		t.Errorf("subscriptions: %d %v", answer.StatusCode, body)
	}
	answer, body = ask(t, http.MethodGet, origin+"/tenants?api-version=2019-11-01", "good")
	tenants, _ := body.(map[string]any)["value"].([]any)
	if answer.StatusCode != http.StatusOK || len(tenants) != 1 {
		t.Fatalf("tenants: %d %v", answer.StatusCode, body)
	}
	if tenant := tenants[0].(map[string]any); tenant["tenantId"] != "tid" || tenant["id"] != "/tenants/tid" || tenant["defaultDomain"] != "contoso.example" || tenant["displayName"] != "Contoso" {
		t.Errorf("the tenant is %v", tenant)
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, path, token string
		status              int
		code                string
	}{
		"no token":             {http.MethodGet, "/subscriptions?api-version=2019-11-01", "", 401, "AuthenticationFailed"},
		"a bad token":          {http.MethodGet, "/tenants?api-version=2019-11-01", "bad", 401, "InvalidAuthenticationToken"},
		"no version":           {http.MethodGet, "/tenants", "good", 400, "MissingApiVersionParameter"},
		"metadata, no version": {http.MethodGet, "/metadata/endpoints", "", 400, "MissingApiVersionParameter"},
		"metadata, unknown":    {http.MethodGet, "/metadata/endpoints?api-version=2000-01-01", "", 400, "InvalidApiVersionParameter"},
		"a resource":           {http.MethodGet, "/subscriptions/x/resourceGroups?api-version=2019-11-01", "good", 404, "NotFound"},
		"a write":              {http.MethodPost, "/tenants?api-version=2019-11-01", "good", 404, "NotFound"},
	} {
		answer, body := ask(t, test.method, origin+test.path, test.token)
		fault, _ := body.(map[string]any)["error"].(map[string]any)
		if answer.StatusCode != test.status || fault["code"] != test.code || fault["message"] == "" {
			t.Errorf("%s: %d %v", name, answer.StatusCode, body)
		}
		if challenge := answer.Header.Get("WWW-Authenticate"); (test.status == 401) != strings.Contains(challenge, `authorization_uri="`+origin+`/tid"`) {
			t.Errorf("%s: challenged with %q", name, challenge)
		}
	}
}

func TestPathsOfItsOwn(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{"/metadata/endpoints": true, "/subscriptions": true, "/tenants": true, "/common/oauth2/token": false, "/subscriptions/x": false, "/": false} {
		if Serves(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
