package graphapi

import (
	"net/http"
	"strings"
	"testing"
)

// Under its public host, Graph uses the names of the public cloud in contexts, in links, in the
// items of a batch and in errors.
func TestPublicHost(t *testing.T) {
	t.Parallel()
	tt := start(t)
	for _, host := range []string{"https://graph.microsoft.com", "https://GRAPH.microsoft.com:443", origin} {
		want, login := "https://graph.microsoft.com", "https://login.microsoftonline.com"
		if host == origin {
			want, login = origin, origin
		}
		made := tt.send("admin", http.MethodPost, host+"/v1.0/applications", `{"displayName": "a"}`)
		if made.StatusCode != http.StatusCreated || !strings.HasPrefix(made.body.text("@odata.context"), want+"/v1.0/$metadata#") || !strings.HasPrefix(made.Header.Get("Location"), want+"/v1.0/") {
			t.Errorf("%s: made: %s, context %s, location %s", host, made.Status, made.body.text("@odata.context"), made.Header.Get("Location"))
		}
		tt.send("admin", http.MethodPost, host+"/v1.0/applications", `{"displayName": "b"}`)
		page := tt.send("admin", http.MethodGet, host+"/beta/applications?$top=1", "")
		next := page.body.text("@odata.nextLink")
		if !strings.HasPrefix(next, want+"/beta/applications?") {
			t.Fatalf("%s: the next page is at %q", host, next)
		}
		if second := tt.send("admin", http.MethodGet, next, ""); len(second.body.values()) != 1 {
			t.Errorf("%s: the second page: %s", host, second.raw)
		}
		batch := tt.send("admin", http.MethodPost, host+"/v1.0/$batch", `{"requests": [{"id": "1", "method": "GET", "url": "/applications"}]}`)
		if !strings.Contains(batch.raw, `"`+want+`/v1.0/$metadata#applications"`) {
			t.Errorf("%s: the batch answers %s", host, batch.raw)
		}
		refused := tt.send("nobody", http.MethodGet, host+"/v1.0/applications", "")
		if got := refused.Header.Get("WWW-Authenticate"); !strings.Contains(got, `"`+login+`/common/oauth2/authorize"`) {
			t.Errorf("%s: refused with %s", host, got)
		}
	}
}
