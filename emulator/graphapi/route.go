package graphapi

import (
	"net/http"
	"net/url"
	"provision/emulator/odata"
	"slices"
	"strings"
)

// route is one operation of the API.
type route struct {
	method string
	// pattern is a path below the version. A segment is a name, in any letter case, or
	// {name} for a key.
	pattern string
	// requires is the requirement for the caller. self is the requirement for a signed-in user
	// whose id is the {id} of the path; nil means that requires applies to this user too.
	requires requirement
	self     requirement
	itself   bool // an application that accesses its own object needs no permission
	handle   func(*call) (answer, error)
	segments []string
}

// key identifies one object in a path: by id, or by an alternate key.
type key struct {
	property string // id, appId, uniqueName, …
	value    string
}

// splitPath turns a path below the version into segments. A key in parentheses becomes
// its own segment: applications(appId='x') is applications, appId='x'. keys has the
// keys by the index of their segment.
func splitPath(escaped string) (segments []string, keys map[int]key, err error) {
	keys = map[int]key{}
	for part := range strings.SplitSeq(strings.Trim(escaped, "/"), "/") {
		part, err := url.PathUnescape(part)
		if err != nil || part == "" {
			return nil, nil, noSuchSegment(part)
		}
		name, predicate, found := strings.Cut(part, "(")
		if !found {
			segments = append(segments, part)
			continue
		}
		predicate, closed := strings.CutSuffix(predicate, ")")
		if !closed || name == "" {
			return nil, nil, noSuchSegment(part)
		}
		segments = append(segments, name)
		if predicate == "" { // a function without parameters
			continue
		}
		k, ok := parseKey(predicate)
		if !ok {
			return nil, nil, badSyntax("The key predicate in '%s' is malformed.", part)
		}
		keys[len(segments)] = k
		segments = append(segments, k.value)
	}
	return segments, keys, nil
}

// parseKey reads 'value' or property='value'.
func parseKey(predicate string) (key, bool) {
	k := key{property: "id"}
	if name, value, named := strings.Cut(predicate, "="); named && !strings.HasPrefix(predicate, "'") {
		k.property, predicate = strings.TrimSpace(name), strings.TrimSpace(value)
	}
	value, length, ok := "", 0, false
	if strings.HasPrefix(predicate, "'") {
		value, length, ok = odata.Quoted(predicate)
	}
	k.value = value
	return k, ok && length == len(predicate) && value != ""
}

// find returns the route of a request and fills in the keys of its path.
func (s *service) find(c *call) (*route, error) {
	segments, keys, err := splitPath(c.path)
	if err != nil {
		return nil, err
	}
	known := false
	for i := range s.routes {
		r := &s.routes[i]
		if !r.matches(segments, keys) {
			continue
		}
		known = true
		if r.method != c.method {
			continue
		}
		c.keys = map[string]key{}
		for i, name := range r.segments {
			if !isKey(name) {
				continue
			}
			k, ok := keys[i]
			if !ok {
				k = key{"id", segments[i]}
			}
			c.keys[strings.Trim(name, "{}")] = k
		}
		return r, nil
	}
	if known {
		return nil, refuse(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	return nil, noSuchSegment(unknownSegment(s.routes, segments))
}

func isKey(segment string) bool { return strings.HasPrefix(segment, "{") }

func (r *route) matches(segments []string, keys map[int]key) bool {
	if len(segments) != len(r.segments) {
		return false
	}
	for i, want := range r.segments {
		_, parenthesized := keys[i]
		if isKey(want) {
			continue
		}
		if parenthesized || !strings.EqualFold(want, segments[i]) {
			return false
		}
	}
	return true
}

// unknownSegment returns the first segment that no route has at this position.
func unknownSegment(routes []route, segments []string) string {
	for i, segment := range segments {
		fits := func(r route) bool {
			return i < len(r.segments) && (isKey(r.segments[i]) || strings.EqualFold(r.segments[i], segment))
		}
		if !slices.ContainsFunc(routes, fits) {
			return segment
		}
	}
	return segments[len(segments)-1]
}
