package conformance

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Long answers are truncated before they are searched and masked, because both would take minutes
// of CPU time.
func TestLongAnswersAreCut(t *testing.T) {
	t.Parallel()
	secrets := []string{"eyJ" + strings.Repeat("abcdefghij", 60) + "." + strings.Repeat("klmnopqrst", 60) + ".uvwxyz0123456789uvwxyz0123456789", "a-password"}
	body := bytes.Repeat([]byte("<p>the order is at 12 (see line 3)</p>\n  at\n"), 1<<20)
	begin := time.Now()
	text, cut := newMasker(secrets).shown(body)
	if !cut || len(text) != maxShown {
		t.Errorf("%d bytes are shown, cut %v", len(text), cut)
	}
	if got := debugMode(body); got != "" {
		t.Errorf("debug mode: %s", got)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := debugMode(append([]byte("Traceback (most recent call last):\n"), body...)); got != trace {
		t.Errorf("debug mode: %q", got)
	}
}

// If a secret is truncated, no part of it is shown.
func TestSecretAtTheTruncation(t *testing.T) {
	t.Parallel()
	const secret = "pass-1234"
	filler := strings.Repeat(secret, (maxShown+16<<10)/len(secret)+1)
	for shift := range len(secret) {
		text, _ := newMasker([]string{secret}).shown([]byte(strings.Repeat("x", shift) + filler + strings.Repeat("y", 100)))
		if rest := strings.Trim(strings.ReplaceAll(text, masked, ""), "x"); !strings.HasPrefix(masked, rest) {
			t.Errorf("shifted by %d: %q is shown", shift, rest)
		}
	}
	longHeader := newMasker([]string{secret}).header(http.Header{"X-A": {strings.Repeat("a", 1<<20)}})
	if n := len(longHeader.Get("X-A")); n > maxShown+10 {
		t.Errorf("%d bytes of a header are shown", n)
	}
}

// An answer that was not read completely has a note, and an error quotes only the beginning of
// the answer.
func TestLongTextOfTheAPI(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	v := validator{issuer: s.issuer()}
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.ServeHTTP(w, r)
		_, _ = w.Write(bytes.Repeat([]byte(" "), maxBody))
	})))
	suite.Only = "GET /secure: no-token"
	if got := run(t, suite).result(t, "GET /secure: no-token"); !strings.Contains(got.Note, cutNote) {
		t.Errorf("%s, note %q", got.Outcome, got.Note)
	}
	header := http.Header{"Cache-Control": {"public, " + strings.Repeat("a", 8000)}}
	for _, check := range refusalChecks {
		if got := check.inspect(reply{header: header}); len(got.note) > 2*maxQuoted {
			t.Errorf("%s: a note of %d bytes", check.name, len(got.note))
		}
	}
	long, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/"+strings.Repeat("a", 8000), nil)
	if err != nil {
		t.Fatal(err)
	}
	if shown := (&record{request: long}).exchange(); len(shown.URL) > maxShown {
		t.Errorf("%d bytes of a URL are shown", len(shown.URL))
	}
	text := maskError(errors.New(`malformed HTTP status code "`+strings.Repeat("a", 8000)+`"`), nil).Error()
	if len(text) > maxQuoted+len("…") || !strings.HasSuffix(text, "…") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

// Each pattern of a stack trace is found.
func TestStackTraces(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Traceback (most recent call last):", "Error: x\n    at next (app)", "at com.contoso.Orders.read(Orders.java:12)",
		"   at Contoso.Api.Read(String id) in /src/Api.cs:line 12", "goroutine 12 [running]:", `File "/srv/app.py", line 12`, `"File \"/srv/app.py\", line 12"`,
		"/srv/app.js:12:3", "app.rb:12:in `read'", "#0 /srv/app/index.php(12)", "/srv/main.go:12 +0x1f",
	} {
		if got := debugMode([]byte(text)); got != trace {
			t.Errorf("%s: %q", text, got)
		}
	}
	for _, text := range []string{"", "look at (this)", "a line 12", "app.js: 12", "goroutine leak"} {
		if got := debugMode([]byte(text)); got != "" {
			t.Errorf("%s: %q", text, got)
		}
	}
}
