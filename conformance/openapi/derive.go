package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"provision/stack"
)

// Document is the derived content of a Conformance document.
type Document struct {
	Title     string
	Server    string     // the first absolute URL, or ""
	Endpoints []Endpoint // in the order of the paths
	LeftOut   []string   // the operations that could not be derived, and why
}

// Endpoint is a derived endpoint with remarks: parts that people should check or complete.
type Endpoint struct {
	stack.Endpoint
	Remarks            []string
	unstated, optional bool // why it is public, if the document does not state this explicitly
}

// maxNames is how many endpoints a warning names.
const maxNames = 5

// Warnings are one line for each reason to expect that an endpoint is public by mistake.
func (d *Document) Warnings() []string {
	var public, unstated, optional []string
	for _, e := range d.Endpoints {
		if e.Public {
			public = append(public, e.Request)
		}
		if e.unstated {
			unstated = append(unstated, e.Request)
		}
		if e.optional {
			optional = append(optional, e.Request)
		}
	}
	var all []string
	warn := func(names []string, because string) {
		if len(names) == 0 {
			return
		}
		more := ""
		if len(names) > maxNames {
			more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		}
		are := "are"
		if len(names) == 1 {
			are = "is"
		}
		all = append(all, fmt.Sprintf("%d of %d endpoints %s public, because %s: %s%s", len(names), len(d.Endpoints), are, because, strings.Join(names[:min(len(names), maxNames)], ", "), more))
	}
	warn(unstated, "the OpenAPI document states no security here")
	warn(optional, "an empty entry makes the security optional")
	if len(public) == len(d.Endpoints) {
		all = append(all, "no endpoint requires a token, so verify can prove nothing: add security to the OpenAPI document, or replace public by requires in the result")
	}
	return all
}

// Scopes are all that some endpoint asks for, sorted.
func (d *Document) Scopes() []string {
	var all []string
	for _, e := range d.Endpoints {
		for _, r := range e.Requires.Alternatives() {
			all = append(all, r.Scopes...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

type deriver struct {
	root    object
	variant int // of the values: the values of a list must differ if its schema requires it
}

// methods that a Conformance document knows, in the order of the result.
var methods = []string{"get", "head", "post", "put", "patch", "delete", "options"}

// Derive reads an OpenAPI document. An error has one line.
func Derive(raw []byte) (*Document, error) {
	root, order, err := read(raw)
	if err != nil {
		return nil, err
	}
	version := fmt.Sprint(root["openapi"])
	switch {
	case root["swagger"] != nil:
		return nil, fmt.Errorf("this is Swagger %v: convert it to OpenAPI 3 first", root["swagger"])
	case root["openapi"] == nil:
		return nil, errors.New("no OpenAPI document: it does not say openapi: 3.0.x, 3.1.x or 3.2.x")
	case !strings.HasPrefix(version, "3.0") && !strings.HasPrefix(version, "3.1") && !strings.HasPrefix(version, "3.2"):
		return nil, fmt.Errorf("OpenAPI %s is not known: 3.0, 3.1 and 3.2 are", version)
	}
	d := &deriver{root: root}
	document := &Document{Title: text(at(root, "info", "title")), Server: server(root)}
	for _, path := range order {
		item, err := d.resolve(at(root, "paths", path))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if !strings.HasPrefix(path, "/") {
			continue // an extension
		}
		for _, method := range methods {
			operation, ok := item[method].(object)
			if !ok {
				continue
			}
			name := strings.ToUpper(method) + " " + path
			e, why, err := d.endpoint(name, item, operation)
			switch {
			case err != nil:
				return nil, fmt.Errorf("%s: %w", name, err)
			case why != "":
				document.LeftOut = append(document.LeftOut, name+": "+why)
			default:
				document.Endpoints = append(document.Endpoints, e)
			}
		}
	}
	if len(document.Endpoints) == 0 {
		if len(document.LeftOut) > 0 {
			return nil, fmt.Errorf("none of its operations can be tried with a bearer token (%s)", document.LeftOut[0])
		}
		return nil, errors.New("it has no operations below paths")
	}
	return document, nil
}

// server returns the first absolute address, with the defaults of its variables.
func server(root object) string {
	for _, s := range list(root["servers"]) {
		address := text(at(s, "url"))
		variables, _ := at(s, "variables").(object)
		for name := range variables {
			address = strings.ReplaceAll(address, "{"+name+"}", fmt.Sprint(at(variables, name, "default")))
		}
		if u, err := url.Parse(address); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
			return strings.TrimSuffix(address, "/")
		}
	}
	return ""
}

// endpoint derives one operation; why is not empty where it has to be left out.
func (d *deriver) endpoint(name string, item, operation object) (e Endpoint, why string, err error) {
	e.Request = name
	if why, err = d.secure(&e, operation); why != "" || err != nil {
		return e, why, err
	}
	if err = d.parameters(&e, item, operation); err != nil {
		return e, "", err
	}
	if why, err = d.body(&e, operation); why != "" || err != nil {
		return e, why, err
	}
	if status := success(operation); status != 0 {
		e.Expect = &stack.Expect{Status: status}
	}
	method, _, _ := strings.Cut(name, " ")
	switch {
	case method == "POST" && !e.Public:
		e.Remarks = append(e.Remarks, "if it creates an object, add cleanup: {request: \"DELETE …/${response.id}\"}")
	case len(e.Parameters) > 0:
		e.Remarks = append(e.Remarks, "if that does not exist, add setup: {request: POST …} and use ${setup.id}")
	}
	return e, "", nil
}
