package graphapi

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPage = 100
	maxPage     = 999
)

// query is the OData options of a request.
// Source: learn.microsoft.com/graph/query-parameters.
type query struct {
	filter     node
	search     search
	expanded   []expansion
	selected   []string // nil: the default properties
	top        int
	count      bool
	orderBy    []sortKey
	after      *position // $skiptoken: where the page begins
	consistent bool      // ConsistencyLevel: eventual was sent
}

type sortKey struct {
	property   string
	descending bool
}

// advanced tells whether the advanced query parameters are complete.
func (q query) advanced() bool { return q.consistent && q.count }

// parseQuery reads the options that a request for resources of a kind has.
// A single object takes $select alone.
func (c *call) parseQuery(k *kind, single bool) (query, error) {
	q := query{top: defaultPage, consistent: equalFold(c.header.Get("ConsistencyLevel"), "eventual")}
	options, err := c.options()
	if err != nil {
		return q, err
	}
	q.count = options["$count"] == "true"
	if k.newest != "" {
		q.orderBy = []sortKey{{k.newest, true}}
	}
	for _, name := range sortedKeys(options) {
		value := options[name]
		if single && name != "$select" && name != "$count" && name != "$expand" {
			return q, badSyntax("Query option '%s' is not allowed for a single resource.", name)
		}
		switch name {
		case "$filter":
			if q.filter, err = parseFilter(value); err == nil {
				err = k.checkFilter(q.filter, q.advanced())
			}
		case "$select":
			q.selected, err = k.parseSelect(value, c.version)
		case "$top":
			q.top, err = strconv.Atoi(value)
			if err != nil || q.top < 1 || q.top > maxPage {
				err = badSyntax("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", value, maxPage)
			}
		case "$orderby":
			q.orderBy, err = k.parseOrderBy(value, q.advanced(), options["$filter"] != "")
		case "$skiptoken":
			q.after, err = parsePosition(value)
		case "$count":
			if value != "true" && value != "false" {
				err = badSyntax("Invalid value '%s' for $count query option found. Valid values are 'true' and 'false'.", value)
			}
		case "$search":
			if !q.consistent {
				err = unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
				break
			}
			q.search, err = k.parseSearch(value)
		case "$expand":
			q.expanded, err = k.parseExpand(value, c.version)
		default:
			err = badSyntax("The query option '%s' is not supported.", name)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

var knownOptions = []string{"$filter", "$select", "$top", "$orderby", "$skiptoken", "$count", "$search", "$expand", "$skip", "$format", "$apply", "$compute", "$deltatoken"}

// options collects the query options; the dollar sign may be left out.
func (c *call) options() (map[string]string, error) {
	values, err := url.ParseQuery(c.rawQuery)
	if err != nil {
		return nil, badSyntax("The query string is malformed.")
	}
	options := map[string]string{}
	for name, given := range values {
		option := strings.ToLower(name)
		if !strings.HasPrefix(option, "$") && slices.Contains(knownOptions, "$"+option) {
			option = "$" + option
		}
		if !strings.HasPrefix(option, "$") {
			return nil, badSyntax("The query parameter '%s' is not supported.", name)
		}
		if _, twice := options[option]; twice || len(given) > 1 {
			return nil, badSyntax("Query option '%s' was specified more than once, but it must be specified at most once.", option)
		}
		options[option] = given[0]
	}
	if options["$format"] == "json" || options["$format"] == "application/json" {
		delete(options, "$format")
	}
	return options, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// parseSelect reads $select. A path selects the property that it begins with.
func (k *kind) parseSelect(value, version string) ([]string, error) {
	selected := []string{}
	for name := range strings.SplitSeq(value, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), "/")
		if name == "*" {
			return nil, nil
		}
		known := slices.ContainsFunc(k.structs, func(t reflect.Type) bool { return pathExists(t, []string{name}) })
		if !known || version == "v1.0" && slices.Contains(k.beta, name) {
			return nil, badSyntax("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", name, k.odataType)
		}
		selected = append(selected, name)
	}
	return selected, nil
}

func (k *kind) parseOrderBy(value string, advanced, filtered bool) ([]sortKey, error) {
	var keys []sortKey
	for part := range strings.SplitSeq(value, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return nil, badSyntax("Invalid $orderby clause: Syntax error in '%s'.", value)
		}
		name := words[0]
		byDefault, ok := k.sortable[name]
		if !slices.ContainsFunc(k.structs, func(t reflect.Type) bool { return pathExists(t, []string{name}) }) {
			return nil, badSyntax("Invalid $orderby clause: Could not find a property named '%s' on type '%s'.", name, k.odataType)
		}
		if !ok || !advanced && (!byDefault || filtered && k.newest == "") {
			return nil, unsupportedQuery("Sorting not supported for current query.")
		}
		keys = append(keys, sortKey{name, len(words) == 2 && words[1] == "desc"})
	}
	return keys, nil
}

// position is an object's place in a list: what it is sorted by, and its id.
type position struct {
	Keys []string `json:"k,omitempty"`
	ID   string   `json:"i"`
}

func (q query) positionOf(object any) position {
	v := reflect.Indirect(reflect.ValueOf(object))
	p := position{ID: v.FieldByName("ID").String()}
	for _, key := range q.orderBy {
		text := ""
		if at, ok := valueAt(v, []string{key.property}); ok {
			switch value := reflect.Indirect(at); {
			case !value.IsValid():
			case value.Type() == timeType:
				text = statusDate(value.Interface().(time.Time))
			default:
				text = strings.ToLower(fmt.Sprint(value.Interface()))
			}
		}
		p.Keys = append(p.Keys, text)
	}
	return p
}

func (q query) compare(a, b position) int {
	for i, key := range q.orderBy {
		if i >= len(a.Keys) || i >= len(b.Keys) {
			break // a token of another query
		}
		if order := cmp.Compare(a.Keys[i], b.Keys[i]); order != 0 {
			if key.descending {
				return -order
			}
			return order
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

func (p position) token() string {
	data, err := json.Marshal(p)
	if err != nil {
		panic("graphapi: a position of strings does not marshal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func parsePosition(token string) (*position, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	p := new(position)
	if err == nil {
		err = json.Unmarshal(data, p)
	}
	if err != nil {
		return nil, refuse(400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
	}
	return p, nil
}

// page filters, sorts and cuts a list; next is where the following page
// begins, nil when there is none.
func (q query) page(objects []any) (page []any, total int, next *position) {
	if len(q.orderBy) == 0 && !q.count {
		page, next = q.pageByID(objects)
		return page, 0, next
	}
	type placed struct {
		object any
		position
	}
	var kept []placed
	for _, object := range objects {
		if q.keeps(object) {
			kept = append(kept, placed{object, q.positionOf(object)})
		}
	}
	slices.SortFunc(kept, func(a, b placed) int { return q.compare(a.position, b.position) })
	total = len(kept)
	for i, k := range kept {
		if q.after != nil && q.compare(k.position, *q.after) <= 0 {
			continue
		}
		page = append(page, k.object)
		if len(page) == q.top {
			if i+1 < len(kept) {
				next = &k.position
			}
			break
		}
	}
	return page, total, next
}

// pageByID is page for a list in the order of ids, of which nobody asks how long it
// is: no object before the page or after it is looked at.
func (q query) pageByID(objects []any) (page []any, next *position) {
	byID := func(a, b any) int { return cmp.Compare(idOf(a), idOf(b)) }
	if !slices.IsSortedFunc(objects, byID) {
		objects = slices.SortedFunc(slices.Values(objects), byID)
	}
	first := 0
	if q.after != nil {
		first = sort.Search(len(objects), func(i int) bool { return idOf(objects[i]) > q.after.ID })
	}
	for _, object := range objects[first:] {
		if !q.keeps(object) {
			continue
		}
		if len(page) == q.top {
			return page, &position{ID: idOf(page[len(page)-1])}
		}
		page = append(page, object)
	}
	return page, nil
}

// keeps tells whether an object is one that $filter and $search leave.
func (q query) keeps(object any) bool {
	return (q.search == nil || q.search.matches(object)) &&
		(q.filter == nil || matches(q.filter, reflect.Indirect(reflect.ValueOf(object))))
}
