package report

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"provision/conformance"
	"provision/internal/browsertest"
)

// hostile is text from a target that could break a page.
const hostile = `</pre></template><script>document.title="taken over"</script><img src=x onerror="document.title='taken over'">{{.}}` + "\u202e\x1b[2J"

// play sends a run of suite to a handler: alg-none and wrong-role fail at GET /secure, and every
// other outcome occurs once.
func play(t *testing.T, h conformance.Handler) conformance.Summary {
	t.Helper()
	plan := conformance.Plan{Name: "secure", Resource: "api", URL: "https://api.example/v1", Cases: cases(t)}
	summary := conformance.Summary{Planned: len(plan.Cases), FailedBySeverity: map[conformance.Severity]int{}, FindingsBySeverity: map[conformance.Severity]int{}, Duration: 2 * time.Second}
	if err := h.Begin(plan); err != nil {
		t.Fatal(err)
	}
	for i, c := range plan.Cases {
		c.File, c.Line = "manifests/secure.yaml", 40
		r := conformance.Result{Case: c, Outcome: conformance.Pass, Status: max(c.Expect.Status, 200), Duration: time.Duration(i) * 100 * time.Microsecond}
		r.Exchange = &conformance.Exchange{Method: "GET", URL: "https://api.example/v1/secure", Status: r.Status, RequestHeader: http.Header{"Authorization": {"Bearer [masked]"}}}
		switch c.ID {
		case "GET /secure: alg-none", "GET /secure: wrong-role":
			r.Outcome, r.Status, r.Reason, r.Cause = conformance.Fail, 200, "expected "+c.Expect.String()+", got 200", c.Flaw
			r.Exchange.Status, r.Exchange.Body = 200, `{"status":"ok","user":"ada"}`
			r.Exchange.ResponseHeader = http.Header{"Content-Type": {"application/json"}, "X-Said": {hostile}}
			r.Exchange.Token = &conformance.Decoded{Header: json.RawMessage(`{"alg":"none","typ":"JWT"}`), Claims: json.RawMessage(`{"aud":"` + strings.Repeat("6f1c4f3a-", 12) + `","roles":["Reader"],"scp":"read_data"}`)}
			summary.Failed++
			summary.FailedBySeverity[c.Severity]++
		case "PUT /settings/{name}: no-role":
			r.Outcome, r.Status, r.Reason, r.Exchange = conformance.Error, 0, "setup: POST /settings answered 500: "+hostile, nil
			summary.Errors++
		case "PUT /settings/{name}: expired":
			r.Outcome, r.Status, r.Reason, r.Cause, r.Known = conformance.Known, 200, "expected 401, got 200", c.Flaw, &conformance.KnownFailure{Reason: "API-17", Until: "2026-12-31"}
			r.Exchange.Body, r.Exchange.Truncated, r.Exchange.RequestBody = hostile, true, `{"value":"x"}`
			summary.Known++
		case "GET /secure: missing-scope read_data":
			r.Outcome, r.Status, r.Reason, r.Add, r.Exchange = conformance.Skip, 0, "no client is without the scope", "permissions: [{resource: api, scopes: [other]}]", nil
			summary.Skipped++
		case "GET /secure: answer-challenge":
			r.Outcome, r.Note = conformance.Note, "the 401 has no WWW-Authenticate: Bearer"
			summary.Noted++
		default:
			summary.Passed++
		}
		if r.Outcome == conformance.Fail || r.Outcome == conformance.Known {
			r.Finding = string(c.Means)
			f := conformance.Finding{
				ID: r.Finding, Cause: c.Means, Severity: c.Severity, Title: c.Flaw, Gain: c.Gain, Evidence: []string{c.ID}, Endpoints: []string{c.Endpoint},
				Remedies: []conformance.Remedy{{Library: "FastAPI, PyJWT", Line: "jwt.decode(token, audience=AUDIENCE)"}},
				Rerun:    "provision verify --only '" + c.ID + "'", Known: r.Outcome == conformance.Known, Lead: &r,
			}
			summary.Findings = append(summary.Findings, f)
			if !f.Known {
				summary.FindingsBySeverity[f.Severity]++
			}
		}
		if err := h.Result(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.End(summary); err != nil {
		t.Fatal(err)
	}
	return summary
}

// pageFile writes the page of play and returns its address.
func pageFile(t *testing.T) (address string, summary conformance.Summary) {
	t.Helper()
	var b bytes.Buffer
	h := NewHTML(&b)
	summary = play(t, h)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(file), summary
}

// visible counts the visible cells.
const visible = `[...document.querySelectorAll(".cell")].filter(c => c.checkVisibility()).length`

func TestHTMLInABrowser(t *testing.T) {
	t.Parallel()
	address, summary := pageFile(t)
	b := browsertest.Open(t)
	b.Visit(address)
	b.See("provision verify: 2 failed (2 findings: 1 critical, 1 high)")
	if n := browsertest.Evaluate[int](b, visible); n != summary.Planned {
		t.Errorf("%d cells are shown, of %d cases", n, summary.Planned)
	}
	if first := browsertest.Evaluate[string](b, `document.querySelector("section").ariaLabel`); first != "Findings" {
		t.Errorf("the page begins with %q", first)
	}
	for _, want := range []string{"alg none", "expected 401, got 200", "provision verify --only", "FastAPI, PyJWT"} {
		if text := b.Text("section"); !strings.Contains(text, want) && want != "FastAPI, PyJWT" {
			t.Errorf("the findings do not say %q:\n%s", want, text)
		}
	}
	picture(b, "report.png")
	if first := browsertest.Evaluate[bool](b, `[...document.querySelectorAll("tbody")][0].querySelectorAll("tr")[1].querySelector(".cell.fail, .cell.error") !== null`); !first {
		t.Error("the cases that failed are not the first ones")
	}

	b.Fill("#filter", "wrong-role fail")
	b.Wait(`[aria-label="GET /secure: wrong-role: fail, answered 200"]`)
	if n := browsertest.Evaluate[int](b, visible); n != 2 { // the row, at both endpoints
		t.Errorf("the filter shows %d cells, want 2", n)
	}
	b.Click(`[aria-label="GET /secure: wrong-role: fail, answered 200"]`)
	b.See("Authorization: Bearer [masked]")
	if text := b.Text("dialog"); strings.Contains(text, `"alg"`) || !strings.Contains(text, `"status": "ok"`) {
		t.Errorf("the answer must be visible, and the token folded:\n%s", text)
	}
	b.Click("dialog summary")
	for _, want := range []string{"expected 403, got 200", `"status": "ok"`, `"alg": "none"`, "manifests/secure.yaml:40", "GET https://api.example/v1/secure"} {
		if text := b.Text("dialog"); !strings.Contains(text, want) {
			t.Errorf("behind the cell %q is not to be seen:\n%s", want, text)
		}
	}
	picture(b, "detail.png")
	title := b.Text("#detail-title")
	b.Click(`[data-step="1"]`)
	if next := b.Text("#detail-title"); next == title {
		t.Errorf("next stays at %s", next)
	}
	b.Click(".close")
	b.Fill("#filter", " nothing is called so")
	b.See("No case matches.")

	browsertest.Evaluate[bool](b, `document.getElementById("filter").value = "", document.getElementById("filter").dispatchEvent(new Event("input"))`)
	b.Click(`[data-outcome="known"]`)
	if n := browsertest.Evaluate[int](b, visible); n != 2 {
		t.Errorf("the switch shows %d cells, want 2", n)
	}
	b.Click(`[aria-label="PUT /settings/{name}: expired: known, answered 200"]`)
	b.See("until 2026-12-31: API-17")

	if title := browsertest.Evaluate[string](b, "document.title"); title != "failed: provision verify" {
		t.Errorf("the target has changed the page: %s", title)
	}
	if requested := slices.DeleteFunc(b.Requested(), func(url string) bool { return url == address }); len(requested) > 0 {
		t.Errorf("the page asks for %v", requested)
	}
	if said := b.Messages(); len(said) > 0 {
		t.Errorf("the console says %v", said)
	}
}

// On a phone, the matrix scrolls horizontally, the page does not, and the names of the cases stay
// visible.
func TestHTMLOnAPhone(t *testing.T) {
	t.Parallel()
	address, _ := pageFile(t)
	b := browsertest.Open(t, browsertest.Dark)
	b.Phone()
	b.Visit(address)
	if wide := browsertest.Evaluate[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		t.Errorf("the page is %d pixels too wide", wide)
	}
	if !browsertest.Evaluate[bool](b, `matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.body).backgroundColor === "rgb(13, 17, 23)"`) {
		t.Error("the page is not dark")
	}
	left := browsertest.Evaluate[float64](b, `(() => { const s = document.querySelector(".scroll"); s.scrollLeft = 400; return s.querySelector("th[scope=row]").getBoundingClientRect().left - s.getBoundingClientRect().left; })()`)
	if left > 2 || left < 0 {
		t.Errorf("the names have moved by %v pixels", left)
	}
	if share := browsertest.Evaluate[float64](b, `Math.min(...[...document.querySelectorAll("th[scope=row]")].map(th => th.getBoundingClientRect().width)) / innerWidth`); share < .3 || share > .5 {
		t.Errorf("the names of the cases have %.2f of the width, want about .38", share)
	}
	picture(b, "phone.png")
	b.Fill("#filter", "alg-none fail")
	b.Click(`[aria-label="GET /secure: alg-none: fail, answered 200"]`)
	b.Click("dialog summary")
	b.See(`"typ": "JWT"`)
	if wide := browsertest.Evaluate[int](b, `document.querySelector("dialog").scrollWidth - document.querySelector("dialog").clientWidth`); wide > 0 {
		t.Errorf("the detail is %d pixels too wide", wide)
	}
	picture(b, "phone-detail.png")
}

// picture writes a screenshot to the folder that PICTURES names.
func picture(b *browsertest.Browser, name string) {
	if folder := os.Getenv("PICTURES"); folder != "" {
		b.Screenshot(filepath.Join(folder, name))
	}
}

// The page loads no other resources.
func TestHTMLStandsAlone(t *testing.T) {
	t.Parallel()
	address, summary := pageFile(t)
	raw, err := os.ReadFile(strings.TrimPrefix(address, "file://"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	cells, scripts := 0, 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "link", "img", "iframe", "object", "embed", "base", "form", "image", "video", "audio":
			t.Errorf("the page has a <%s>", n.Data)
		case "script":
			scripts++
		}
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "srcset" || strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "https://") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
			if a.Key == "data-search" {
				cells++
			}
		}
	}
	if cells != summary.Planned || scripts != 1 {
		t.Errorf("%d cells of %d cases, %d scripts", cells, summary.Planned, scripts)
	}
	if text := string(raw); strings.Contains(text, "url(") || strings.Contains(text, "@import") || strings.ContainsAny(text, "\u202e\x1b") {
		t.Error("the style asks for something, or a control character came through")
	}
}

func TestEmptyHTML(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := NewHTML(&b).Close(); err != nil || !strings.Contains(b.String(), "passed") {
		t.Errorf("%v: %s", err, b.String())
	}
}
