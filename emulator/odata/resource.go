package odata

import (
	"reflect"
	"slices"
)

// Resource describes a kind of resource for the query options.
type Resource struct {
	Type     string          // microsoft.graph.application
	Name     string          // Application, as error messages have it
	Structs  []reflect.Type  // whose json tags name the properties
	Filters  map[string]Rule // by path, as a/b
	Sortable map[string]bool // true: also without the advanced query parameters
	Newest   string          // the date by which a list without $orderby begins with the newest
}

// has reports whether one of the structs has a property.
func (r Resource) has(property string) bool {
	return slices.ContainsFunc(r.Structs, func(t reflect.Type) bool { return pathExists(t, []string{property}) })
}

// idOf returns the id of an object.
func idOf(object any) string {
	v, _ := ValueAt(reflect.Indirect(reflect.ValueOf(object)), []string{"id"})
	return v.String()
}
