package conformance

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"provision/stack"
)

// known are the values of the references in a document's requests.
type known struct {
	unique          string // a word for one request
	setup, response any    // the answers, as JSON
}

// request fills in the parts that a document states.
func (k known) request(stated string, parameters map[string]any, body any, contentType string) (request, error) {
	var problem error
	text := func(v any) string {
		filled, err := k.fill(v)
		if err != nil {
			problem = cmp.Or(problem, err)
		}
		return fmt.Sprint(filled)
	}
	escaped := func(escape func(string) string) func(string) (string, bool) {
		return func(name string) (string, bool) { return escape(text(parameters[name])), true }
	}
	method, path, _ := strings.Cut(stack.Fill(stated, escaped(url.PathEscape), escaped(url.QueryEscape)), " ")
	path = stack.Expand(path, func(expression string) (string, bool) {
		return url.PathEscape(text("${" + expression + "}")), true
	})
	r := request{method: method, path: path}
	if body != nil {
		filled, err := k.fill(body)
		problem = cmp.Or(problem, err)
		r.contentType = cmp.Or(contentType, "application/json")
		if plain, ok := filled.(string); ok && !stack.IsJSON(contentType) {
			r.body = []byte(plain)
		} else if members, ok := filled.(map[string]any); ok && stack.IsForm(contentType) {
			if r.body, r.contentType, err = encodeForm(members, contentType); err != nil {
				return r, err
			}
		} else if r.body, err = json.Marshal(filled); err != nil {
			return r, err
		}
	}
	return r, problem
}

// fill replaces the references in a value and in all its members. A text that consists
// of one reference becomes the value with its type.
func (k known) fill(v any) (any, error) {
	var problem error
	switch v := v.(type) {
	case string:
		if expressions := stack.References(v); len(expressions) == 1 && v == "${"+expressions[0]+"}" {
			return k.value(expressions[0])
		}
		filled := stack.Expand(v, func(expression string) (string, bool) {
			value, err := k.value(expression)
			problem = cmp.Or(problem, err)
			return fmt.Sprint(value), true
		})
		return filled, problem
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			filled, err := k.fill(one)
			list[i], problem = filled, cmp.Or(problem, err)
		}
		return list, problem
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, one := range v {
			filled, err := k.fill(one)
			members[name], problem = filled, cmp.Or(problem, err)
		}
		return members, problem
	case float64: // without an exponent, also in a path
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64)), nil
	}
	return v, nil
}

// value returns the value of a reference.
func (k known) value(expression string) (any, error) {
	if expression == "unique" {
		return k.unique, nil
	}
	whose, path, _ := strings.Cut(expression, ".")
	here := map[string]any{"setup": k.setup, "response": k.response}[whose]
	for name := range strings.SplitSeq(path, ".") {
		members, _ := here.(map[string]any)
		if here = members[name]; here == nil {
			return "", fmt.Errorf("${%s}: the answer has no such member", expression)
		}
	}
	return here, nil
}

// parse reads a JSON answer. It returns nil if the answer is not JSON. Large numbers
// stay exact.
func parse(body []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

func unique() string { return strings.ToLower(rand.Text()[:12]) }
