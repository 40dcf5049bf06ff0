package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"provision/stack"
)

// heroes is an API that stores heroes: POST /heroes creates one; GET, PUT and DELETE /heroes/ID
// use it. Names are unique.
type heroes struct {
	validator
	readOnly bool // nothing can be deleted
	full     bool // nothing can be created

	mu     sync.Mutex
	last   int
	names  map[int]string
	made   int
	wrong  []string // requests that no correct client sends
	lacked int      // items that an admitted caller requested and that did not exist
}

func (h *heroes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := h.status(r.Header.Get("Authorization"))
	if status != 200 {
		answer(w, status, map[string]any{"detail": "no"})
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var body struct {
		Name  string
		Age   *int
		About string
	}
	if r.Method == "POST" || r.Method == "PUT" {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Name == "" || body.Age == nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			h.wrong = append(h.wrong, fmt.Sprintf("%s %s: %v %+v", r.Method, r.URL, err, body))
			answer(w, 422, map[string]any{"detail": "no hero"})
			return
		}
	}
	if r.Method == "POST" && r.URL.Path == "/heroes" {
		for _, name := range h.names {
			if name == body.Name {
				answer(w, 409, map[string]any{"detail": "taken"})
				return
			}
		}
		if h.full {
			answer(w, 507, map[string]any{"detail": "full"})
			return
		}
		h.last++
		h.made++
		id := 1<<53 + h.last // more digits than a float64 has
		h.names[id] = body.Name
		answer(w, 201, map[string]any{"hero": map[string]any{"id": id}})
		return
	}
	var id int
	if n, _ := fmt.Sscanf(r.URL.Path, "/heroes/%d", &id); n != 1 || h.names[id] == "" {
		if n == 1 && r.Method != "DELETE" {
			h.lacked++
		}
		answer(w, 404, map[string]any{"detail": "no such hero"})
		return
	}
	switch r.Method {
	case "GET", "PUT":
		answer(w, 200, map[string]any{"id": id, "name": h.names[id]})
	case "DELETE":
		if h.readOnly {
			answer(w, 403, map[string]any{"detail": "read only"})
			return
		}
		delete(h.names, id)
		w.WriteHeader(204)
	default:
		answer(w, 405, nil)
	}
}

// heroSuite declares four endpoints of the API.
func heroSuite(t *testing.T, h *heroes) *Suite {
	t.Helper()
	s := startTenant(t)
	h.issuer, h.names = s.issuer(), map[int]string{}
	suite := quickstart(s, serve(t, h))
	asked := &stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}}
	hero := map[string]any{"name": "${unique}", "age": 7.0, "about": "made by ${unique}"}
	setup := &stack.Fixture{Request: "POST /heroes", As: stack.As{User: "dev"}, Body: hero}
	cleanup := &stack.Fixture{Request: "DELETE /heroes/${setup.hero.id}"}
	item := map[string]any{"id": "${setup.hero.id}"}
	suite.Document.Endpoints = []stack.Endpoint{
		{Request: "POST /heroes", Requires: asked, Body: hero, Expect: &stack.Expect{Status: 201}, Cleanup: &stack.Fixture{Request: "DELETE /heroes/${response.hero.id}"}},
		{Request: "GET /heroes/{id}", Parameters: item, Requires: asked, Setup: setup, Cleanup: cleanup},
		{Request: "PUT /heroes/{id}", Parameters: item, Body: hero, Requires: asked, Setup: setup, Cleanup: cleanup},
		{Request: "DELETE /heroes/{id}", Parameters: item, Requires: asked, Setup: setup, Cleanup: cleanup},
	}
	suite.Document.Cases = []stack.Case{
		{Name: "a hero without a name", Request: "PUT /heroes/{id}", Body: map[string]any{"age": 3.0}, As: stack.As{User: "ada"}, Expect: &stack.Expect{Status: 422}},
		{Name: "read by its maker", Request: "GET /heroes/{id}", As: stack.As{User: "dev"}, Expect: &stack.Expect{Status: 200}},
	}
	return suite
}

func TestFixturesAreCreatedAndDeleted(t *testing.T) {
	t.Parallel()
	h := &heroes{}
	r := run(t, heroSuite(t, h))
	for _, result := range r.results {
		if result.Outcome != Pass && result.Outcome != Note {
			t.Errorf("%s: %s: %s %s", result.ID, result.Outcome, result.Reason, result.Cause)
		}
		if strings.Contains(result.Note, "not deleted") {
			t.Errorf("%s: %s", result.ID, result.Note)
		}
	}
	if len(h.names) != 0 || h.lacked > 0 || len(h.wrong) != 1 { // of the written case
		t.Errorf("%d things are left, %d were not there, %d requests were wrong: %v", len(h.names), h.lacked, len(h.wrong), h.wrong)
	}
	if h.made < 300 {
		t.Errorf("only %d things were made", h.made)
	}
	valid := r.result(t, "GET /heroes/{id}: valid").Exchange
	if !strings.Contains(valid.URL, "/heroes/90071992547") {
		t.Errorf("the path is not filled in: %s", valid.URL)
	}
	if body := r.result(t, "POST /heroes: valid").Exchange.RequestBody; !strings.Contains(body, `"age":7`) || strings.Contains(body, "unique") {
		t.Errorf("the body is %s", body)
	}
}

// Every case finds the flaw, because each case creates a new object.
func TestFixturesKeepTheFlawVisible(t *testing.T) {
	t.Parallel()
	h := &heroes{validator: validator{flaw: "signature"}}
	r := run(t, heroSuite(t, h))
	for _, endpoint := range []string{"POST /heroes", "PUT /heroes/{id}", "DELETE /heroes/{id}"} {
		for _, name := range []string{"tampered-payload", "tampered-signature", "own-key"} {
			result := r.result(t, endpoint+": "+name)
			if result.Outcome != Fail || result.Status < 200 || result.Status > 204 {
				t.Errorf("%s: %s %d %s", result.ID, result.Outcome, result.Status, result.Reason)
			}
		}
	}
	if len(h.names) != 0 || h.lacked > 0 {
		t.Errorf("%d things are left, %d were not there", len(h.names), h.lacked)
	}
}

// The setup of a public endpoint uses the caller that it names.
func TestSetupOfAPublicEndpoint(t *testing.T) {
	t.Parallel()
	h := &heroes{}
	suite := heroSuite(t, h)
	e := suite.Document.Endpoints[1]
	e.Requires, e.Public = nil, true
	cleanup := *e.Cleanup
	cleanup.As = stack.As{User: "ada"}
	e.Cleanup = &cleanup
	suite.Document.Endpoints, suite.Document.Cases = []stack.Endpoint{e}, nil
	result := run(t, suite).result(t, "GET /heroes/{id}: public")
	// The API requires a token although the endpoint is public. The case fails, and no
	// object is left.
	if result.Outcome != Fail || result.Status != 401 || h.made != 1 || len(h.names) != 0 {
		t.Errorf("%s %d %s; %d were made, %d are left", result.Outcome, result.Status, result.Reason, h.made, len(h.names))
	}
	suite.Document.Endpoints[0].Setup = &stack.Fixture{Request: "POST /heroes", Body: map[string]any{"name": "x", "age": 1.0}}
	if result := run(t, suite).result(t, "GET /heroes/{id}: public"); result.Outcome != Error || !strings.Contains(result.Reason, "setup: POST /heroes answered 401") {
		t.Errorf("without a token: %s %s", result.Outcome, result.Reason)
	}
}

func TestSetupThatFails(t *testing.T) {
	t.Parallel()
	suite := heroSuite(t, &heroes{full: true})
	suite.Only = "GET /heroes/{id}: *o-token"
	result := run(t, suite).result(t, "GET /heroes/{id}: no-token")
	if result.Outcome != Error || result.Reason != `setup: POST /heroes answered 507: {"detail":"full"}` {
		t.Errorf("%s %s", result.Outcome, result.Reason)
	}
	// A member that the answer does not have.
	suite = heroSuite(t, &heroes{})
	suite.Document.Endpoints[1].Parameters = map[string]any{"id": "${setup.id}"}
	suite.Only = "GET /heroes/{id}: no-token"
	result = run(t, suite).result(t, "GET /heroes/{id}: no-token")
	if result.Outcome != Error || !strings.Contains(result.Reason, "${setup.id}: the answer has no such member") {
		t.Errorf("%s %s", result.Outcome, result.Reason)
	}
}

func TestCleanupThatFails(t *testing.T) {
	t.Parallel()
	suite := heroSuite(t, &heroes{readOnly: true})
	suite.Only = "POST /heroes: valid"
	result := run(t, suite).result(t, "POST /heroes: valid")
	if result.Outcome != Pass || !strings.Contains(result.Note, "not deleted: DELETE /heroes/${response.hero.id} answered 403") {
		t.Errorf("%s %q", result.Outcome, result.Note)
	}
}

func TestValuesAreEscapedForTheirPlace(t *testing.T) {
	t.Parallel()
	k := known{unique: "u", setup: parse([]byte(`{"id":"a/b?c","n":12345678901234567890,"list":[1]}`))}
	r, err := k.request("PATCH /x/{id}/{n}?q={id}&n=${setup.n}", map[string]any{"id": "${setup.id}", "n": 1e15},
		map[string]any{"id": "${setup.id}", "n": "${setup.n}", "both": "${setup.n}-${unique}", "l": []any{"${setup.list}", true, nil, 1.5}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := "/x/a%2Fb%3Fc/1000000000000000?q=a%2Fb%3Fc&n=12345678901234567890"; r.path != want {
		t.Errorf("path %s, want %s", r.path, want)
	}
	if want := `{"both":"12345678901234567890-u","id":"a/b?c","l":[[1],true,null,1.5],"n":12345678901234567890}`; string(r.body) != want {
		t.Errorf("body %s, want %s", r.body, want)
	}
	r, err = k.request("POST /x", nil, "plain ${unique}", "text/plain")
	if err != nil || string(r.body) != "plain u" || r.contentType != "text/plain" {
		t.Errorf("%s %s %v", r.body, r.contentType, err)
	}
}

// An interrupted run leaves no resource that it created.
func TestInterruptedRunLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 5, 20, 50} {
		h := &heroes{}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		suite := heroSuite(t, h)
		made := 0
		target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			if r.Method == "POST" {
				h.mu.Lock()
				if made++; made == n {
					cancel() // before the answer is sent
				}
				h.mu.Unlock()
			}
		}))
		suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
		if _, err := Run(ctx, suite, &recorder{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at %d: %v", n, err)
		}
		h.mu.Lock()
		if len(h.names) > 0 || n >= 5 && h.made == 0 {
			t.Errorf("interrupted at %d: %d of %d things are left", n, len(h.names), h.made)
		}
		h.mu.Unlock()
	}
}
