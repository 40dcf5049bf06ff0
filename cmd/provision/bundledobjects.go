package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	referenceapi "provision/reference-api"
	"provision/reference-api/token"
	"provision/stack"
)

// ownerOnly reports whether an alternative of the endpoint admits only owners.
func ownerOnly(e stack.Endpoint) bool {
	return e.Setup != nil && slices.ContainsFunc(e.Requires.Alternatives(), func(r stack.Requires) bool { return r.Owner })
}

// objects contains the objects that the bundled API stores in memory for such endpoints.
type objects struct {
	mu   sync.Mutex
	last int
	made map[string]*keptObject // by id
}

type keptObject struct {
	owner string
	body  map[string]any
}

// creates returns the route of an endpoint's setup.
func (o *objects) creates(e stack.Endpoint) (route referenceapi.Route, ok bool) {
	if e.Setup == nil || strings.Contains(e.Setup.Request, "${") {
		return route, false
	}
	method, path, _ := strings.Cut(e.Setup.Request, " ")
	path, _, _ = strings.Cut(path, "?")
	return referenceapi.Route{Method: method, Path: path, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&body) // a body that is no JSON object is ignored
		o.mu.Lock()
		defer o.mu.Unlock()
		o.last++
		id := strconv.Itoa(o.last)
		body["id"] = id
		o.made[id] = &keptObject{referenceapi.Claims(r.Context()).ObjectID, body}
		answer := map[string]any{"id": id}
		for name, value := range body {
			answer[name] = value
		}
		w.Header().Set("Location", path+"/"+id)
		for _, c := range e.Setup.Capture {
			if c.Header != "" {
				w.Header().Set(c.Header, path+"/"+id)
			} else {
				put(answer, strings.Split(strings.TrimPrefix(c.Pointer, "/"), "/"), id)
			}
		}
		referenceapi.WriteJSON(w, http.StatusCreated, answer)
	})}, true
}

// parameter returns the part of the endpoint's path that names the object; "" for a
// list.
func parameter(e stack.Endpoint) string {
	for name, value := range e.Parameters {
		if strings.Contains(fmt.Sprint(value), "${setup.") {
			return name
		}
	}
	return ""
}

// owns reports whether the caller created the object. Every caller may read a list,
// which contains only the caller's objects.
func (o *objects) owns(e stack.Endpoint) func(*http.Request, *token.Claims) bool {
	name := parameter(e)
	return func(r *http.Request, c *token.Claims) bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		object := o.made[r.PathValue(name)]
		return name == "" || object != nil && object.owner == c.ObjectID
	}
}

func (o *objects) handler(e stack.Endpoint) http.Handler {
	name := parameter(e)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if name == "" {
			list := []any{}
			for _, object := range o.made {
				if object.owner == referenceapi.Claims(r.Context()).ObjectID {
					list = append(list, object.body)
				}
			}
			referenceapi.WriteJSON(w, http.StatusOK, map[string]any{"value": list})
			return
		}
		id := r.PathValue(name)
		object := o.made[id]
		switch {
		case object == nil:
			referenceapi.WriteJSON(w, http.StatusNotFound, map[string]any{"detail": "Not found"})
			return
		case r.Method == http.MethodDelete:
			delete(o.made, id)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			body := map[string]any{}
			_ = json.NewDecoder(r.Body).Decode(&body) // a body that is no JSON object changes nothing
			for member, value := range body {
				object.body[member] = value
			}
			object.body["id"] = id
		}
		answer := map[string]any{}
		for member, value := range object.body {
			answer[member] = value
		}
		status := http.StatusOK
		if e.Expect != nil {
			example(answer, &stack.Expect{JSON: known(e.Expect.JSON, object.body).(map[string]any)})
			if e.Expect.Status != 0 {
				status = e.Expect.Status
			}
		}
		if status == http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		referenceapi.WriteJSON(w, status, answer)
	})
}

var setupReference = regexp.MustCompile(`\$\{setup\.([^}]+)\}`)

// known replaces the references to setup's answer in an expected value by the members of the
// object. Whatever setup captures is the id of the object.
func known(expected any, object map[string]any) any {
	switch v := expected.(type) {
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, value := range v {
			members[name] = known(value, object)
		}
		return members
	case []any:
		list := make([]any, len(v))
		for i, value := range v {
			list[i] = known(value, object)
		}
		return list
	case string:
		if m := setupReference.FindStringSubmatch(v); m != nil && m[0] == v && object[m[1]] != nil {
			return object[m[1]]
		}
		return setupReference.ReplaceAllString(v, fmt.Sprint(object["id"]))
	}
	return expected
}
