package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// graphql is an API with one route, POST /graphql, that refuses with status 200 and errors, like
// GraphQL servers.
type graphql struct {
	ruled
	answers func(status int) (int, any) // nil: correct
}

func (g graphql) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/graphql" || r.Method != "POST" {
		answer(w, 404, nil)
		return
	}
	status, _ := g.status(r.Header.Get("Authorization"))
	if g.answers != nil {
		code, body := g.answers(status)
		answer(w, code, body)
		return
	}
	answer(w, 200, graphQLAnswer(status))
}

// someOrders returns the answer to an admitted request.
func someOrders() any { return object{"orders": []any{object{"id": 17}}} }

func graphQLAnswer(status int) object {
	code, refused := map[int]string{401: "UNAUTHENTICATED", 403: "FORBIDDEN"}[status]
	if !refused {
		return object{"data": someOrders()}
	}
	return object{"data": nil, "errors": []any{object{"message": "no", "extensions": object{"code": code}}}}
}

func graphqlSuite(t *testing.T, api graphql) *Suite {
	t.Helper()
	requires := stack.Requires{Scopes: []string{"Orders.Read"}, AnyRole: []string{"Clerk"}}
	suite := ruledSuite(t, requires, nil)
	api.issuer = suite.Issuer.URL
	api.decide = func(c claims) bool { return c.scope("Orders.Read") && c.role("Clerk") }
	server := serve(t, api)
	suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
	form := func(code string) stack.Forms {
		return stack.Forms{{Status: 200, JSON: object{"/errors/*/extensions/code": code}}}
	}
	suite.Document.Refusals = stack.Refusals{Unauthenticated: form("UNAUTHENTICATED"), Forbidden: form("FORBIDDEN")}
	suite.Document.Endpoints = []stack.Endpoint{{Name: "orders", Request: "POST /graphql", Body: object{"query": "{orders{id}}"},
		Requires: &requires, Expect: &stack.Expect{JSON: object{"/data/orders/*/id": 17}}}}
	return suite
}

func TestAnAPIThatRefusesWithASuccess(t *testing.T) {
	t.Parallel()
	r := run(t, graphqlSuite(t, graphql{}))
	for _, result := range r.results {
		if result.Outcome == Fail || result.Outcome == Error {
			t.Errorf("%s: %s %d: %s %s", result.ID, result.Outcome, result.Status, result.Reason, result.Cause)
		}
	}
	if valid := r.result(t, "orders: valid"); valid.Outcome != Pass || len(r.summary.Unproven) > 0 {
		t.Errorf("valid: %s %s; unproven: %v", valid.Outcome, valid.Reason, r.summary.Unproven)
	}
}

// The suite finds an answer that admits a caller with the status of a refusal, and a refusal in a
// form that the document does not declare.
func TestAnswersWithARefusal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kills   string
		reason  string
		answers func(status int) (int, any)
	}{
		"data beside the errors": {"no-token", "expected 401, got 200", func(status int) (int, any) {
			body := graphQLAnswer(status)
			body["data"] = someOrders()
			return 200, body
		}},
		"data beside a status": {"no-role", "the refusal (403) has what only an admitted request may get", func(status int) (int, any) {
			if status != 403 {
				return 200, graphQLAnswer(status)
			}
			body := graphQLAnswer(403)
			body["data"] = someOrders()
			return 403, body
		}},
		"another refusal": {"no-role", "got the refusal that the document states for 401", func(status int) (int, any) {
			if status == 403 {
				status = 401
			}
			return 200, graphQLAnswer(status)
		}},
		"a status alone":       {"no-token", "expected the refusal that the document states, got 401", func(status int) (int, any) { return status, object{"detail": "no"} }},
		"errors for everybody": {"valid", "expected 2xx", func(int) (int, any) { return 200, graphQLAnswer(403) }},
		"an empty answer": {"no-role", "expected the refusal that the document states, got 200", func(status int) (int, any) {
			if status == 403 {
				return 200, object{"data": nil}
			}
			return 200, graphQLAnswer(status)
		}},
		"data for everybody": {"no-token", "expected 401, got 200", func(int) (int, any) { return 200, graphQLAnswer(200) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, graphqlSuite(t, graphql{answers: c.answers}))
			result := r.result(t, "orders: "+c.kills)
			tally.mutant(result.Outcome == Fail)
			if result.Outcome != Fail || !strings.Contains(result.Reason, c.reason) {
				t.Errorf("%s: %s %q, want a failure with %q; failed: %s", result.ID, result.Outcome, result.Reason, c.reason, list(r.ids(Fail)))
			}
		})
	}
}

// The API hides forbidden objects, or refuses in several forms.
func TestStatedRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusals         stack.Refusals
		unknown, refused int // the answers to an unauthenticated caller and to a refused one
		fails            string
	}{
		"404 for forbidden":         {stack.Refusals{Forbidden: stack.Forms{{Status: 404}}}, 401, 404, ""},
		"404 or 403":                {stack.Refusals{Forbidden: stack.Forms{{Status: 404}, {Status: 403}}}, 401, 403, ""},
		"a redirect to the sign-in": {stack.Refusals{Unauthenticated: stack.Forms{{Status: 302}}}, 302, 403, ""},
		"403 where 404 is promised": {stack.Refusals{Forbidden: stack.Forms{{Status: 404}}}, 401, 403, "GET /orders: missing-scope Orders.Read"},
		"404 where 403 is usual":    {stack.Refusals{}, 401, 404, ""}, // a note describes how to declare it
		"401 where 403 is promised": {stack.Refusals{Unauthenticated: stack.Forms{{Status: 403}}}, 401, 403, "GET /orders: no-token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := ruledSuite(t, stack.Requires{Scopes: []string{"Orders.Read"}}, nil)
			suite.Document.Refusals = c.refusals
			api := ruled{issuer: suite.Issuer.URL, decide: func(cl claims) bool { return cl.scope("Orders.Read") }}
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status, _ := api.status(r.Header.Get("Authorization"))
				switch {
				case r.URL.Path != "/orders" || r.Method != "GET" && r.Method != "HEAD":
					status = 404
				case status == 401:
					status = c.unknown
				case status == 403:
					status = c.refused
				}
				answer(w, status, object{"detail": "no"})
			}))
			suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
			r := run(t, suite)
			got := r.ids(Fail)
			if c.fails == "" && len(got) > 0 || c.fails != "" && !slices.Contains(got, c.fails) {
				t.Errorf("failed: %s; want %q", list(got), c.fails)
			}
		})
	}
}

// Endpoints with the same request are distinguished by their names.
func TestNamedEndpoints(t *testing.T) {
	t.Parallel()
	read := stack.Requires{Scopes: []string{"Orders.Read"}}
	suite := ruledSuite(t, read, nil)
	api := ruled{issuer: suite.Issuer.URL, decide: func(c claims) bool { return c.scope("Orders.Read") }}
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		status, c := api.status(r.Header.Get("Authorization"))
		if status == 200 && strings.Contains(string(body), "delete") && !c.role("Admin") {
			status = 403
		}
		answer(w, status, object{"status": status})
	}))
	suite.Target = Target{URL: server.URL, HTTPClient: server.Client()}
	suite.Document.Endpoints = []stack.Endpoint{
		{Name: "orders", Request: "POST /graphql", Body: object{"query": "orders"}, Requires: &read},
		{Name: "delete order", Request: "POST /graphql", Body: object{"query": "delete"}, Requires: &stack.Requires{Scopes: []string{"Orders.Read"}, AnyRole: []string{"Admin"}}},
	}
	r := run(t, suite)
	var named []string
	for _, result := range r.results {
		if !slices.Contains(named, result.Endpoint) {
			named = append(named, result.Endpoint)
		}
		if !strings.HasPrefix(result.ID, result.Endpoint+": ") {
			t.Errorf("%s is of %s", result.ID, result.Endpoint)
		}
	}
	if list(named) != "orders\ndelete order" {
		t.Errorf("the endpoints are %q", named)
	}
	if no := r.result(t, "delete order: no-role"); no.Outcome != Pass || !strings.Contains(no.Exchange.RequestBody, "delete") {
		t.Errorf("%s: %s %s, with %s", no.ID, no.Outcome, no.Reason, no.Exchange.RequestBody)
	}
	suite.Only = "delete order*"
	if chosen := run(t, suite); len(chosen.results) == 0 || len(chosen.results) == len(r.results) {
		t.Errorf("%d of %d cases are chosen by name", len(chosen.results), len(r.results))
	}
}

// If the document expects only a status, a refusal contains no evidence.
func TestARefusalShowsWhatIsExpected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expect Expect
		body   string
		shows  bool
	}{
		"a status alone":   {Expect{Status: 200}, `{"detail": "no"}`, false},
		"no members":       {Expect{Status: 200, JSON: object{}}, `{"detail": "no"}`, false},
		"a member":         {Expect{JSON: object{"id": 1}}, `{"detail": "no", "id": 1}`, true},
		"another value":    {Expect{JSON: object{"id": 1}}, `{"id": 2}`, false},
		"a text":           {Expect{Contains: "o1"}, `{"order": "o1"}`, true},
		"a part of a text": {Expect{Contains: "o1"}, `{"order": "o12"}`, false},
	} {
		if got := meaningOf(c.expect, stack.Refusals{}).read(reply{status: 403, body: []byte(c.body)}, "GET"); got.shows != c.shows {
			t.Errorf("%s: shows %t, want %t", name, got.shows, c.shows)
		}
	}
}

func TestCapture(t *testing.T) {
	t.Parallel()
	a := reply{header: http.Header{"Location": {"/orders/o-17"}}, body: []byte(`{"id": 9007199254740993, "data": {"items": [{"key": "a/b"}]}, "x~/y": 1}`)}
	got, err := captured(map[string]stack.Capture{
		"order": {Header: "location", Match: "([^/]+)$"}, "number": {Pointer: "/id"}, "key": {Pointer: "/data/items/0/key"}, "odd": {Pointer: "/x~0~1y"}, "all": {Header: "Location"},
	}, a)
	if err != nil {
		t.Fatal(err)
	}
	k := known{setup: got}
	for expression, want := range map[string]string{"setup.order": "o-17", "setup.number": "9007199254740993", "setup.key": "a/b", "setup.odd": "1", "setup.all": "/orders/o-17", "setup.id": "9007199254740993"} {
		if value, err := k.value(expression); err != nil || fmt.Sprint(value) != want {
			t.Errorf("%s is %v, %v; want %s", expression, value, err, want)
		}
	}
	for wrong, c := range map[string]stack.Capture{"nothing at": {Pointer: "/none"}, "no header": {Header: "ETag"}, "does not match": {Header: "Location", Match: "^x"}} {
		if _, err := captured(map[string]stack.Capture{"x": c}, a); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: %v, want %q", c, err, wrong)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	body := object{"name": "Ripley ${unique}", "tags": []any{"a", "b&c"}, "count": 3.0}
	r, err := known{unique: "u"}.request("POST /x", nil, body, "application/x-www-form-urlencoded")
	if err != nil || string(r.body) != "count=3&name=Ripley+u&tags=a&tags=b%26c" || r.contentType != "application/x-www-form-urlencoded" {
		t.Errorf("%s %q %v", r.body, r.contentType, err)
	}
	body["file"] = object{"filename": `a "b".txt`, "content": "text of ${unique}", "contentType": "text/plain"}
	if r, err = (known{unique: "u"}).request("POST /x", nil, body, "multipart/form-data"); err != nil {
		t.Fatal(err)
	}
	sent, err := http.NewRequest("POST", "http://api.example/", strings.NewReader(string(r.body)))
	if err != nil {
		t.Fatal(err)
	}
	sent.Header.Set("Content-Type", r.contentType)
	if err := sent.ParseMultipartForm(1 << 20); err != nil {
		t.Fatal(err)
	}
	file := sent.MultipartForm.File["file"][0]
	opened, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(opened)
	if err != nil || string(text) != "text of u" || file.Filename != `a "b".txt` || sent.FormValue("name") != "Ripley u" || len(sent.MultipartForm.Value["tags"]) != 2 {
		t.Errorf("%q %q %v %v", text, file.Filename, sent.MultipartForm.Value, err)
	}
}

func TestContainsComparesWholeScalars(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1": false, "12": true, "ab": false, "abc": true, "b c": true, "true": true} {
		if got := holdsText([]byte(`{"id": 12, "list": [{"name": "abc"}, {"title": "a b c"}], "done": true}`), text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
	if !holdsText([]byte("order 1, page"), "der 1") {
		t.Error("in text that is not JSON any part counts")
	}
	var v any
	if err := json.Unmarshal([]byte(`{"a": [{"b": 1}, {"b": 2}], "c": {"x": {"b": 3}}}`), &v); err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{"/a/*/b": "[1 2]", "/a/1/b": "[2]", "/c/*/b": "[3]", "/a/2/b": "[]", "/a/01/b": "[]", "/none": "[]"} {
		if got := fmt.Sprint(pointed(pointer, v)); got != want {
			t.Errorf("%s: %s, want %s", pointer, got, want)
		}
	}
}
