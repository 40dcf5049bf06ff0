package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"provision/stack"
)

// bundled returns the document as the bundled API serves it. The bundled API stores only
// objects that only their owners may use. Other endpoints need no setup or teardown:
// every object that a setup would create exists, under any name.
func bundled(document *stack.Conformance) *stack.Conformance {
	d := *document
	d.Endpoints = nil
	seen := map[string]int{}
	for _, e := range document.Endpoints {
		e = bundledEndpoint(e)
		if seen[e.Request]++; seen[e.Request] > 1 { // it does not distinguish requests by their body
			path, query, hasQuery := strings.Cut(e.Request, "?")
			e.Name, e.Request = e.ID(), path+"-"+strconv.Itoa(seen[e.Request])
			if hasQuery {
				e.Request += "?" + query
			}
		}
		d.Endpoints = append(d.Endpoints, e)
	}
	return &d
}

func bundledEndpoint(e stack.Endpoint) stack.Endpoint {
	if ownerOnly(e) {
		return e // the owner check needs an object that a caller has created
	}
	e.Setup, e.Cleanup = nil, nil
	if e.Expect != nil {
		expect := *e.Expect
		expect.Contains = fmt.Sprint(invented(expect.Contains))
		if expect.JSON != nil {
			expect.JSON, _ = invented(expect.JSON).(map[string]any)
		}
		e.Expect = &expect
	}
	parameters := make(map[string]any, len(e.Parameters))
	for name, value := range e.Parameters {
		parameters[name] = invented(value)
	}
	e.Parameters, e.Body = parameters, invented(e.Body)
	return e
}

func invented(v any) any {
	switch v := v.(type) {
	case string:
		return stack.Expand(v, func(string) (string, bool) { return "any", true })
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = invented(v[i])
		}
		return list
	case map[string]any:
		members := make(map[string]any, len(v))
		for name := range v {
			members[name] = invented(v[name])
		}
		return members
	}
	return v
}

// wholeSegments reports whether each parameter of a path is a segment by itself, so
// that the API can serve every value of it.
func wholeSegments(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	for segment := range strings.SplitSeq(path, "/") {
		if strings.Contains(segment, "{") && !(strings.HasPrefix(segment, "{") && strings.Index(segment, "}") == len(segment)-1) {
			return false
		}
	}
	return !strings.Contains(path, "${")
}

// bundledPath returns the path of an endpoint of the bundled API, as in a request.
func bundledPath(e stack.Endpoint) string {
	_, path, _ := strings.Cut(e.Request, " ")
	value := func(escape func(string) string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			if n, ok := e.Parameters[name].(float64); ok {
				return strconv.FormatFloat(n, 'f', -1, 64), true
			}
			return escape(fmt.Sprint(e.Parameters[name])), true
		}
	}
	return stack.Fill(path, value(url.PathEscape), value(url.QueryEscape))
}
