package report

import (
	"provision/conformance"
	"provision/stack"
)

// suite returns an API with two protected endpoints, in the form that Expand reads.
func suite() *conformance.Suite {
	asked := &stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}}
	return &conformance.Suite{
		Document: &stack.Conformance{Name: "secure", Resource: "api", Client: "extension", Endpoints: []stack.Endpoint{
			{Request: "GET /health", Public: true}, {Request: "GET /secure", Requires: asked}, {Request: "PUT /settings/{name}", Requires: asked},
		}},
		Resource:     conformance.Resource{Name: "api", TokenVersion: 2, Scopes: []string{"read_data"}, Roles: []string{"Admin", "DevOps", "Reader"}},
		Users:        []conformance.User{{Name: "ada", Roles: []string{"Admin"}}, {Name: "dev", Roles: []string{"DevOps"}}, {Name: "rea", Roles: []string{"Reader"}}, {Name: "nob"}},
		Applications: []conformance.Application{{Name: "extension", Scopes: []string{"read_data"}, SignsIn: true}, {Name: "robot", Credential: true}},
	}
}
