package conformance

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serveSurplus serves an API that sends more bytes than its answers state.
func serveSurplus(t *testing.T, h http.Handler, surplus func(*http.Request) string) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for b := bufio.NewReader(conn); ; {
					r, err := http.ReadRequest(b)
					if err != nil {
						return
					}
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					_, _ = io.Copy(io.Discard, r.Body)
					answer := w.Result()
					answer.ContentLength, answer.Request = int64(w.Body.Len()), r
					if answer.Write(conn) != nil {
						return
					}
					if _, err := io.WriteString(conn, surplus(r)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return Target{URL: "http://" + l.Addr().String()}
}

// Bytes after the end of an answer are one finding, and no other case takes them for its answer.
func TestBytesAfterTheAnswer(t *testing.T) {
	t.Parallel()
	const other = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}"
	for name, test := range map[string]struct {
		surplus func(*http.Request) string
		wrong   bool
	}{
		"the token":                   {func(r *http.Request) string { return "you sent " + r.Header.Get("Authorization") }, true},
		"another answer":              {func(*http.Request) string { return other }, true},
		"another answer to the valid": {func(r *http.Request) string { return other[:len(other)*btoi(r.Header.Get("Authorization") != "")] }, true},
		"an empty line":               {func(*http.Request) string { return "\r\n" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, nil)
			suite.Target = serveSurplus(t, validator{issuer: s.issuer()}, test.surplus)
			r := run(t, without(suite, Lifecycle))
			if !test.wrong {
				noFalseAlarm(t, r)
				return
			}
			tally.mutant(r.result(t, "GET /secure: answer-end").Outcome == Fail)
			if broken := r.ids(Error); len(broken) > 0 {
				t.Errorf("%d errors, the first: %s", len(broken), r.result(t, broken[0]).Reason)
			}
			if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseSurplus || strings.Contains(f[0].Lead.Reason, "eyJ") {
				t.Errorf("findings %+v", f)
			}
		})
	}
}
