package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("X-Api-Key: s, \"t\"\r\n\nCookie:a=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := headers([]string{"x-version: 2", "@" + file, "X-Version: 3", "X-Empty:"})
	want := http.Header{"X-Version": {"2", "3"}, "X-Api-Key": {`s, "t"`}, "Cookie": {"a=b"}, "X-Empty": {""}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"hunter2", "X Key: hunter2", ": hunter2", "authorization: Bearer hunter2", "X: hunter2\x01", "@" + file + "x"} {
		_, err := headers([]string{bad})
		if !errors.As(err, new(usage)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("--header %q: %v", bad, err)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"": 0, "5/s": 5, "5": 5, "90/m": 1.5, "3600/h": 1, "0.5/s": 0.5} {
		if got, err := parseRate(text); got != want || err != nil {
			t.Errorf("--rate %q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"0", "-1/s", "x/s", "5/d", "NaN", "Inf/s", "/s", "1e9/s"} {
		if _, err := parseRate(bad); !errors.As(err, new(usage)) {
			t.Errorf("--rate %q: %v", bad, err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "http://127.0.0.1:8000", "https://api.example/v1/", "http://[::1]:8080/a%20b"} {
		if err := checkURL("--url", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"127.0.0.1:8000", "api.example", "ftp://api.example", "http://", "http://u:hunter2@api.example", "https://a/?x=1", "https://a/?", "https://a/#x", "http://a\x7f/hunter2"} {
		if err := checkURL("--url", bad); !errors.As(err, new(usage)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// The bundled API stores nothing, so the items of setup exist without it.
func TestBundled(t *testing.T) {
	t.Parallel()
	stated := &stack.Conformance{Endpoints: []stack.Endpoint{{
		Request: "PUT /heroes/{id}/{n}", Parameters: map[string]any{"id": "${setup.id}", "n": 7e6},
		Body:  map[string]any{"name": "${unique}", "list": []any{"${setup.id}", 1.0}},
		Setup: &stack.Fixture{Request: "POST /heroes"}, Cleanup: &stack.Fixture{Request: "DELETE /heroes"},
	}}}
	got := bundled(stated).Endpoints[0]
	want := stack.Endpoint{Request: "PUT /heroes/{id}/{n}", Parameters: map[string]any{"id": "any", "n": 7e6}, Body: map[string]any{"name": "any", "list": []any{"any", 1.0}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if path := bundledPath(got); path != "/heroes/any/7000000" {
		t.Errorf("path %s", path)
	}
	if stated.Endpoints[0].Setup == nil {
		t.Error("the document itself was changed")
	}
}

// The command waits for an API that is still starting, and continues as soon as it answers.
func TestAwait(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	starting := &starting{refuse: 2}
	if err := (reach{wait: patience}).await(t.Context(), &http.Client{Transport: starting}, server.URL); err != nil {
		t.Fatal(err)
	}
	if starting.asked != 3 {
		t.Errorf("asked %d times, want until the first answer, the third", starting.asked)
	}
}

// starting is a transport to an API that does not listen at first.
type starting struct{ refuse, asked int }

func (s *starting) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.asked++; s.asked <= s.refuse {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestUnreachable: the error states how long --wait waited, and the hint does not propose what was
// done.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	for _, c := range []struct {
		wait    time.Duration
		message string
		hint    string
	}{
		{0, "connection refused", "; --wait 30s waits until it answers"},
		{3 * time.Second, "connection refused (after --wait 3s)", "; a longer --wait gives it more time to start"},
	} {
		err := reach{wait: c.wait}.unreachable(refused, "http://h")
		if hint := (&app{}).hintFor(err); err.Error() != c.message || !errors.Is(err, refused) || !strings.HasPrefix(hint, "start the API at http://h,") || !strings.HasSuffix(hint, c.hint) {
			t.Errorf("error %v, hint %q; want %q and %q", err, hint, c.message, c.hint)
		}
	}
}
