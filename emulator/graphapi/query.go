package graphapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"provision/emulator/odata"
)

const (
	defaultPage = 100
	maxPage     = 999
)

// query is the OData options of a request.
// Source: learn.microsoft.com/graph/query-parameters.
type query struct {
	odata.Query
	expanded   []expansion
	selected   []string // nil: the default properties
	consistent bool     // ConsistencyLevel: eventual was sent
}

// advanced reports whether the advanced query parameters are complete.
func (q query) advanced() bool { return q.consistent && q.Count }

// parseQuery reads the query options of a request for resources of a kind. A request
// for a single object can only have $select.
func (c *call) parseQuery(k *kind, single bool) (query, error) {
	q := query{Query: odata.Query{Top: defaultPage}, consistent: equalFold(c.header.Get("ConsistencyLevel"), "eventual")}
	options, err := c.options()
	if err != nil {
		return q, err
	}
	q.Count = options["$count"] == "true"
	if k.newest != "" {
		q.OrderBy = []odata.SortKey{{Property: k.newest, Descending: true}}
	}
	resource := k.resourceModel()
	for _, name := range sortedKeys(options) {
		value := options[name]
		if single && name != "$select" && name != "$count" && name != "$expand" {
			return q, badSyntax("Query option '%s' is not allowed for a single resource.", name)
		}
		switch name {
		case "$filter":
			if q.Filter, err = odata.ParseFilter(value); err == nil {
				err = resource.CheckFilter(q.Filter, q.advanced())
			}
		case "$select":
			q.selected, err = k.parseSelect(value, c.version)
		case "$top":
			q.Top, err = strconv.Atoi(value)
			if err != nil || q.Top < 1 || q.Top > maxPage {
				err = badSyntax("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", value, maxPage)
			}
		case "$orderby":
			q.OrderBy, err = resource.ParseOrderBy(value, q.advanced(), options["$filter"] != "")
		case "$skiptoken":
			if q.After, err = odata.ParsePosition(value); err != nil {
				err = refuse(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
			}
		case "$count":
			if value != "true" && value != "false" {
				err = badSyntax("Invalid value '%s' for $count query option found. Valid values are 'true' and 'false'.", value)
			}
		case "$search":
			if !q.consistent {
				err = unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
				break
			}
			q.Search, err = resource.ParseSearch(value)
		case "$expand":
			q.expanded, err = k.parseExpand(value, c.version)
		default:
			err = badSyntax("The query option '%s' is not supported.", name)
		}
		if err != nil {
			return q, odataError(err)
		}
	}
	return q, nil
}

var knownOptions = []string{"$filter", "$select", "$top", "$orderby", "$skiptoken", "$count", "$search", "$expand", "$skip", "$format", "$apply", "$compute", "$deltatoken"}

// options collects the query options. Their dollar sign is optional.
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
