// Package odata reads the query options $filter, $search, $orderby, $select and
// $skiptoken and applies them to lists of structs. The json tags of a struct name its
// properties, and a Resource states which of them can be filtered and sorted by. It does
// not depend on the directory.
//
// It refuses the options that Graph refuses.
//
// Sources: OData 4.01 ABNF, learn.microsoft.com/graph/query-parameters,
// learn.microsoft.com/graph/filter-query-parameter.
package odata
