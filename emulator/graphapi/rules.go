package graphapi

import "provision/emulator/odata"

// What Graph's $filter can ask of properties, also with the advanced query parameters
// (ConsistencyLevel: eventual and $count=true).
// Source: learn.microsoft.com/graph/aad-advanced-queries.
var (
	textRule     = odata.Rule{ByDefault: []string{"eq", "in", "ge", "le", "startswith"}, Advanced: []string{"ne", "null"}}
	addressRule  = odata.Rule{ByDefault: []string{"eq", "in", "ge", "le", "startswith"}, Advanced: []string{"ne", "null", "endswith"}}
	equalityRule = odata.Rule{ByDefault: []string{"eq", "in"}, Advanced: []string{"ne", "null"}}
	instantRule  = odata.Rule{ByDefault: []string{"eq", "ge", "le"}, Advanced: []string{"ne", "in", "null"}}
	guidRule     = odata.Rule{ByDefault: []string{"eq", "in"}, Advanced: []string{"ne"}, GUID: true}
	indexedRule  = odata.Rule{Advanced: []string{"eq", "in", "ge", "le", "startswith", "ne", "null"}}
	indexedGUID  = odata.Rule{Advanced: []string{"eq", "in", "ne"}, GUID: true}
)
