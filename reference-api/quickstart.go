package referenceapi

import "net/http"

// Quickstart is the scenario of manifests/quickstart: an open health check and
// one endpoint for administrators and operators.
func Quickstart() []Route {
	return []Route{
		{Method: http.MethodGet, Path: "/health", Public: true},
		{Method: http.MethodGet, Path: "/secure", Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}},
	}
}
