package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"provision/stack"
)

// bodyCheck is a family of requests that name one operation and may run another, for
// operations that share a route and that the body selects.
type bodyCheck struct {
	name, sends, flaw, source string
	// disguises returns nil if the body does not belong to the family.
	disguises func(operation, []operation) []disguise
}

var bodyChecks = []bodyCheck{
	{
		name:      "body-members",
		sends:     "the body with changed selectors, the members that select one of the route's operations: twice, in other case, in the query, in a form, as a list, and in a batch, together with the values of another operation",
		flaw:      "the check reads the name of the operation from another place of the request than the handler, or the two compare it in different ways",
		source:    "RFC 8259, section 4; RFC 8725, section 2.4; CWE-235; CWE-436; OWASP: Testing for HTTP Parameter Pollution",
		disguises: memberDisguises,
	},
	{
		name:      "jsonrpc",
		sends:     "JSON-RPC batches with another operation before and after it, notifications, and the method in other spellings",
		flaw:      "the check looks at one call of a batch, at calls that have an id, or compares the method in another way than the handler",
		source:    "JSON-RPC 2.0, sections 4.1 and 6; CWE-178; CWE-436",
		disguises: rpcDisguises,
	},
	{
		name:      "graphql-names",
		sends:     "GraphQL documents that run the operation under an alias, in fragments, together with another field, and under the name of another operation",
		flaw:      "the check reads the text of the document instead of the field that runs: put it into the resolver",
		source:    "GraphQL specification, sections 2.7, 2.8 and 6.1; OWASP: GraphQL Cheat Sheet, Access Control; CWE-863",
		disguises: graphQLNames,
	},
	{
		name:      "graphql-requests",
		sends:     "GraphQL requests with the operation in a batch, together with another operation of the document, by GET, in a form and as application/graphql",
		flaw:      "the check looks at one way to send a GraphQL request, or at the first operation of several",
		source:    "GraphQL over HTTP; OWASP: GraphQL Cheat Sheet, Batching Attacks; CWE-863; CWE-436",
		disguises: graphQLRequests,
	},
}

// operation is the operation of a shared route that a body names.
type operation struct {
	members map[string]any
	form    bool
}

// bodyCases returns the cases of an endpoint that shares its method and path with others.
func (s *Suite) bodyCases(e endpoint) []Case {
	covers := s.beside(e)
	own, ok := operationOf(e.stated)
	if len(covers) == 0 || !ok {
		return nil
	}
	var cases []Case
	for _, check := range bodyChecks {
		if check.disguises(own, covers) == nil {
			continue
		}
		c := Case{
			Name: check.name, Means: CauseBody, Group: Routes, Sends: check.sends, Flaw: check.flaw, Source: check.source,
			Gain: "anybody who may call one operation of the route can call the others",
		}
		cases = append(cases, inDisguise(e, c, true, func(*baselineToken) ([]disguise, error) {
			return check.disguises(own, covers), nil
		}))
	}
	return cases
}

// fittingBody returns the checks with what they tolerate at the endpoint. If the body selects
// one of several operations, a body without an operation gets any answer that admits nobody.
func (s *Suite) fittingBody(e endpoint, checks []check) []check {
	if len(s.beside(e)) == 0 {
		return checks
	}
	fitting := slices.Clone(checks)
	for i, c := range fitting {
		if c.replacesBody {
			fitting[i].tolerates = append(slices.Clone(c.tolerates), unstated)
		}
	}
	return fitting
}

// beside returns the other operations with the endpoint's method and path. Operations
// that need no token come first.
func (s *Suite) beside(e endpoint) (covers []operation) {
	for _, public := range []bool{true, false} {
		for _, stated := range s.Document.Endpoints {
			other, err := newEndpoint(stated)
			if err != nil || other.request != e.request || other.id == e.id || other.public != public {
				continue
			}
			if o, ok := operationOf(stated); ok && len(covers) < 2 {
				covers = append(covers, o)
			}
		}
	}
	return covers
}

func operationOf(e stack.Endpoint) (operation, bool) {
	filled, err := known{unique: unique()}.fill(e.Body)
	members, ok := filled.(map[string]any)
	return operation{members, stack.IsForm(e.ContentType)}, err == nil && ok || e.Setup != nil && ok
}

// filled returns the operation with the values of the request that is sent.
func (o operation) filled(r spoken) operation {
	if o.form {
		values, err := url.ParseQuery(string(r.body))
		if err != nil {
			return o
		}
		members := map[string]any{}
		for name := range values {
			members[name] = values.Get(name)
		}
		return operation{members, true}
	}
	if members, ok := parse(r.body).(map[string]any); ok {
		return operation{members, false}
	}
	return o
}

func (o operation) json() string { return toJSON(o.members) }

func toJSON(v any) string {
	data, _ := json.Marshal(v) // never fails: the values were read from JSON
	return string(data)
}

// with returns the operation with another member; nil removes the member.
func (o operation) with(name string, value any) operation {
	members := map[string]any{}
	for key, v := range o.members {
		members[key] = v
	}
	members[name] = value
	if value == nil {
		delete(members, name)
	}
	return operation{members, o.form}
}

func jsonBody(text string) credential {
	return credential{body: text, header: http.Header{"Content-Type": {"application/json"}}}
}

func formBody(text string) credential {
	return credential{body: text, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
}

// whole returns the whole answer.
func whole(answer any) (any, bool) { return answer, answer != nil }

// pick returns the value at the pointer.
func pick(pointer string) func(any) (any, bool) {
	return func(answer any) (any, bool) {
		found := pointed(pointer, answer)
		return first(found)
	}
}

func first(found []any) (any, bool) {
	if len(found) == 0 || found[0] == nil {
		return nil, false
	}
	return found[0], true
}

// memberDisguises send the members by which the operations differ in ways that two
// parsers read differently.
func memberDisguises(own operation, covers []operation) (all []disguise) {
	for _, cover := range covers {
		for _, name := range telling(own, cover) {
			all = append(all, memberDisguise(own, cover, name)...)
		}
	}
	return all
}

// telling returns the members with other texts in the two operations.
func telling(own, cover operation) (names []string) {
	for name, value := range own.members {
		text, isText := value.(string)
		other, isAlso := cover.members[name].(string)
		if isText && isAlso && text != other {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), 2)]
}

func memberDisguise(own, cover operation, name string) []disguise {
	theirs := cover.members[name].(string)
	mine := func(o operation) string { return fmt.Sprint(o.members[name]) }
	way := func(says string, write func(o operation) credential) disguise {
		return disguise{says: says, beside: true, value: whole, plain: whole, covers: []operation{cover}, change: func(r spoken) credential { return write(own.filled(r)) }}
	}
	quoted := func(key, value string) string { return toJSON(key) + ":" + toJSON(value) }
	// beside writes two members before the others.
	beside := func(o operation, pairs ...string) string {
		rest := strings.TrimPrefix(o.with(name, nil).json(), "{")
		if rest != "}" {
			rest = "," + rest
		}
		return "{" + strings.Join(pairs, ",") + rest
	}
	escaped := fmt.Sprintf(`"\u%04x%s"`, name[0], name[1:])
	query := func(o operation, value string) string { return url.Values{name: {value}}.Encode() }
	if own.form {
		pairs := func(o operation, values ...string) string {
			text := ""
			for _, value := range values {
				text += "&" + query(o, value)
			}
			rest := url.Values{}
			for key, value := range o.with(name, nil).members {
				rest.Set(key, fmt.Sprint(value))
			}
			return strings.TrimPrefix(text+"&"+rest.Encode(), "&")
		}
		return []disguise{
			way(name+" twice, the other operation first", func(o operation) credential { return formBody(pairs(o, theirs, mine(o))) }),
			way(name+" twice, the other operation last", func(o operation) credential { return formBody(pairs(o, mine(o), theirs)) }),
			way("the other operation in the query", func(o operation) credential {
				c := formBody(pairs(o, mine(o)))
				c.query = query(o, theirs)
				return c
			}),
			way("the operation in the query, the other one in the body", func(o operation) credential {
				c := formBody(pairs(o, theirs))
				c.query = query(o, mine(o))
				return c
			}),
			way("as JSON", func(o operation) credential { return jsonBody(o.json()) }),
		}
	}
	all := []disguise{
		way(name+" twice, the other operation first", func(o operation) credential {
			return jsonBody(beside(o, quoted(name, theirs), quoted(name, mine(o))))
		}),
		way(name+" twice, the other operation last", func(o operation) credential {
			return jsonBody(beside(o, quoted(name, mine(o)), quoted(name, theirs)))
		}),
		way("the name of "+name+" escaped, together with the other operation", func(o operation) credential {
			return jsonBody(beside(o, quoted(name, theirs), escaped+":"+toJSON(mine(o))))
		}),
		way("the value of "+name+" escaped", func(o operation) credential {
			value := mine(o)
			return jsonBody(beside(o, toJSON(name)+":"+fmt.Sprintf(`"\u%04x%s`, value[0], toJSON(value[1:])[1:])))
		}),
	}
	for _, other := range []string{strings.ToUpper(name), capital(name)} {
		if other == name {
			continue
		}
		all = append(all,
			way(name+" of the other operation, then "+other, func(o operation) credential {
				return jsonBody(beside(o, quoted(name, theirs), quoted(other, mine(o))))
			}),
			way(other+", then "+name+" of the other operation", func(o operation) credential {
				return jsonBody(beside(o, quoted(other, mine(o)), quoted(name, theirs)))
			}),
			way(name+", then "+other+" of the other operation", func(o operation) credential {
				return jsonBody(beside(o, quoted(name, mine(o)), quoted(other, theirs)))
			}))
	}
	all = append(all,
		way("the other operation in the query", func(o operation) credential {
			c := jsonBody(o.json())
			c.query = query(o, theirs)
			return c
		}),
		way("the operation in the query, the other one in the body", func(o operation) credential {
			c := jsonBody(o.with(name, theirs).json())
			c.query = query(o, mine(o))
			return c
		}),
		way(name+" as a list", func(o operation) credential { return jsonBody(o.with(name, []any{mine(o)}).json()) }),
		way("as a form", func(o operation) credential {
			values := url.Values{}
			for key, value := range o.members {
				if text, ok := value.(string); ok {
					values.Set(key, text)
				} else {
					values.Set(key, toJSON(value))
				}
			}
			return formBody(values.Encode())
		}),
		way("as text/plain", func(o operation) credential {
			return credential{body: o.json(), header: http.Header{"Content-Type": {"text/plain"}}}
		}),
	)
	if cased := otherCase(fmt.Sprint(own.members[name])); !strings.Contains(cased, " ") {
		for _, spell := range []func(string) string{strings.ToUpper, strings.ToLower, titled, func(s string) string { return s + " " }, func(s string) string { return " " + s }, separated("."), separated("/"), separated("_"), separated(":")} {
			if value := fmt.Sprint(own.members[name]); spell(value) == value {
				continue
			}
			all = append(all, way(name+": "+spell(fmt.Sprint(own.members[name])), func(o operation) credential {
				return jsonBody(o.with(name, spell(mine(o))).json())
			}))
		}
	}
	batches := []struct {
		says string
		at   string
		of   func(o operation) []any
	}{
		{"a batch with the other operation first", "/1", func(o operation) []any { return []any{cover.members, o.members} }},
		{"a batch with the other operation last", "/0", func(o operation) []any { return []any{o.members, cover.members} }},
		{"a batch of it alone", "/0", func(o operation) []any { return []any{o.members} }},
	}
	for _, b := range batches {
		d := way(b.says, func(o operation) credential { return jsonBody(toJSON(b.of(o))) })
		d.value, d.covers = pick(b.at), nil // its place shows whose answer it is
		all = append(all, d)
	}
	return all
}

// separated writes a name of several words, such as orders.list, with another separator.
func separated(separator string) func(string) string {
	return func(name string) string {
		return strings.NewReplacer(".", separator, "/", separator, "_", separator, ":", separator).Replace(name)
	}
}

// rpcDisguises returns the disguises of JSON-RPC requests.
func rpcDisguises(own operation, covers []operation) (all []disguise) {
	if own.members["jsonrpc"] == nil || own.form {
		return nil
	}
	way := func(says string, value func(any) (any, bool), write func(o operation) string, beside ...operation) disguise {
		return disguise{says: says, beside: true, value: value, plain: pick("/result"), covers: beside, change: func(r spoken) credential { return jsonBody(write(own.filled(r))) }}
	}
	// The answers of a batch come in any order.
	const mine, theirs = "provision-verify-2", "provision-verify-1"
	ofID := func(answer any) (any, bool) {
		list, ok := answer.([]any)
		if !ok {
			list = []any{answer}
		}
		for _, one := range list {
			if members, ok := one.(map[string]any); ok && members["id"] == mine {
				return first([]any{members["result"]})
			}
		}
		return nil, false
	}
	for _, cover := range covers {
		if cover.members["jsonrpc"] == nil {
			continue
		}
		c := cover.with("id", theirs).members
		all = append(all,
			way("a batch with the other operation first", ofID, func(o operation) string { return toJSON([]any{c, o.with("id", mine).members}) }),
			way("a batch with the other operation last", ofID, func(o operation) string { return toJSON([]any{o.with("id", mine).members, c}) }),
			way("a batch with the other operation twice before it", ofID, func(o operation) string { return toJSON([]any{c, c, o.with("id", mine).members}) }),
		)
	}
	result := pick("/result")
	all = append(all,
		way("a batch of it alone", ofID, func(o operation) string { return toJSON([]any{o.with("id", mine).members}) }),
		way("a notification, without id", result, func(o operation) string { return o.with("id", nil).json() }, covers...),
		way("id null", result, func(o operation) string {
			return strings.Replace(o.with("id", "\x00").json(), `"\u0000"`, "null", 1)
		}, covers...),
		way("without jsonrpc", result, func(o operation) string { return o.with("jsonrpc", nil).json() }, covers...),
		way("jsonrpc 1.0", result, func(o operation) string { return o.with("jsonrpc", "1.0").json() }, covers...),
	)
	if named, ok := own.members["params"].(map[string]any); ok && len(named) > 0 {
		all = append(all, way("with positional parameters", result, func(o operation) string {
			named, _ := o.members["params"].(map[string]any)
			var positional []any
			for _, name := range slices.Sorted(maps.Keys(named)) {
				positional = append(positional, named[name])
			}
			return o.with("params", positional).json()
		}, covers...))
	}
	return all
}
