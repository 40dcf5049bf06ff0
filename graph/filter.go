package graph

import (
	"net/url"
	"strings"
)

// quote writes an OData string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// MaxNames is how many values a filter compares a property with at most.
// Source: learn.microsoft.com/graph/filter-query-parameter (in).
const MaxNames = 15

// displayed is the filter of what has one of the display names.
func displayed(names []string) string {
	if len(names) == 1 {
		return "displayName eq " + quote(names[0])
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return "displayName in (" + strings.Join(quoted, ",") + ")"
}

// keyed is the path of the one object of a set that has a property's value.
func keyed(set, property, value string) string {
	return set + "(" + property + "='" + url.PathEscape(strings.ReplaceAll(value, "'", "''")) + "')"
}

// object is the path of the object id of a set. The id is escaped: it may come
// from the tenant.
func object(set, id string) string { return "/" + set + "/" + url.PathEscape(id) }
