package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/conformance"
)

func TestGitHub(t *testing.T) {
	t.Parallel()
	var annotations, summary bytes.Buffer
	g := NewGitHub(&annotations, &summary)
	feed(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	failed := "::error file=manifests/shop api/conformance.yaml,line=11,title=the API does not check the audience (aud)::GET /secure: wrong-audience: expected 401, got 200%0Aany token is good here%0Aevidence: 1 case: GET /secure: wrong-audience%0Aagain: provision verify --only 'GET /secure: wrong-audience'\n"
	broken := "::error file=manifests/shop api/conformance.yaml,line=13,title=GET /secure%3A no-role::get a token of user nob: AADSTS50126: wrong password\n"
	if diff := cmp.Diff(failed+failed+broken+broken, annotations.String()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"| secure | https\\://api\\.example | 1 finding: 1 high | 1 | 1 | 1 | 0 | 1 | 1 | 1 | 1 |\n",
		"| high | the API does not check the audience \\(aud\\) | GET /secure\\: wrong\\-audience | expected 401, got 200 |\n",
	} {
		if !strings.Contains(summary.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, summary.String())
		}
	}
}

// Text of a target contains no command for the runner, and no cell delimiter for the table.
func TestGitHubEscapes(t *testing.T) {
	t.Parallel()
	var annotations, summary bytes.Buffer
	g := NewGitHub(&annotations, &summary)
	evil := "100%\r\n::add-mask::x|<img src=x>`a`"
	_ = g.Begin(conformance.Plan{Name: "d", URL: "https://a"})
	for range maxAnnotations + 2 {
		_ = g.Result(conformance.Result{Case: conformance.Case{ID: "GET /a,b: c%", File: "a,b:c.yaml"}, Outcome: conformance.Error, Reason: evil})
	}
	_ = g.End(conformance.Summary{Errors: maxAnnotations + 2})
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(annotations.String()), "\n")
	if len(lines) != maxAnnotations+1 || !strings.HasPrefix(lines[maxAnnotations], "::notice title=provision verify::2 more") {
		t.Errorf("%d lines, the last: %s", len(lines), lines[len(lines)-1])
	}
	if want := "::error file=a%2Cb%3Ac.yaml,line=1,title=GET /a%2Cb%3A c%25::100%25\\u000d\\u000a::add-mask::x|<img src=x>`a`"; lines[0] != want {
		t.Errorf("%s, want %s", lines[0], want)
	}
	if text := summary.String(); strings.Contains(text, "<img") && !strings.Contains(text, "\\<img") || !strings.Contains(text, "100%\\\\u000d\\\\u000a\\:\\:add\\-mask\\:\\:x\\|") {
		t.Errorf("summary:\n%s", text)
	}
}
