package referenceapi

import (
	"encoding/json"
	"net/http"
	"strings"
)

// OpenAPI contains the parts of the API's description other than its routes. With it,
// the API has /openapi.json (OpenAPI 3.1) and, if a page may sign users in, /docs,
// which shows the description and sends requests.
type OpenAPI struct {
	Title            string
	AuthorizationURL string
	TokenURL         string
	ScopeBase        string // the text before /SCOPE in a request for a token
	ClientID         string // of the single-page application with which /docs signs in; empty: there is no /docs
}

const (
	openAPIPath  = "/openapi.json"
	docsPath     = "/docs"
	redirectPath = "/oauth2-redirect" // the redirect URI of /docs
)

type object = map[string]any

// document describes the routes by OpenAPI 3.1.
func (o *OpenAPI) document(routes []Route) object {
	paths, scopes := object{}, object{}
	for _, route := range routes {
		item, ok := paths[route.Path].(object)
		if !ok {
			item = object{}
			paths[route.Path] = item
		}
		item[strings.ToLower(route.Method)] = o.operation(route, scopes)
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": o.Title, "version": "1.0.0"},
		"paths":   paths,
		"components": object{"securitySchemes": object{"entra": object{
			"type": "oauth2",
			"flows": object{"authorizationCode": object{
				"authorizationUrl": o.AuthorizationURL, "tokenUrl": o.TokenURL, "scopes": scopes,
			}},
		}}},
	}
}

// operation describes one route, and adds its scopes to the scopes of the description.
func (o *OpenAPI) operation(route Route, scopes object) object {
	responses := object{"default": object{"description": "What the route answers"}}
	operation := object{"responses": responses}
	var parameters []object
	for segment := range strings.SplitSeq(route.Path, "/") {
		if name := parameter.FindStringSubmatch(segment); name != nil {
			parameters = append(parameters, object{"name": name[1], "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	if parameters != nil {
		operation["parameters"] = parameters
	}
	if route.Public {
		operation["security"] = []object{}
		return operation
	}
	security := []object{}
	var needs []string
	for _, requirement := range route.Requires {
		asked := []string{}
		for _, scope := range append(append([]string{}, requirement.Scopes...), requirement.AnyScope...) {
			full := o.ScopeBase + "/" + scope
			asked = append(asked, full)
			scopes[full] = scope
		}
		security = append(security, object{"entra": asked})
		if roles := append(append([]string{}, requirement.AnyRole...), requirement.AllRoles...); len(roles) > 0 {
			needs = append(needs, strings.Join(roles, ", "))
		}
	}
	if len(security) == 0 {
		security = []object{{"entra": []string{}}}
	}
	operation["security"] = security
	responses["401"] = object{"description": "No valid token"}
	responses["403"] = object{"description": "The token's holder may not do this"}
	if len(needs) > 0 {
		operation["description"] = "Needs a role: " + strings.Join(needs, "; or ")
	}
	return operation
}

// routes returns the routes of the description itself.
func (o *OpenAPI) routes(described []Route) ([]Route, error) {
	document, err := json.Marshal(o.document(described))
	if err != nil {
		return nil, err
	}
	own := []Route{{Method: http.MethodGet, Path: openAPIPath, Public: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // fails only when the caller has disconnected
	})}}
	if o.ClientID == "" {
		return own, nil
	}
	page, err := o.page()
	if err != nil {
		return nil, err
	}
	for _, path := range []string{docsPath, redirectPath} {
		own = append(own, Route{Method: http.MethodGet, Path: path, Public: true, Handler: page})
	}
	return own, nil
}
