package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// operations is an API whose operations share a route. allowed lists the callers of each
// operation; a flaw is a wrong way to find the operation's name before the operation is executed.
type operations struct {
	issuer string
	serve  func(o operations, w http.ResponseWriter, r *http.Request, body []byte, status int, c claims)
}

func (o operations) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path != "/api" {
		answer(w, 404, map[string]any{"error": "not found"})
		return
	}
	authorization := r.Header.Get("Authorization")
	status, seen := 401, claims(nil)
	if authorization != "" {
		status, seen = ruled{issuer: o.issuer, decide: func(claims) bool { return true }}.status(authorization)
	}
	if authorization != "" && status == 401 {
		answer(w, 401, map[string]any{"error": "unauthorized"})
		return
	}
	o.serve(o, w, r, body, status, seen)
}

// may returns the answer to a caller of an operation.
func may(name string, status int, c claims) int {
	switch {
	case name == "ping":
		return 200
	case status == 401:
		return 401
	case name == "list" && c.scope("read_data") && c.role("Reader", "Admin"), name == "purge" && c.scope("read_data") && c.role("Admin"):
		return 200
	case name == "list", name == "purge":
		return 403
	}
	return 404
}

// does returns the result of an operation.
func does(name string) any {
	return map[string]any{"ping": "pong", "list": []any{"a", "b"}, "purge": map[string]any{"purged": 2}}[name]
}

func refuse(w http.ResponseWriter, status int) {
	if status == 401 {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	answer(w, status, map[string]any{"error": "no"})
}

// An API in which the body contains the action.

// actions executes the action that runs reads, for callers of the action that checks reads.
func actions(checks, runs func(r *http.Request, body []byte) string) func(operations, http.ResponseWriter, *http.Request, []byte, int, claims) {
	return func(_ operations, w http.ResponseWriter, r *http.Request, body []byte, status int, c claims) {
		run := runs(r, body)
		if got := may(checks(r, body), status, c); got != 200 {
			refuse(w, got)
			return
		}
		if does(run) == nil {
			refuse(w, 400)
			return
		}
		answer(w, 200, map[string]any{run: does(run)})
	}
}

// member reads the last member with exactly this name.
func member(_ *http.Request, body []byte) string {
	var all map[string]any
	_ = json.Unmarshal(body, &all)
	text, _ := all["action"].(string)
	return text
}

// anyCase reads like encoding/json with a struct.
func anyCase(_ *http.Request, body []byte) string {
	var one struct{ Action string }
	_ = json.Unmarshal(body, &one)
	return one.Action
}

func matched(pattern string) func(*http.Request, []byte) string {
	compiled := regexp.MustCompile(pattern)
	return func(_ *http.Request, body []byte) string {
		if m := compiled.FindSubmatch(body); m != nil {
			return string(m[1])
		}
		return "ping"
	}
}

func lower(read func(*http.Request, []byte) string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		return strings.ToLower(strings.TrimSpace(read(r, body)))
	}
}

// unless reads an operation that requires a check; every other operation is public.
func unless(read func(*http.Request, []byte) string, names ...string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		if name := read(r, body); slices.Contains(names, name) {
			return name
		}
		return "ping"
	}
}

func queryFirst(read func(*http.Request, []byte) string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		if name := r.URL.Query().Get("action"); name != "" {
			return name
		}
		return read(r, body)
	}
}

func formToo(read func(*http.Request, []byte) string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		if values, err := url.ParseQuery(string(body)); err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form") {
			return values.Get("action")
		}
		return read(r, body)
	}
}

func listToo(read func(*http.Request, []byte) string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		var all struct{ Action []string }
		if json.Unmarshal(body, &all) == nil && len(all.Action) > 0 {
			return all.Action[0]
		}
		return read(r, body)
	}
}

func jsonOnly(read func(*http.Request, []byte) string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		if r.Header.Get("Content-Type") != "application/json" {
			return "ping"
		}
		return read(r, body)
	}
}

func operationsSuite(t *testing.T, s *tenant, bodies map[string]map[string]any, refusals stack.Refusals, api func(operations, http.ResponseWriter, *http.Request, []byte, int, claims)) *Suite {
	t.Helper()
	suite := wideSuite(s)
	for _, name := range []string{"ping", "list", "purge"} {
		e := stack.Endpoint{Name: name, Request: "POST /api", Body: bodies[name]}
		if bodies[name]["query"] != nil { // a refusal also has status 200
			e.Expect = &stack.Expect{JSON: map[string]any{"data": map[string]any{name: does(name)}}}
		}
		switch name {
		case "ping":
			e.Public = true
		case "list":
			e.Requires = &stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Reader", "Admin"}}
		case "purge":
			e.Requires = &stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}}
		}
		suite.Document.Endpoints = append(suite.Document.Endpoints, e)
	}
	suite.Document.Refusals = refusals
	target := serve(t, operations{issuer: s.issuer(), serve: api})
	suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
	suite.Changes = TenantChanges{}
	return suite
}

var actionBodies = map[string]map[string]any{"ping": {"action": "ping"}, "list": {"action": "list"}, "purge": {"action": "purge", "days": 3.0}}

// JSON-RPC.

// rpc executes calls; each receives the raw request and returns the operation whose rights it
// requires.
func rpc(checks func(raw []byte, calls []map[string]any, i int) string, runs func(call map[string]any) string) func(operations, http.ResponseWriter, *http.Request, []byte, int, claims) {
	return func(_ operations, w http.ResponseWriter, _ *http.Request, body []byte, status int, c claims) {
		var calls []map[string]any
		batch := json.Unmarshal(body, &calls) == nil
		if !batch {
			calls = []map[string]any{nil}
			if json.Unmarshal(body, &calls[0]) != nil {
				refuse(w, 400)
				return
			}
		}
		var answers []any
		for i, call := range calls {
			one := map[string]any{"jsonrpc": "2.0", "id": call["id"]}
			name := runs(call)
			if got := may(checks(body, calls, i), status, c); got != 200 {
				one["error"] = map[string]any{"code": -32000 - got, "message": "no"}
				if !batch {
					refuse(w, got)
					return
				}
			} else if does(name) == nil {
				one["error"] = map[string]any{"code": -32601, "message": "no such method"}
			} else {
				one["result"] = does(name)
			}
			answers = append(answers, one)
		}
		if batch {
			answer(w, 200, answers)
			return
		}
		answer(w, 200, answers[0])
	}
}

func methodOf(call map[string]any) string { name, _ := call["method"].(string); return name }

func ownMethod(_ []byte, calls []map[string]any, i int) string { return methodOf(calls[i]) }

func rpcBody(method string) map[string]any {
	return map[string]any{"jsonrpc": "2.0", "method": method, "id": 7.0}
}

var rpcBodies = map[string]map[string]any{"ping": rpcBody("ping"), "list": rpcBody("list"), "purge": rpcBody("purge")}

// dottedBodies name methods with two words.
var dottedBodies = map[string]map[string]any{"ping": rpcBody("api.ping"), "list": rpcBody("api.list"), "purge": rpcBody("api.purge")}

func dotted(call map[string]any) string { return strings.TrimPrefix(methodOf(call), "api.") }

func anySeparator(call map[string]any) string {
	return strings.TrimPrefix(strings.ReplaceAll(methodOf(call), "/", "."), "api.")
}

// GraphQL.

// graph executes a GraphQL request. refused decides from the raw request whether a caller is
// refused before the execution; in a correct API, resolvers check.
type graph struct {
	refused   func(r *http.Request, body []byte, sent []graphSent, may func(string) int) bool
	resolvers bool
	get       bool // and also form and application/graphql
	batch     bool
}

type graphSent struct {
	Query         string `json:"query"`
	OperationName string `json:"operationName"`
}

func (g graph) serve(_ operations, w http.ResponseWriter, r *http.Request, body []byte, status int, c claims) {
	var sent []graphSent
	batch := false
	switch kind := r.Header.Get("Content-Type"); {
	case g.get && r.Method == "GET":
		sent = []graphSent{{r.URL.Query().Get("query"), r.URL.Query().Get("operationName")}}
	case g.get && strings.HasPrefix(kind, "application/x-www-form"):
		values, _ := url.ParseQuery(string(body))
		sent = []graphSent{{values.Get("query"), values.Get("operationName")}}
	case g.get && kind == "application/graphql":
		sent = []graphSent{{string(body), ""}}
	default:
		var one graphSent
		if batch = g.batch && json.Unmarshal(body, &sent) == nil; !batch {
			if json.Unmarshal(body, &one) != nil || r.Method != "POST" {
				refuse(w, 400)
				return
			}
			sent = []graphSent{one}
		}
	}
	of := func(name string) int { return may(name, status, c) }
	if g.refused != nil && g.refused(r, body, sent, of) {
		answer(w, 200, map[string]any{"errors": []any{map[string]any{"message": "no", "extensions": map[string]any{"code": codeOf(status)}}}})
		return
	}
	var answers []any
	for _, one := range sent {
		answers = append(answers, g.run(one, of, status))
	}
	if batch {
		answer(w, 200, answers)
		return
	}
	answer(w, 200, answers[0])
}

func codeOf(status int) string {
	if status == 401 {
		return "UNAUTHENTICATED"
	}
	return "FORBIDDEN"
}

var (
	graphOperation = regexp.MustCompile(`(?s)(query|mutation)?\s*(\w*)\s*\{`)
	graphComment   = regexp.MustCompile(`#[^\n]*`)
	graphField     = regexp.MustCompile(`(?:(\w+)\s*:\s*)?\b(__typename|ping|list|purge)\b`)
)

// run resolves the fields of the operation that the request names, or of the only operation. The
// fields of a fragment belong to the operation that is sent with it.
func (g graph) run(one graphSent, may func(string) int, status int) any {
	text := graphComment.ReplaceAllString(one.Query, "")
	if parts := strings.SplitAfter(text, "}\n"); one.OperationName != "" && len(parts) > 1 {
		for _, part := range parts {
			if m := graphOperation.FindStringSubmatch(part); m != nil && m[2] == one.OperationName {
				text = part
			}
		}
	}
	data, errs := map[string]any{}, []any{}
	_, fields, _ := strings.Cut(text, "{")
	for _, m := range graphField.FindAllStringSubmatch(fields, -1) {
		key, name := m[1], m[2]
		if key == "" {
			key = name
		}
		if name != "__typename" && g.resolvers && may(name) != 200 {
			data[key] = nil
			errs = append(errs, map[string]any{"message": "no", "path": []any{key}, "extensions": map[string]any{"code": codeOf(status)}})
			continue
		}
		if data[key] = does(name); name == "__typename" {
			data[key] = "Query"
		}
	}
	if len(errs) > 0 {
		return map[string]any{"data": data, "errors": errs}
	}
	return map[string]any{"data": data}
}

var graphBodies = map[string]map[string]any{"ping": {"query": "query Ping { ping }"}, "list": {"query": "query List { list }"}, "purge": {"query": "query Purge { purge }"}}

var graphRefusals = stack.Refusals{
	Unauthenticated: stack.Forms{{Status: 401}, {Status: 200, JSON: map[string]any{"/errors/*/extensions/code": "UNAUTHENTICATED"}}},
	Forbidden:       stack.Forms{{Status: 200, JSON: map[string]any{"/errors/*/extensions/code": "FORBIDDEN"}}},
}

// refusedBy refuses callers of a forbidden operation if read finds its name.
func refusedBy(read func(r *http.Request, body []byte, sent []graphSent) []string) func(*http.Request, []byte, []graphSent, func(string) int) bool {
	return func(r *http.Request, body []byte, sent []graphSent, may func(string) int) bool {
		return slices.ContainsFunc(read(r, body, sent), func(name string) bool { return slices.Contains([]string{"list", "purge"}, name) && may(name) != 200 })
	}
}

func firstFieldOf(pattern string) func(*http.Request, []byte, []graphSent) []string {
	compiled := regexp.MustCompile(pattern)
	return func(_ *http.Request, _ []byte, sent []graphSent) []string {
		if m := compiled.FindStringSubmatch(sent[0].Query); m != nil {
			return []string{strings.ToLower(m[1])}
		}
		return nil
	}
}

var everyField = func(_ *http.Request, _ []byte, sent []graphSent) (names []string) {
	for _, one := range sent {
		for _, m := range graphField.FindAllStringSubmatch(one.Query, -1) {
			names = append(names, m[2])
		}
	}
	return names
}

func TestOperationsThatShareARoute(t *testing.T) {
	t.Parallel()
	s := wide(t)
	onlyMethod := func(read func(call map[string]any) string) func([]byte, []map[string]any, int) string {
		return func(_ []byte, calls []map[string]any, i int) string { return read(calls[i]) }
	}
	lowered := func(call map[string]any) string { return strings.ToLower(methodOf(call)) }
	named := func(pattern string) func([]byte, []map[string]any, int) string {
		compiled := regexp.MustCompile(pattern)
		return func(raw []byte, calls []map[string]any, i int) string {
			if m := compiled.FindSubmatch(raw); m != nil {
				return string(m[1])
			}
			return methodOf(calls[i])
		}
	}
	protected := func(read func(call map[string]any) string) func([]byte, []map[string]any, int) string {
		return func(_ []byte, calls []map[string]any, i int) string {
			if name := read(calls[i]); name == "list" || name == "purge" {
				return name
			}
			return "ping"
		}
	}
	graphs := func(read func(*http.Request, []byte, []graphSent) []string) graph {
		return graph{refused: refusedBy(read), get: true, batch: true}
	}
	type api = func(operations, http.ResponseWriter, *http.Request, []byte, int, claims)
	tests := []struct {
		name   string
		bodies map[string]map[string]any
		serve  api
		kills  string // "": correct
	}{
		{"an action", actionBodies, actions(member, member), ""},
		{"an action in any case", actionBodies, actions(lower(anyCase), lower(anyCase)), ""},
		{"an action of the query or the body", actionBodies, actions(formToo(queryFirst(member)), formToo(queryFirst(member))), ""},
		{"a form is checked as another action that the caller may", actionBodies, actions(func(r *http.Request, body []byte) string {
			if name := formToo(member)(r, body); r.Header.Get("Content-Type") == "application/json" || name == "ping" {
				return name
			}
			return "list"
		}, formToo(member)), "body-members"},
		{"the first of two actions is checked", actionBodies, actions(matched(`"action":\s*"(\w+)"`), member), "body-members"},
		{"the last of two actions is checked", actionBodies, actions(member, matched(`"action":\s*"(\w+)"`)), "body-members"},
		{"action is checked, and Action is run", actionBodies, actions(member, anyCase), "body-members"},
		{"the action of the query is checked", actionBodies, actions(queryFirst(member), member), "body-members"},
		{"the action of the query is run", actionBodies, actions(member, queryFirst(member)), "body-members"},
		{"only actions as they are written are checked", actionBodies, actions(unless(member, "list", "purge"), lower(member)), "body-members"},
		{"a form is not checked", actionBodies, actions(unless(member, "list", "purge"), formToo(member)), "body-members"},
		{"a list is not checked", actionBodies, actions(unless(member, "list", "purge"), listToo(member)), "body-members"},
		{"text/plain is not checked", actionBodies, actions(jsonOnly(member), member), "body-members"},
		{"an escaped action is not checked", actionBodies, actions(matched(`"action":\s*"(purge|list)"`), member), "body-members"},

		{"JSON-RPC", rpcBodies, rpc(ownMethod, methodOf), ""},
		{"JSON-RPC in any case", rpcBodies, rpc(onlyMethod(lowered), lowered), ""},
		{"JSON-RPC with methods of two words", dottedBodies, rpc(onlyMethod(anySeparator), anySeparator), ""},
		{"a method with another separator is not checked", dottedBodies, rpc(protected(dotted), anySeparator), "body-members"},
		{"the first call of a batch is checked", rpcBodies, rpc(func(_ []byte, calls []map[string]any, _ int) string { return methodOf(calls[0]) }, methodOf), "jsonrpc"},
		{"the last call of a batch is checked", rpcBodies, rpc(func(_ []byte, calls []map[string]any, _ int) string { return methodOf(calls[len(calls)-1]) }, methodOf), "jsonrpc"},
		{"no batch is checked", rpcBodies, rpc(func(raw []byte, calls []map[string]any, i int) string {
			if raw[0] == '[' {
				return "ping"
			}
			return methodOf(calls[i])
		}, methodOf), "jsonrpc"},
		{"the first method of the text is checked", rpcBodies, rpc(named(`"method":\s*"(\w+)"`), methodOf), "jsonrpc"},
		{"a method in other case is not checked", rpcBodies, rpc(protected(methodOf), lowered), "body-members"},
		{"a notification is not checked", rpcBodies, rpc(func(_ []byte, calls []map[string]any, i int) string {
			if _, has := calls[i]["id"]; !has {
				return "ping"
			}
			return methodOf(calls[i])
		}, methodOf), "jsonrpc"},
		{"an id of null is not checked", rpcBodies, rpc(func(_ []byte, calls []map[string]any, i int) string {
			if calls[i]["id"] == nil {
				return "ping"
			}
			return methodOf(calls[i])
		}, methodOf), "jsonrpc"},

		{"GraphQL", graphBodies, graph{resolvers: true, get: true, batch: true}.serve, ""},
		{"GraphQL without batches", graphBodies, graph{resolvers: true}.serve, ""},
		{"GraphQL, all fields are checked first", graphBodies, graphs(everyField).serve, ""},
		{"GraphQL, a body without a query is an error with status 200", graphBodies, func(o operations, w http.ResponseWriter, r *http.Request, body []byte, status int, c claims) {
			var one map[string]any
			if r.Method == "POST" && (json.Unmarshal(body, &one) == nil && one["query"] == nil || strings.HasPrefix(string(body), "access_token=")) {
				answer(w, 200, map[string]any{"errors": []any{map[string]any{"message": "no query", "extensions": map[string]any{"code": "BAD_REQUEST"}}}})
				return
			}
			graph{resolvers: true}.serve(o, w, r, body, status, c)
		}, ""},
		{"an alias is taken for the field", graphBodies, graphs(firstFieldOf(`\{\s*(\w+)`)).serve, "graphql-names"},
		{"the operation's name is checked", graphBodies, graphs(firstFieldOf(`^query (\w+)`)).serve, "graphql-names"},
		{"the first field is checked", graphBodies, graphs(firstFieldOf(`\{\s*(?:\w+\s*:\s*)?(\w+)`)).serve, "graphql-names"},
		{"a fragment is not checked", graphBodies, graphs(firstFieldOf(`\{\s*(?:__typename\s+|ping\s+)*(?:\w+:\s*)?(\w+)`)).serve, "graphql-names"},
		{"introspection is not checked", graphBodies, graphs(func(r *http.Request, body []byte, sent []graphSent) []string {
			if sent[0].OperationName == "IntrospectionQuery" {
				return nil
			}
			return everyField(r, body, sent)
		}).serve, "graphql-names"},
		{"a comment is read", graphBodies, graphs(firstFieldOf(`(?s).*?(ping|list|purge) \}`)).serve, "graphql-names"},
		{"only the first of a batch is checked", graphBodies, graphs(func(r *http.Request, body []byte, sent []graphSent) []string {
			return everyField(r, body, sent[:1])
		}).serve, "graphql-requests"},
		{"GET is not checked", graphBodies, graphs(func(r *http.Request, body []byte, sent []graphSent) []string {
			if r.Method == "GET" {
				return nil
			}
			return everyField(r, body, sent)
		}).serve, "graphql-requests"},
		{"a form is not read", graphBodies, graphs(func(r *http.Request, body []byte, sent []graphSent) []string {
			if r.Header.Get("Content-Type") != "application/json" {
				return nil
			}
			return everyField(r, body, sent)
		}).serve, "graphql-requests"},
		{"the first operation of the document is checked", graphBodies, graphs(func(r *http.Request, body []byte, sent []graphSent) []string {
			one, _, _ := strings.Cut(sent[0].Query, "\n")
			return everyField(r, body, []graphSent{{Query: one}})
		}).serve, "graphql-requests"},
		{"the query of the URL is checked", graphBodies, graphs(func(r *http.Request, body []byte, sent []graphSent) []string {
			if query := r.URL.Query().Get("query"); query != "" {
				sent = []graphSent{{Query: query}}
			}
			return everyField(r, body, sent)
		}).serve, "graphql-requests"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			refusals := stack.Refusals{}
			if test.bodies["ping"]["query"] != nil {
				refusals = graphRefusals
			}
			suite := operationsSuite(t, s, test.bodies, refusals, test.serve)
			suite.leaves = func(c Case) bool {
				return c.Means != CauseBody && c.stage != stageFirst && c.stage != stageBase && !(test.kills == "" && c.Group == Authentication)
			}
			r := run(t, suite)
			if test.kills == "" {
				noFalseAlarm(t, r)
				return
			}
			killed := slices.ContainsFunc(r.ids(Fail), func(id string) bool { return strings.HasSuffix(id, ": "+test.kills) })
			tally.mutant(killed)
			if !killed {
				t.Errorf("not killed by %s; failed: %s", test.kills, list(r.ids(Fail)))
			}
			if f := r.summary.Findings; len(f) == 0 || len(f) > 2 || f[0].Cause != CauseBody {
				t.Errorf("findings: %+v", f)
			}
		})
	}
}
