// Package odata reads the query options $filter, $search, $orderby, $select and
// $skiptoken and applies them to lists of structs. The json tags of a struct name its
// properties, and a Resource says which of them can be filtered and sorted by. It
// knows no directory.
//
// What Graph does not support is refused, as Graph refuses it.
//
// Sources: OData 4.01 ABNF, learn.microsoft.com/graph/query-parameters,
// learn.microsoft.com/graph/filter-query-parameter.
package odata
