package login

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tid, domain := w.tid(), w.dir.Tenant().Domain
	for _, test := range []struct{ path, issuer, token, keys string }{
		{"/" + tid + "/v2.0", "/" + tid + "/v2.0", "/" + tid + "/oauth2/v2.0/token", "/" + tid + "/discovery/v2.0/keys"},
		{"/" + strings.ToUpper(tid) + "/v2.0", "/" + tid + "/v2.0", "/" + tid + "/oauth2/v2.0/token", "/" + tid + "/discovery/v2.0/keys"},
		{"/" + domain + "/v2.0", "/" + tid + "/v2.0", "/" + tid + "/oauth2/v2.0/token", "/" + tid + "/discovery/v2.0/keys"},
		{"/common/v2.0", "/{tenantid}/v2.0", "/common/oauth2/v2.0/token", "/common/discovery/v2.0/keys"},
		{"/organizations/v2.0", "/{tenantid}/v2.0", "/organizations/oauth2/v2.0/token", "/organizations/discovery/v2.0/keys"},
		{"/" + tid, "/" + tid + "/", "/" + tid + "/oauth2/token", "/" + tid + "/discovery/keys"},
		{"/common", "/{tenantid}/", "/common/oauth2/token", "/common/discovery/keys"},
	} {
		var m map[string]any
		p := w.document(test.path+"/.well-known/openid-configuration", &m)
		if p.status != http.StatusOK || m["issuer"] != w.origin+test.issuer || m["token_endpoint"] != w.origin+test.token || m["jwks_uri"] != w.origin+test.keys {
			t.Errorf("%s: %d, issuer %v, token endpoint %v, keys %v", test.path, p.status, m["issuer"], m["token_endpoint"], m["jwks_uri"])
		}
		for _, field := range []string{
			"authorization_endpoint", "device_authorization_endpoint", "end_session_endpoint", "userinfo_endpoint",
			"response_types_supported", "response_modes_supported", "subject_types_supported", "scopes_supported",
			"id_token_signing_alg_values_supported", "token_endpoint_auth_methods_supported", "claims_supported",
			"cloud_instance_name", "cloud_graph_host_name", "msgraph_host", "rbac_url",
		} {
			if m[field] == nil || m[field] == "" {
				t.Errorf("%s lacks %s", test.path, field)
			}
		}
		if region, there := m["tenant_region_scope"]; !there || (region == nil) != strings.Contains(test.issuer, "{") {
			t.Errorf("%s: tenant_region_scope %v", test.path, region)
		}
		if p.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s is not readable by scripts", test.path)
		}
	}
}

func TestUnknownTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/nobody.example/v2.0/.well-known/openid-configuration", "/consumers/discovery/keys"} {
		var body errorBody
		p := w.document(path, &body)
		if p.status != http.StatusBadRequest || body.Error != "invalid_tenant" || body.ErrorCodes[0] != 90002 || !strings.HasPrefix(body.ErrorDescription, "AADSTS90002: ") {
			t.Errorf("%s: %d %+v", path, p.status, body)
		}
	}
	if a := w.tokenAt("/nobody.example/oauth2/v2.0/token", w.daemonRequest()); a.status != http.StatusBadRequest || a.code() != 90002 {
		t.Errorf("token: %d %v", a.status, a.fields)
	}
	if p := w.get(w.browser(), "/nobody.example/oauth2/v2.0/authorize", w.desktopRequest()); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS90002") {
		t.Errorf("authorize: %d %s", p.status, p.body)
	}
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, issuer := range map[string]string{
		"/" + w.tid() + "/discovery/v2.0/keys": w.origin + "/" + w.tid() + "/v2.0",
		"/common/discovery/v2.0/keys":          w.origin + "/{tenantid}/v2.0",
		"/" + w.tid() + "/discovery/keys":      w.origin + "/" + w.tid() + "/",
	} {
		var set struct{ Keys []publicKey }
		w.document(path, &set)
		if len(set.Keys) != 1 {
			t.Fatalf("%s: %d keys", path, len(set.Keys))
		}
		k := set.Keys[0]
		der, err := base64.StdEncoding.DecodeString(k.Certificates[0])
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		thumbprint := sha1.Sum(certificate.Raw)
		if want := base64.RawURLEncoding.EncodeToString(thumbprint[:]); k.Thumbprint != want || k.KeyID != want {
			t.Errorf("%s: kid %s, x5t %s, certificate %s", path, k.KeyID, k.Thumbprint, want)
		}
		if k.KeyType != "RSA" || k.Use != "sig" || k.Exponent != "AQAB" || k.Issuer != issuer {
			t.Errorf("%s: %+v", path, k)
		}
	}
}

func TestKeysSurviveRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.granted(w.daemonRequest("scope", "https://graph.microsoft.com/.default")).text("access_token")
	w.open()
	if _, err := w.login.VerifyGraphToken("", before); err != nil {
		t.Error(err)
	}
}

func TestInstanceDiscovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := strings.TrimPrefix(w.origin, "https://")
	for name, test := range map[string]struct {
		authority string
		status    int
	}{
		"own host":              {w.origin + "/" + w.tid() + "/oauth2/v2.0/authorize", http.StatusOK},
		"own host without port": {"https://127.0.0.1/common/oauth2/v2.0/authorize", http.StatusOK},
		"another host":          {"https://login.example/common/oauth2/v2.0/authorize", http.StatusBadRequest},
		"an unknown tenant":     {w.origin + "/nobody.example/oauth2/v2.0/authorize", http.StatusBadRequest},
		"none":                  {"", http.StatusBadRequest},
	} {
		var m struct {
			Endpoint string `json:"tenant_discovery_endpoint"`
			Metadata []instanceMetadata
		}
		query := url.Values{"api-version": {"1.1"}, "authorization_endpoint": {test.authority}}
		p := w.document("/common/discovery/instance?"+query.Encode(), &m)
		if p.status != test.status {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
		if test.status == http.StatusOK && (!strings.HasPrefix(m.Endpoint, w.origin) || m.Metadata[0].Aliases[0] != host) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
