package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Write is one request that changes something. Constructors such as CreateUser
// make it; Do sends it.
type Write struct {
	operation string // its description in errors, e.g. "create user"
	method    string
	path      string // below the version
	headers   map[string]string
	beta      bool // of the beta version

	// once is true if Graph cannot distinguish a repeated request from the first one. Such a
	// request is not repeated when its answer is lost.
	once bool

	// encode returns the body; endpoint is the URL of the version, which bodies with
	// references contain. nil: the request has no body.
	encode func(endpoint string) ([]byte, error)
}

// request returns the write as an item of a $batch.
func (w Write) request(endpoint string, take func(answer) ([]request, error)) request {
	r := request{operation: w.operation, method: w.method, path: w.path, headers: w.headers, beta: w.beta, once: w.once, take: take}
	if w.encode != nil {
		r.body, r.invalid = w.encode(endpoint)
		if r.headers == nil {
			r.headers = map[string]string{}
		}
		r.headers["Content-Type"] = "application/json"
	}
	return r
}

// upsert makes a write create its object if it does not exist.
// Source: learn.microsoft.com/graph/api/application-upsert.
func (w Write) upsert() Write {
	w.headers = map[string]string{"Prefer": "create-if-missing"}
	return w
}

// patch changes the properties in body of the object at path.
func patch(operation, path string, body Object) Write {
	return Write{operation: operation, method: http.MethodPatch, path: path, encode: plain(body)}
}

// post adds an object with the properties in body to the collection at path.
func post(operation, path string, body Object) Write {
	return Write{operation: operation, method: http.MethodPost, path: path, encode: plain(body)}
}

// remove deletes the object at path.
func remove(operation, path string) Write {
	return Write{operation: operation, method: http.MethodDelete, path: path}
}

// addReference adds a directory object to the collection of references at path.
func addReference(operation, path, id string) Write {
	return Write{operation: operation, method: http.MethodPost, path: path + "/$ref", encode: func(endpoint string) ([]byte, error) {
		return json.Marshal(map[string]string{"@odata.id": endpoint + "/directoryObjects/" + id})
	}}
}

// plain sends a body unchanged.
func plain(body Object) func(string) ([]byte, error) {
	return func(string) ([]byte, error) { return json.Marshal(body) }
}

// Created is Graph's answer to a write that creates an object.
type Created struct {
	ID    string `json:"id"`
	AppID string `json:"appId"` // of an application
}

// Created reads the object that a write created. ok is false if the answer contains no object, as
// for an upsert of an existing object.
func (a Answer) Created() (made Created, ok bool, err error) {
	if len(a.Body) == 0 {
		return made, false, nil
	}
	if err := json.Unmarshal(a.Body, &made); err != nil {
		return made, false, fmt.Errorf("the answer is not a JSON object: %w", err)
	}
	return made, made.ID != "", nil
}
