package stack

import (
	"slices"
	"strings"
)

// checkRequests checks the requests of a Conformance document: parameters, bodies,
// headers and fixtures.
func (l *loader) checkRequests(s *loaded, c *Conformance) {
	at := func(path ...any) Position { return l.at(s, "Conformance", c.Name, path...) }
	for name, value := range c.Headers {
		switch {
		case name == "" || strings.Trim(name, tokenCharacters) != "":
			l.mistakes.add(at("headers", name), "", "%q is not a valid header name", name)
		case strings.EqualFold(name, "Authorization"):
			l.mistakes.add(at("headers", name), "", "the header Authorization cannot be declared: the cases set it")
		case strings.ContainsAny(value, "\r\n\x00"):
			l.mistakes.add(at("headers", name), "", "the value of a header must be one line")
		}
	}
	for i, e := range c.Endpoints {
		names := Placeholders(e.Request)
		for _, name := range names {
			if _, ok := e.Parameters[name]; !ok {
				l.mistakes.add(at("endpoints", i, "request"), "add parameters: {"+name+": VALUE}", "{%s} has no value", name)
			}
		}
		for name := range e.Parameters {
			if !slices.Contains(names, name) {
				l.mistakes.add(at("endpoints", i, "parameters", name), oneOf(name, names), "{%s} does not occur in %s", name, e.Request)
			}
		}
		l.checkBody(e.Request, e.Body, e.ContentType, func(field string) Position { return at("endpoints", i, field) })
		l.checkFixture(s, e.Setup, func(path ...any) Position { return at(append([]any{"endpoints", i, "setup"}, path...)...) })
		l.checkFixture(s, e.Cleanup, func(path ...any) Position { return at(append([]any{"endpoints", i, "cleanup"}, path...)...) })
	}
	for i, k := range c.Cases {
		l.checkBody(k.Request, k.Body, k.ContentType, func(field string) Position { return at("cases", i, field) })
		stated := slices.ContainsFunc(c.Endpoints, func(e Endpoint) bool { return e.Request == k.Request || e.Name == k.Request })
		if names := Placeholders(k.Request); len(names) > 0 && !stated {
			l.mistakes.add(at("cases", i, "request"), "write the path in full, or use the request of an endpoint unchanged", "{%s} has no value", names[0])
		}
	}
}

const tokenCharacters = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" // RFC 9110, section 5.6.2

func (l *loader) checkBody(request string, body any, contentType string, at func(field string) Position) {
	_, isText := body.(string)
	method, _, _ := strings.Cut(request, " ")
	switch {
	case body == nil && contentType != "":
		l.mistakes.add(at("contentType"), "add a body", "contentType requires a body")
	case body != nil && (method == "GET" || method == "HEAD"):
		l.mistakes.add(at("body"), "", "a %s request has no body", method)
	case body != nil && IsForm(contentType):
		if wrong := formMistake(body, contentType); wrong != "" {
			l.mistakes.add(at("body"), "write {name: value}, or {name: {filename: a.txt, content: text}} for a file", "%s", wrong)
		}
	case body != nil && !isText && !IsJSON(contentType):
		l.mistakes.add(at("body"), "write the body as text", "this cannot be a body of type %s", contentType)
	}
}

// IsJSON reports whether a body with this content type is JSON, which is the default.
func IsJSON(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return kind == "" || strings.HasSuffix(strings.TrimSpace(kind), "json")
}

func (l *loader) checkFixture(s *loaded, f *Fixture, at func(path ...any) Position) {
	if f == nil {
		return
	}
	if names := Placeholders(f.Request); len(names) > 0 {
		l.mistakes.add(at("request"), "a cleanup can use ${setup.MEMBER} and ${response.MEMBER}", "{%s} has no value", names[0])
	}
	if f.As.User != "" && s.users[f.As.User] == nil {
		l.mistakes.add(at("as", "user"), oneOf(f.As.User, names(s.users)), "unknown user %q", f.As.User)
	}
	if f.As.Application != "" && s.applications[f.As.Application] == nil {
		l.mistakes.add(at("as", "application"), oneOf(f.As.Application, names(s.applications)), "unknown application %q", f.As.Application)
	}
	l.checkBody(f.Request, f.Body, f.ContentType, func(field string) Position { return at(field) })
	l.checkCapture(f, at)
}

// checkConformanceReferences checks that every ${…} is known at its place.
func (l *loader) checkConformanceReferences(s *loaded, d *document) {
	defer l.checkTerraformReferences(s, d)
	spec, _ := d.content["spec"].(map[string]any)
	for key, value := range spec {
		list, isList := value.([]any)
		if key != "endpoints" && key != "cases" || !isList {
			var known []string
			if key == "url" {
				known = s.terraformReferences(d)
			}
			l.checkReferencesBelow(d, value, "/spec"+pointer(key), known)
			continue
		}
		for i, one := range list {
			fields, _ := one.(map[string]any)
			for field, below := range fields {
				l.checkReferencesBelow(d, below, "/spec"+pointer(key, i, field), knownIn(field, fields["setup"] != nil))
			}
		}
	}
}

// knownIn returns the references that a field of an endpoint or case may contain.
func knownIn(field string, hasSetup bool) []string {
	var known []string
	switch field {
	case "setup":
		return []string{"unique"}
	case "expect", "parameters", "body":
		known = []string{"unique"}
	case "cleanup":
		known = []string{"response."}
	default:
		return nil
	}
	if hasSetup {
		known = append(known, "setup.")
	}
	return known
}
