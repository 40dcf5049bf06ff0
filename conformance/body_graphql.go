package conformance

import (
	"net/http"
	"net/url"
	"strings"
)

// graphQL is a GraphQL document of one operation, with the parts that a disguise
// changes.
type graphQL struct {
	kind, name string // "query", "" if it has no name
	head       string // its variables and directives
	selection  string // the text between its braces
	rest       string // the fragments behind it
	key        string // by which the answer names the first field
	field      string // the first field without an alias, and what follows
}

// readGraphQL reads the member query of a body.
func readGraphQL(o operation) (graphQL, bool) {
	text, ok := o.members["query"].(string)
	if !ok {
		return graphQL{}, false
	}
	text = skipIgnored(text)
	g := graphQL{kind: "query"}
	open := braceAt(text)
	if open < 0 {
		return g, false
	}
	if head := strings.TrimSpace(text[:open]); head != "" {
		g.kind, head = cutName(head)
		g.name, g.head = cutName(skipIgnored(head))
		if g.kind != "query" && g.kind != "mutation" {
			return g, false
		}
	}
	end := matching(text, open)
	if end < 0 {
		return g, false
	}
	g.selection, g.rest = text[open+1:end], text[end+1:]
	name, rest := cutName(skipIgnored(g.selection))
	g.key, g.field = name, name+rest
	if after := skipIgnored(rest); strings.HasPrefix(after, ":") {
		g.field = skipIgnored(after[1:])
	}
	return g, name != ""
}

// skipIgnored leaves out white space, commas and comments (section 2.1).
func skipIgnored(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n,\ufeff")
		if !strings.HasPrefix(text, "#") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

func cutName(text string) (name, rest string) {
	i := strings.IndexFunc(text, func(r rune) bool {
		return !(r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i:]
}

// braceAt returns the brace that opens the selection: not one of a default value.
func braceAt(text string) int {
	depth := 0
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case '{':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

func matching(text string, open int) int {
	depth, quoted := 0, false
	for i := open; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && text[i-1] != '\\':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (g graphQL) root() string { return strings.ToUpper(g.kind[:1]) + g.kind[1:] }

// text returns the document with another name and selection.
func (g graphQL) text(name, selection string) string {
	return strings.TrimRight(g.kind+" "+name, " ") + g.head + " {" + selection + "}" + g.rest
}

// respelled returns the selection with text behind the name and the arguments of the first field.
func (g graphQL) respelled(afterName, afterArguments string) string {
	name, rest := cutName(g.field)
	before, arguments := strings.TrimSuffix(g.selection, g.field), ""
	if trimmed := skipIgnored(rest); strings.HasPrefix(trimmed, "(") {
		if end := strings.Index(trimmed, ")"); end > 0 && !strings.Contains(trimmed[:end], `"`) {
			arguments, rest = trimmed[:end+1], trimmed[end+1:]
			if afterName == "," {
				arguments = strings.NewReplacer("(", "(,", ":", ",:,", ")", ",)").Replace(arguments)
			}
		}
	}
	return before + name + afterName + arguments + afterArguments + rest
}

func (g graphQL) value() func(any) (any, bool) { return pick("/data/" + g.key) }

// graphQLWay sends a document. operationName is left out if it is "".
func graphQLWay(own operation, covers []operation, says, key string, write func(g graphQL) (text, operationName string)) disguise {
	return disguise{says: says, beside: true, value: pick("/data/" + key), plain: pick("/data/*"), covers: covers, change: func(r spoken) credential {
		o := own.filled(r)
		g, _ := readGraphQL(o)
		text, name := write(g)
		o = o.with("query", text).with("operationName", nil)
		if name != "" {
			o = o.with("operationName", name)
		}
		return jsonBody(o.json())
	}}
}

// graphQLNames express the operation by another text.
func graphQLNames(own operation, covers []operation) (all []disguise) {
	g, ok := readGraphQL(own)
	if !ok {
		return nil
	}
	way := func(says, key string, write func(g graphQL) (string, string)) {
		all = append(all, graphQLWay(own, covers, says, key, write))
	}
	names := []string{"IntrospectionQuery"}
	for _, cover := range covers {
		c, ok := readGraphQL(cover)
		if !ok {
			continue
		}
		if c.name != "" && c.name != g.name {
			names = append([]string{c.name}, names...)
		}
		way("under the alias "+c.key, c.key, func(g graphQL) (string, string) { return g.text(g.name, c.key+": "+g.field), "" })
		way("under the alias and the operation name of "+c.key, c.key, func(g graphQL) (string, string) {
			return g.text(capital(c.key), c.key+": "+g.field), capital(c.key)
		})
		if c.kind == g.kind {
			way("behind "+c.key, g.key, func(g graphQL) (string, string) { return g.text(g.name, c.selection+" "+g.selection), "" })
			way("before "+c.key, g.key, func(g graphQL) (string, string) { return g.text(g.name, g.selection+" "+c.selection), "" })
		}
		way("behind a comment with "+c.key, g.key, func(g graphQL) (string, string) {
			return "# " + strings.ReplaceAll(c.text(c.name, c.selection), "\n", " ") + "\n" + g.text(g.name, g.selection), ""
		})
		names = append(names, capital(c.key))
	}
	way("under an alias", "a", func(g graphQL) (string, string) { return g.text(g.name, "a: "+g.field), "" })
	way("behind __typename", g.key, func(g graphQL) (string, string) { return g.text(g.name, "__typename "+g.selection), "" })
	way("before __typename", g.key, func(g graphQL) (string, string) { return g.text(g.name, g.selection+" __typename"), "" })
	for _, name := range names {
		way("as operation "+name, g.key, func(g graphQL) (string, string) { return g.text(name, g.selection), name })
		way("as operation "+name+", not named in the request", g.key, func(g graphQL) (string, string) { return g.text(name, g.selection), "" })
		way("with operationName "+name, g.key, func(g graphQL) (string, string) { return g.text("", g.selection), name })
	}
	way("in a fragment", g.key, func(g graphQL) (string, string) {
		return g.text(g.name, "...F") + " fragment F on " + g.root() + " {" + g.selection + "}", ""
	})
	way("in an inline fragment", g.key, func(g graphQL) (string, string) {
		return g.text(g.name, "... on "+g.root()+" {"+g.selection+"}"), ""
	})
	way("in an inline fragment without a type", g.key, func(g graphQL) (string, string) {
		return g.text(g.name, "... @include(if: true) {"+g.selection+"}"), ""
	})
	for _, before := range []string{"\n", " ", "#\n", ","} {
		way("behind "+toJSON(before), g.key, func(g graphQL) (string, string) { return before + g.text(g.name, g.selection), "" })
	}
	way("with more white space", g.key, func(g graphQL) (string, string) {
		return g.kind + "\n\t" + g.name + g.head + "\n{\n" + strings.ReplaceAll(g.selection, "(", " (") + "\n}" + g.rest, ""
	})
	way("with commas, which GraphQL ignores", g.key, func(g graphQL) (string, string) { return g.text(g.name, g.respelled(",", "")), "" })
	way("with a comment behind the name of the field, and a directive", g.key, func(g graphQL) (string, string) {
		return g.text(g.name, g.respelled(" #\n", " @include(if: true) ")), ""
	})
	if g.kind == "query" {
		way("without the word query", g.key, func(g graphQL) (string, string) {
			if g.head != "" {
				return g.text(g.name, g.selection), ""
			}
			return "{" + g.selection + "}" + g.rest, ""
		})
	}
	return all
}

// graphQLRequests send the operation in another form of request.
func graphQLRequests(own operation, covers []operation) (all []disguise) {
	g, ok := readGraphQL(own)
	if !ok {
		return nil
	}
	way := func(says string, value func(any) (any, bool), write func(o operation) credential, beside ...operation) {
		all = append(all, disguise{says: says, beside: true, value: value, plain: pick("/data/*"), covers: beside, change: func(r spoken) credential { return write(own.filled(r)) }})
	}
	query := func(o operation) url.Values {
		values := url.Values{}
		for name, value := range o.members {
			if text, ok := value.(string); ok {
				values.Set(name, text)
			} else {
				values.Set(name, toJSON(value))
			}
		}
		return values
	}
	for _, cover := range covers {
		c, ok := readGraphQL(cover)
		if !ok {
			continue
		}
		way("a batch with "+c.key+" first", pick("/1/data/"+g.key), func(o operation) credential { return jsonBody(toJSON([]any{cover.members, o.members})) })
		way("a batch with "+c.key+" last", pick("/0/data/"+g.key), func(o operation) credential { return jsonBody(toJSON([]any{o.members, cover.members})) })
		one, other := c.text("ProvisionOne", c.selection), func(o operation) string {
			g, _ := readGraphQL(o)
			return g.text("ProvisionTwo", g.selection)
		}
		both := func(text func(o operation) string) func(o operation) credential {
			return func(o operation) credential {
				return jsonBody(o.with("query", text(o)).with("operationName", "ProvisionTwo").json())
			}
		}
		way("behind the operation "+c.key+" in one document, and named by operationName", g.value(), both(func(o operation) string { return one + "\n" + other(o) }), covers...)
		way("before the operation "+c.key+" in one document, and named by operationName", g.value(), both(func(o operation) string { return other(o) + "\n" + one }), covers...)
		way("in the query, with "+c.key+" in the body", g.value(), func(o operation) credential {
			b := jsonBody(toJSON(cover.members))
			b.query = query(o).Encode()
			return b
		}, covers...)
		way("in the body, with "+c.key+" in the query", g.value(), func(o operation) credential {
			b := jsonBody(o.json())
			b.query = query(cover).Encode()
			return b
		}, covers...)
	}
	way("a batch of it alone", pick("/0/data/"+g.key), func(o operation) credential { return jsonBody(toJSON([]any{o.members})) })
	way("by GET", g.value(), func(o operation) credential {
		return credential{method: http.MethodGet, query: query(o).Encode()}
	})
	way("in a form", g.value(), func(o operation) credential { return formBody(query(o).Encode()) })
	way("as application/graphql", g.value(), func(o operation) credential {
		text, _ := o.members["query"].(string)
		return credential{body: text, header: http.Header{"Content-Type": {"application/graphql"}}}
	})
	way("as text/plain", g.value(), func(o operation) credential {
		return credential{body: o.json(), header: http.Header{"Content-Type": {"text/plain"}}}
	})
	return all
}

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
