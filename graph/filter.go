package graph

import (
	"net/url"
	"strings"
)

// quote encodes an OData string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// MaxNames is the maximum number of values that a filter compares a property with.
// Source: learn.microsoft.com/graph/filter-query-parameter (in).
const MaxNames = 15

// anyOf returns the filter for objects with one of several values of a property.
func anyOf(property string, values []string) string {
	if len(values) == 1 {
		return property + " eq " + quote(values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return property + " in (" + strings.Join(quoted, ",") + ")"
}

// keyed returns the path of the object in a set whose property has this value.
func keyed(set, property, value string) string {
	return set + "(" + property + "='" + url.PathEscape(strings.ReplaceAll(value, "'", "''")) + "')"
}

// object is the path of the object id of a set. The id is escaped: it may come
// from the tenant.
func object(set, id string) string { return "/" + set + "/" + url.PathEscape(id) }
