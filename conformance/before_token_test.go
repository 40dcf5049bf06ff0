package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"provision/stack"
)

// hasty examines a request before it requires a token.
type hasty struct {
	*heroes
	first func(*http.Request) int // 0: correct
}

func (h hasty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := h.first(r); status != 0 {
		answer(w, status, map[string]any{"detail": "no"})
		return
	}
	h.heroes.ServeHTTP(w, r)
}

func TestTheTokenComesFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first func(*heroes, *http.Request) int
		id    string
		want  Outcome
	}{
		"the body, 422":              {bodyFirst(422), "POST /heroes: body-before-token", Fail},
		"the body, 400":              {bodyFirst(400), "PUT /heroes/{id}: body-before-token", Fail},
		"the object":                 {objectFirst, "GET /heroes/{id}: object-before-token", Fail},
		"the object to delete":       {objectFirst, "DELETE /heroes/{id}: object-before-token", Fail},
		"the token, before the body": {nil, "POST /heroes: body-before-token", Pass},
		"the token, before all":      {nil, "GET /heroes/{id}: object-before-token", Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &heroes{}
			suite := heroSuite(t, h)
			if test.first != nil {
				target := serve(t, hasty{h, func(r *http.Request) int { return test.first(h, r) }})
				suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
			}
			suite.Document.Cases, suite.Only = []stack.Case{}, test.id
			r := run(t, suite)
			if result := r.result(t, test.id); result.Outcome != test.want {
				t.Errorf("%s %d %s", result.Outcome, result.Status, result.Reason)
			}
			for _, f := range r.summary.Findings {
				if f.Cause != CauseBeforeToken {
					t.Errorf("%s: %s", f.Cause, f.Title)
				}
			}
		})
	}
}

// bodyFirst refuses members of wrong types before it checks the token.
func bodyFirst(status int) func(*heroes, *http.Request) int {
	return func(_ *heroes, r *http.Request) int {
		if r.Method != "POST" && r.Method != "PUT" {
			return 0
		}
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(b))
		var body struct{ Name, About string }
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || json.Unmarshal(b, &body) == nil {
			return 0
		}
		return status
	}
}

// objectFirst answers 404 for a missing object before it checks the token.
func objectFirst(h *heroes, r *http.Request) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var id int
	if n, _ := fmt.Sscanf(r.URL.Path, "/heroes/%d", &id); n == 1 && h.names[id] == "" {
		return 404
	}
	return 0
}

func TestAnotherValueOfTheSameForm(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"17": "28", "9007199254740993": "1118211365851114", "3b9f2b6e-7d53-4a8e-9a51-0c2f6d1e8a77": "4c1a3c7f-8e64-5b9f-1b62-1d3a7e2f9b88", "a%20b": "b%20c", "Zoe": "Ypf",
	} {
		if got := sameForm(value); got != want {
			t.Errorf("%s became %s, want %s", value, got, want)
		}
	}
}

// A form without the expected members gets 401 too if the request has no token.
func TestTheTokenComesBeforeTheForm(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data"} {
		for want, formFirst := range map[Outcome]bool{Pass: false, Fail: true} {
			t.Run(fmt.Sprintf("%s, %s", contentType, want), func(t *testing.T) {
				t.Parallel()
				suite := ruledSuite(t, stack.Requires{Scopes: []string{"Orders.Read"}}, nil)
				api := ruled{issuer: suite.Issuer.URL, decide: func(c claims) bool { return c.scope("Orders.Read") }}
				target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if formFirst && r.PostFormValue("q") == "" {
						answer(w, 422, map[string]any{"detail": "q is missing"})
						return
					}
					r.Method, r.URL.Path = "GET", "/orders"
					api.ServeHTTP(w, r)
				}))
				suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
				e := &suite.Document.Endpoints[0]
				e.Request, e.Body, e.ContentType = "POST /search", map[string]any{"q": "x"}, contentType
				suite.Only = "POST /search: form-before-token"
				if got := run(t, suite).result(t, suite.Only); got.Outcome != want {
					t.Errorf("%s %d %s", got.Outcome, got.Status, got.Reason)
				}
			})
		}
	}
}
