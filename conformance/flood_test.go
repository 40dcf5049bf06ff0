package conformance

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// An API without a limit for requests of the key set may use one request for several tokens that
// arrive at almost the same time. An API with a limit sends no more requests when the limit is
// reached.
func TestFloodedKeySet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what    string
		fetches func(n int) bool // for the n-th unknown key, from 1
		breaks  bool             // answers 500, and the request is sent again
		want    Outcome
		note    string
	}{
		{what: "one fetch at the first", fetches: func(n int) bool { return n == 1 }, want: Pass},
		{what: "a limit of ten", fetches: func(n int) bool { return n <= 10 }, want: Pass},
		{what: "a fetch for two tokens", fetches: func(n int) bool { return n%2 == 0 && n <= unknownKids-4 || n > unknownKids }, want: Note,
			note: fmt.Sprintf("for %d tokens of unknown keys", unknownKids+slowKids+1)},
		{what: "a fetch for each", fetches: func(int) bool { return true }, want: Note, note: fmt.Sprintf("for %d tokens of unknown keys", unknownKids+1)},
		{what: "a fetch for each, and a failure", fetches: func(int) bool { return true }, breaks: true, want: Fail},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			v := validator{issuer: s.issuer()}
			var n atomic.Int32
			suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				header, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
				if decoded, _ := base64.RawURLEncoding.DecodeString(header); strings.Contains(string(decoded), unknownKid) {
					if test.fetches(int(n.Add(1))) {
						response, err := s.Client().Get(s.URL + "/keys")
						if err != nil {
							t.Error(err)
						} else {
							response.Body.Close()
						}
					}
					if test.breaks {
						w.WriteHeader(http.StatusInternalServerError)
						return
					}
				}
				v.ServeHTTP(w, r)
			})))
			suite.Only = "GET /secure: keys-flood"
			r := run(t, suite)
			if got := r.result(t, "GET /secure: keys-flood"); got.Outcome != test.want || !strings.Contains(got.Note, test.note) {
				t.Errorf("%s: %s %s", got.Outcome, got.Note, got.Reason)
			} else if test.breaks && got.cause != CauseCrash {
				t.Errorf("cause %s, want %s", got.cause, CauseCrash)
			}
		})
	}
}
