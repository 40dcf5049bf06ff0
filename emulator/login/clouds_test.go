package login

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
	"provision/internal/microsoft"
)

// loginOf returns the host of a cloud's authorization server, and the tenant's own for "local".
func (w *world) loginOf(cloud string) string {
	if c, found := microsoft.CloudNamed(cloud); found {
		return c.Login[0]
	}
	return strings.TrimPrefix(w.origin, "https://")
}

// TestACloudAcceptsItsOwnTokens: a request under a cloud's host is a request to this cloud. It
// accepts tokens of this cloud and of the tenant's own origin.
func TestACloudAcceptsItsOwnTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	graph := map[string]string{"local": "", "public": "graph.microsoft.com", "usgov": "graph.microsoft.us", "usgov-dod": "dod-graph.microsoft.us", "china": "microsoftgraph.chinacloudapi.cn"}
	accepts := map[string][]string{ // by the cloud of the token: where it is accepted
		"local":     {"local", "public", "usgov", "usgov-dod", "china"},
		"public":    {"local", "public"},
		"usgov":     {"usgov", "usgov-dod"},
		"usgov-dod": {"usgov", "usgov-dod"},
		"china":     {"china"},
	}
	admin := w.dir.Administrator()
	for from, host := range graph {
		scope := w.origin + "/.default"
		if host != "" {
			scope = "https://" + host + "/.default"
		}
		request := w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", scope)
		token := w.under(w.loginOf(from), w.tokenPath(), request).text("access_token")
		for at := range graph {
			_, err := w.login.VerifyGraphToken(graph[at], token)
			if accepted, want := err == nil, slices.Contains(accepts[from], at); accepted != want {
				t.Errorf("Graph of %s accepts a token of %s: %t, want %t (%v)", at, from, accepted, want, err)
			}
			// The name of a resource in another cloud is no resource here.
			a := w.under(w.loginOf(at), w.tokenPath(), request)
			if granted, want := a.status == http.StatusOK, from == "local" || slices.Contains(accepts[from], at); granted != want || !want && a.code() != 500011 {
				t.Errorf("%s of %s: granted %t, want %t: %s", scope, at, granted, want, a.body)
			}
		}
	}
}

// TestOnBehalfOfStaysInItsCloud: an API exchanges a user's token with the cloud that issued it.
func TestOnBehalfOfStaysInItsCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.middle()
	for _, test := range []struct {
		issuer, at string
		code       int
	}{
		{"public", "public", 0}, {"local", "public", 0}, {"public", "local", 0}, {"local", "china", 0}, {"china", "china", 0},
		{"usgov", "usgov", 0}, {"china", "public", 50013}, {"usgov", "china", 50013}, {"china", "local", 50013},
	} {
		users := w.under(w.loginOf(test.issuer), w.tokenPath(), w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("access_token")
		if a := w.under(w.loginOf(test.at), w.tokenPath(), w.behalf(secret, users)); a.code() != test.code {
			t.Errorf("a token of %s at %s: AADSTS%d, want %d: %s", test.issuer, test.at, a.code(), test.code, a.text("error_description"))
		}
	}
}

// TestManagedIdentityOfACloud: the token of a managed identity is a federated credential of its
// cloud, and of no other one.
func TestManagedIdentityOfACloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var identity *directory.ServicePrincipal
	w.update(func(tx *directory.Tx) {
		var err error
		identity, _, err = tx.CreateManagedIdentity("orders")
		w.must(err)
	})
	for _, c := range microsoft.Clouds {
		if c.Name == "usgov-dod" { // the issuer of usgov
			continue
		}
		w.trust(directory.FederatedIdentityCredential{Name: c.Name, Issuer: c.Authority() + "/" + w.tid() + "/v2.0", Subject: ptr(identity.ID), Audiences: []string{c.TokenExchange}})
	}
	for _, from := range microsoft.Clouds {
		for _, other := range microsoft.Clouds {
			_, _, err := w.login.ManagedIdentityToken(w.dir, identity, other.TokenExchange, from.Login[0])
			if given, want := err == nil, from.TokenExchange == other.TokenExchange; given != want {
				t.Errorf("%s for an identity of %s: %t, want %t (%v)", other.TokenExchange, from.Name, given, want, err)
			}
		}
		token, _, err := w.login.ManagedIdentityToken(w.dir, identity, from.TokenExchange, from.Login[0])
		w.must(err)
		if claims := w.claims(token); claims["iss"] != from.Authority()+"/"+w.tid()+"/v2.0" {
			t.Errorf("%s: issuer %v", from.Name, claims["iss"])
		}
		for _, at := range microsoft.Clouds {
			a := w.under(at.Login[0], w.tokenPath(), w.daemonAssertion(token, "scope", at.GraphURL()+"/.default"))
			if want := from.Login[0] == at.Login[0]; (a.code() == 0) != want || !want && a.code() != 700236 {
				t.Errorf("an identity of %s at %s: AADSTS%d %s", from.Name, at.Name, a.code(), a.text("error_description"))
			}
		}
	}
}

// TestResourcesOfACloud: Microsoft's resources have a host in each cloud.
func TestResourcesOfACloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx *directory.Tx) {
		for _, appID := range []string{"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "e406a681-f3d4-42a8-90b6-c2b029497af1"} {
			_, err := tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: appID, AccountEnabled: true})
			w.must(err)
		}
	})
	for _, test := range []struct {
		resource string
		clouds   []string
	}{
		{"https://vault.azure.net", []string{"public"}},
		{"https://vault.usgovcloudapi.net", []string{"usgov"}},
		{"https://vault.azure.cn", []string{"china"}},
		{"https://storage.azure.com", []string{"public", "usgov", "china"}},
		{"https://orders.blob.core.windows.net", []string{"public"}},
		{"https://orders.blob.core.usgovcloudapi.net", []string{"usgov"}},
		{"https://orders.blob.core.chinacloudapi.cn", []string{"china"}},
		{"https://management.azure.com/", []string{"public"}},
		{"https://management.usgovcloudapi.net", []string{"usgov"}},
		{"https://management.core.chinacloudapi.cn/", []string{"china"}},
		{"797f4846-ba00-4fd7-ba43-dac1f8f63013", []string{"public", "usgov", "china"}},
	} {
		for _, cloud := range []string{"public", "usgov", "china"} {
			a := w.under(w.loginOf(cloud), w.tokenPath(), w.daemonRequest("scope", test.resource+"/.default"))
			if given, want := a.status == http.StatusOK, slices.Contains(test.clouds, cloud); given != want {
				t.Errorf("%s at %s: %t, want %t: %s", test.resource, cloud, given, want, a.text("error_description"))
			}
		}
	}
}
