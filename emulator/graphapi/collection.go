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
	"provision/emulator/odata"
)

// root returns the base URL of the API for the version of this call.
func (c *call) root() string { return c.cloud.graph + "/" + c.version }

func (c *call) contextOf(set string, selected []string, suffix string) string {
	if selected != nil {
		set += "(" + strings.Join(selected, ",") + ")"
	}
	return c.root() + "/$metadata#" + set + suffix
}

// shown returns an object for an answer. It leaves out the text of keys unless the
// caller selected it by name, and always leaves out the text of signing keys.
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

// one answers with a single object.
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

// created answers with an object that was just created.
func (c *call) created(k *kind, object any) (answer, error) {
	a, err := c.one(http.StatusCreated, k, object)
	a.location = c.root() + "/" + k.set + "/" + idOf(object)
	return a, err
}

// object answers with a directory object of any kind, and states its kind.
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

// list answers with the objects of a list that the query options select. If find is not
// nil, it returns the objects that an indexed filter can match.
func (c *call) list(k *kind, objects iter.Seq[any], find odata.Lookup) (answer, error) {
	q, err := c.parseQuery(k, false)
	if err != nil {
		return answer{}, err
	}
	var all []any
	if candidates, ok := odata.Candidates(q.Filter, find); ok {
		all = candidates
	} else {
		for object := range objects {
			all = append(all, object)
		}
	}
	page, total, next := q.Page(all)
	var b bytes.Buffer
	b.WriteString(`{"@odata.context":`)
	writeJSON(&b, c.contextOf(k.set, q.selected, ""))
	if q.Count && (q.consistent || !countNeedsConsistency(k)) {
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

// shownInList omits the text of keys, which lists never contain.
func shownInList(object any) any { return shown(object, nil) }

// nextLink repeats the request with a $skiptoken.
func (c *call) nextLink(p odata.Position) string {
	values, err := url.ParseQuery(c.rawQuery)
	if err != nil {
		values = url.Values{}
	}
	values.Del("skiptoken")
	values.Set("$skiptoken", p.Token())
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
	var filter odata.Filter
	for name, value := range options {
		if name != "$filter" {
			return answer{}, badSyntax("The query option '%s' is not supported.", name)
		}
		if filter, err = odata.ParseFilter(value); err == nil {
			err = k.resourceModel().CheckFilter(filter, true)
		}
		if err != nil {
			return answer{}, odataError(err)
		}
	}
	total := 0
	for object := range objects {
		if odata.Matches(filter, object) {
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

// anys converts the entries of a list to type any.
func anys[T any](objects iter.Seq[T]) iter.Seq[any] {
	return func(yield func(any) bool) {
		for object := range objects {
			if !yield(object) {
				return
			}
		}
	}
}

// found converts the result of a lookup to a list of at most one object.
func found[T any](object T, ok bool) ([]any, bool) {
	if !ok {
		return nil, true
	}
	return []any{object}, true
}
