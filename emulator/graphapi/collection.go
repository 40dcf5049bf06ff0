package graphapi

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"provision/emulator/directory"
)

// root is where the API of this call's version lives.
func (c *call) root() string { return c.cloud.graph + "/" + c.version }

func (c *call) contextOf(set string, selected []string, suffix string) string {
	if selected != nil {
		set += "(" + strings.Join(selected, ",") + ")"
	}
	return c.root() + "/$metadata#" + set + suffix
}

// shown returns an object as it is answered: the text of keys is left out
// unless it was asked for by name, and that of keys for signing always.
func shown(object any, selected []string) any {
	all := !slices.Contains(selected, "keyCredentials")
	switch o := object.(type) {
	case *directory.Application:
		if len(o.KeyCredentials) > 0 {
			o = o.Clone()
			withoutKeys(o.KeyCredentials, all)
		}
		return o
	case *directory.ServicePrincipal:
		if len(o.KeyCredentials) > 0 {
			o = o.Clone()
			withoutKeys(o.KeyCredentials, all)
		}
		return o
	}
	return object
}

func withoutKeys(credentials []directory.KeyCredential, all bool) {
	for i := range credentials {
		if all || credentials[i].Usage == "Sign" {
			credentials[i].Key = nil
		}
	}
}

// one answers a single object.
func (c *call) one(status int, k *kind, object any) (answer, error) {
	q, err := c.parseQuery(k, true)
	if err != nil {
		return answer{}, err
	}
	selected := c.properties(k, q.selected)
	data, err := render(shown(object, q.selected), selected,
		annotation{"@odata.context", c.contextOf(k.set, q.selected, "/$entity")})
	if err != nil {
		return answer{}, err
	}
	data, err = c.expand(data, k, object, q.expanded)
	return answer{status: status, body: data}, err
}

// created answers an object that was just made.
func (c *call) created(k *kind, object any) (answer, error) {
	a, err := c.one(http.StatusCreated, k, object)
	a.location = c.root() + "/" + k.set + "/" + idOf(object)
	return a, err
}

// object answers a directory object of whatever kind, saying which it is.
func (c *call) directoryObject(object any) (answer, error) {
	k := kindOf(object)
	q, err := c.parseQuery(k, true)
	if err != nil {
		return answer{}, err
	}
	selected := c.properties(k, q.selected)
	data, err := render(shown(object, q.selected), selected,
		annotation{"@odata.context", c.contextOf("directoryObjects", q.selected, "/$entity")},
		annotation{"@odata.type", "#" + k.odataType})
	return answer{status: http.StatusOK, body: data}, err
}

func idOf(object any) string {
	return reflect.Indirect(reflect.ValueOf(object)).FieldByName("ID").String()
}

// list answers the objects that the query options leave of a list. find, when
// not nil, returns the objects that an indexed filter can match.
func (c *call) list(k *kind, objects iter.Seq[any], find lookup) (answer, error) {
	q, err := c.parseQuery(k, false)
	if err != nil {
		return answer{}, err
	}
	var all []any
	if candidates, ok := candidates(q.filter, find); ok {
		all = candidates
	} else {
		for object := range objects {
			all = append(all, object)
		}
	}
	page, total, next := q.page(all)
	var b bytes.Buffer
	b.WriteString(`{"@odata.context":`)
	writeJSON(&b, c.contextOf(k.set, q.selected, ""))
	if q.count && (q.consistent || !countNeedsConsistency(k)) {
		b.WriteString(`,"@odata.count":` + strconv.Itoa(total))
	}
	if next != nil {
		b.WriteString(`,"@odata.nextLink":`)
		writeJSON(&b, c.nextLink(*next))
	}
	b.WriteString(`,"value":[`)
	for i, object := range page {
		if i > 0 {
			b.WriteByte(',')
		}
		data, err := c.entry(k, object, q.selected)
		if err != nil {
			return answer{}, err
		}
		if data, err = c.expand(data, k, object, q.expanded); err != nil {
			return answer{}, err
		}
		b.Write(data)
	}
	b.WriteString("]}")
	return answer{status: http.StatusOK, body: b.Bytes()}, nil
}

// countNeedsConsistency: only lists of directory objects ignore $count without
// the header.
func countNeedsConsistency(k *kind) bool { return k != assignmentKind && k != grantKind }

func (c *call) entry(k *kind, object any, selected []string) (json.RawMessage, error) {
	own, odataType := k, ""
	if k == objectKind {
		own = kindOf(object)
		odataType = "#" + own.odataType
	}
	return render(shownInList(object), c.properties(own, selected), annotation{"@odata.type", odataType})
}

// shownInList leaves the text of keys out: lists never hold it.
func shownInList(object any) any { return shown(object, nil) }

// nextLink repeats the request with a $skiptoken.
func (c *call) nextLink(p position) string {
	values, err := url.ParseQuery(c.rawQuery)
	if err != nil {
		values = url.Values{}
	}
	values.Del("skiptoken")
	values.Set("$skiptoken", p.token())
	return c.root() + "/" + c.path + "?" + strings.ReplaceAll(values.Encode(), "%24", "$")
}

// count answers PATH/$count.
func (c *call) count(k *kind, objects iter.Seq[any]) (answer, error) {
	if !equalFold(c.header.Get("ConsistencyLevel"), "eventual") {
		return answer{}, badRequest("$count is not currently supported.")
	}
	options, err := c.options()
	if err != nil {
		return answer{}, err
	}
	q := query{consistent: true, count: true}
	for name, value := range options {
		if name != "$filter" {
			return answer{}, badSyntax("The query option '%s' is not supported.", name)
		}
		if q.filter, err = parseFilter(value); err != nil {
			return answer{}, err
		}
		if err := k.checkFilter(q.filter, true); err != nil {
			return answer{}, err
		}
	}
	total := 0
	for object := range objects {
		if q.filter == nil || matches(q.filter, reflect.Indirect(reflect.ValueOf(object))) {
			total++
		}
	}
	return answer{status: http.StatusOK, text: strconv.Itoa(total)}, nil
}

func writeJSON(b *bytes.Buffer, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic("graphapi: a string does not marshal: " + err.Error())
	}
	b.Write(data)
}

// anys forgets the type of a list's entries.
func anys[T any](objects iter.Seq[T]) iter.Seq[any] {
	return func(yield func(any) bool) {
		for object := range objects {
			if !yield(object) {
				return
			}
		}
	}
}

// lookup returns the objects whose property has a value, or false when there
// is no index over that property.
type lookup func(property, value string) ([]any, bool)

// candidates returns a superset of what a filter matches, found by index.
func candidates(n node, find lookup) ([]any, bool) {
	if find == nil {
		return nil, false
	}
	switch n := n.(type) {
	case comparison:
		if n.op == "eq" {
			return findValue(find, n.path, n.value)
		}
	case membership:
		var all []any
		for _, value := range n.values {
			found, ok := findValue(find, n.path, value)
			if !ok {
				return nil, false
			}
			all = append(all, found...)
		}
		return distinct(all), true
	case quantifier:
		body, ok := n.body.(comparison)
		if ok && body.op == "eq" && len(body.path) == 1 {
			return findValue(find, n.path, body.value)
		}
	case junction:
		a, okA := candidates(n.a, find)
		b, okB := candidates(n.b, find)
		switch {
		case n.op == "and" && okA:
			return a, true
		case n.op == "and" && okB:
			return b, true
		case n.op == "or" && okA && okB:
			return distinct(append(a, b...)), true
		}
	}
	return nil, false
}

func findValue(find lookup, path []string, value any) ([]any, bool) {
	switch v := value.(type) {
	case string:
		return find(strings.Join(path, "/"), v)
	case guid:
		return find(strings.Join(path, "/"), string(v))
	}
	return nil, false
}

func distinct(objects []any) []any {
	seen := map[string]bool{}
	var kept []any
	for _, object := range objects {
		if id := idOf(object); !seen[id] {
			seen[id] = true
			kept = append(kept, object)
		}
	}
	return kept
}

// found makes a lookup's answer of one object that may not be there.
func found[T any](object T, ok bool) ([]any, bool) {
	if !ok {
		return nil, true
	}
	return []any{object}, true
}
