package main

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	referenceapi "provision/reference-api"
	"provision/stack"
)

// statedRefusal answers with the first form of each kind. It is nil if the document
// states no form.
func statedRefusal(stated stack.Refusals) func(referenceapi.Refused) (int, any) {
	forms := map[int]stack.Forms{
		http.StatusUnauthorized: stated.Unauthenticated, http.StatusForbidden: stated.Forbidden, http.StatusNotFound: stated.NotFound,
	}
	if !slices.ContainsFunc([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, func(status int) bool { return len(forms[status]) > 0 }) {
		return nil
	}
	return func(r referenceapi.Refused) (int, any) {
		body := map[string]any{"detail": r.Detail}
		if len(forms[r.Status]) == 0 {
			return r.Status, body
		}
		form := forms[r.Status][0]
		example(body, &form)
		return cmp.Or(form.Status, r.Status), body
	}
}

// example adds everything to a body that the expected answer must have.
func example(body map[string]any, e *stack.Expect) {
	for name, value := range e.JSON {
		if pointer, isPointer := strings.CutPrefix(name, "/"); isPointer {
			put(body, strings.Split(pointer, "/"), value)
		} else {
			body[name] = value
		}
	}
	if e.Contains != "" {
		body["text"] = e.Contains
	}
}

// put sets the value at a JSON Pointer. For a list it sets the first element.
func put(object map[string]any, path []string, value any) {
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(path[0])
	switch {
	case len(path) == 1:
		object[name] = value
	case path[1] == "*" || path[1] == "0":
		if len(path) == 2 {
			object[name] = []any{value}
			return
		}
		list, ok := object[name].([]any)
		if !ok {
			list = []any{map[string]any{}}
			object[name] = list
		}
		put(list[0].(map[string]any), path[2:], value)
	default:
		below, ok := object[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			object[name] = below
		}
		put(below, path[1:], value)
	}
}
