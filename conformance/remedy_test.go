package conformance

import (
	"net/http"
	"strings"
	"testing"
)

// TestLikelyRemedies: the answers show the framework, and nothing else is proposed then.
func TestLikelyRemedies(t *testing.T) {
	t.Parallel()
	all := remedyRequire.lines(endpoint{})
	for header, want := range map[string][]string{
		"Server: uvicorn":              {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"Server: Werkzeug/3.1 Python":  {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"X-Powered-By: Express":        {"Express, jose", "passport-azure-ad"},
		"Server: Kestrel":              {"Microsoft.Identity.Web"},
		"Server: nginx":                libraries[:],
		"X-Powered-By: something else": libraries[:],
	} {
		name, value, _ := strings.Cut(header, ": ")
		f := Finding{Remedies: all, language: language(http.Header{name: {value}})}
		var got []string
		for _, r := range f.Likely() {
			got = append(got, r.Library)
		}
		if len(got) != len(want) || got[0] != want[0] {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}
