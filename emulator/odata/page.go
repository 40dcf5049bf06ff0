package odata

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"
)

// Query contains the query options for a list.
type Query struct {
	Filter  Filter
	Search  Search
	OrderBy []SortKey
	After   *Position // $skiptoken: where the page begins
	Top     int
	Count   bool // the length of the whole list
}

// SortKey is one property of $orderby.
type SortKey struct {
	Property   string
	Descending bool
}

// ParseSelect reads $select: nil stands for all properties. A path selects the
// property that it begins with. Hidden properties are not known.
func (r Resource) ParseSelect(value string, hidden []string) ([]string, error) {
	selected := []string{}
	for name := range strings.SplitSeq(value, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), "/")
		if name == "*" {
			return nil, nil
		}
		if !r.has(name) || slices.Contains(hidden, name) {
			return nil, badSyntax("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", name, r.Type)
		}
		selected = append(selected, name)
	}
	return selected, nil
}

// ParseOrderBy reads $orderby for the properties by which the resource can be sorted; together
// with $filter, it requires advanced query capabilities.
func (r Resource) ParseOrderBy(value string, advanced, filtered bool) ([]SortKey, error) {
	var keys []SortKey
	for part := range strings.SplitSeq(value, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return nil, badSyntax("Invalid $orderby clause: Syntax error in '%s'.", value)
		}
		name := words[0]
		byDefault, ok := r.Sortable[name]
		if !r.has(name) {
			return nil, badSyntax("Invalid $orderby clause: Could not find a property named '%s' on type '%s'.", name, r.Type)
		}
		if !ok || !advanced && (!byDefault || filtered && r.Newest == "") {
			return nil, unsupportedQuery("Sorting not supported for current query.")
		}
		keys = append(keys, SortKey{name, len(words) == 2 && words[1] == "desc"})
	}
	return keys, nil
}

// Position is an object's position in a list: the values by which it is sorted, and its id.
type Position struct {
	Keys []string `json:"k,omitempty"`
	ID   string   `json:"i"`
}

func (q Query) positionOf(object any) Position {
	v := reflect.Indirect(reflect.ValueOf(object))
	p := Position{ID: idOf(object)}
	for _, key := range q.OrderBy {
		text := ""
		if at, ok := ValueAt(v, []string{key.Property}); ok {
			switch value := reflect.Indirect(at); {
			case !value.IsValid():
			case value.Type() == timeType:
				text = value.Interface().(time.Time).UTC().Format(time.RFC3339)
			default:
				text = strings.ToLower(fmt.Sprint(value.Interface()))
			}
		}
		p.Keys = append(p.Keys, text)
	}
	return p
}

func (q Query) compare(a, b Position) int {
	for i, key := range q.OrderBy {
		if i >= len(a.Keys) || i >= len(b.Keys) {
			break // a token of another query
		}
		if order := cmp.Compare(a.Keys[i], b.Keys[i]); order != 0 {
			if key.Descending {
				return -order
			}
			return order
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

// Token returns the position as a $skiptoken.
func (p Position) Token() string {
	data, err := json.Marshal(p)
	if err != nil {
		panic("odata: a position of strings does not marshal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// ParsePosition reads a $skiptoken.
func ParsePosition(token string) (*Position, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	p := new(Position)
	if err == nil {
		err = json.Unmarshal(data, p)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Page filters, sorts and pages a list. next is the position of the next page, or nil
// on the last page.
func (q Query) Page(objects []any) (page []any, total int, next *Position) {
	if len(q.OrderBy) == 0 && !q.Count {
		page, next = q.pageByID(objects)
		return page, 0, next
	}
	type placed struct {
		object any
		Position
	}
	var kept []placed
	for _, object := range objects {
		if q.keeps(object) {
			kept = append(kept, placed{object, q.positionOf(object)})
		}
	}
	slices.SortFunc(kept, func(a, b placed) int { return q.compare(a.Position, b.Position) })
	total = len(kept)
	for i, k := range kept {
		if q.After != nil && q.compare(k.Position, *q.After) <= 0 {
			continue
		}
		page = append(page, k.object)
		if len(page) == q.Top {
			if i+1 < len(kept) {
				next = &k.Position
			}
			break
		}
	}
	return page, total, next
}

// pageByID is Page for a list that is sorted by id, without a count. It does not visit
// objects before or after the page.
func (q Query) pageByID(objects []any) (page []any, next *Position) {
	byID := func(a, b any) int { return cmp.Compare(idOf(a), idOf(b)) }
	if !slices.IsSortedFunc(objects, byID) {
		objects = slices.SortedFunc(slices.Values(objects), byID)
	}
	first := 0
	if q.After != nil {
		first = sort.Search(len(objects), func(i int) bool { return idOf(objects[i]) > q.After.ID })
	}
	for _, object := range objects[first:] {
		if !q.keeps(object) {
			continue
		}
		if len(page) == q.Top {
			return page, &Position{ID: idOf(page[len(page)-1])}
		}
		page = append(page, object)
	}
	return page, nil
}

// keeps reports whether an object matches $filter and $search.
func (q Query) keeps(object any) bool {
	return q.Search.Matches(object) && Matches(q.Filter, object)
}
