package referenceapi

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// parameter is a segment of a route's path that matches any one segment.
var parameter = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// normalizePath returns a path as in a request line, without a query.
func normalizePath(stated string) (string, error) {
	path, _, _ := strings.Cut(stated, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if parameter.MatchString(segment) {
			continue
		}
		if strings.ContainsAny(segment, "{}") {
			return "", fmt.Errorf("path %q: a parameter is a whole segment, as in /heroes/{id}", stated)
		}
		u, err := url.Parse("/" + segment)
		if err != nil || u.Fragment != "" {
			return "", fmt.Errorf("path %q: not an absolute path", stated)
		}
		segments[i] = strings.TrimPrefix(u.EscapedPath(), "/")
	}
	path = strings.Join(segments, "/")
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "", fmt.Errorf("path %q: not an absolute path", stated)
	}
	return path, nil
}

// match compares a path, as it was sent, with a pattern and returns the parameters in
// it. A parameter is one segment: not empty, not a dot segment, and without a slash in
// any encoding.
func match(pattern, sent string) (values map[string]string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(sent, "/")
	if len(want) != len(got) {
		return nil, false
	}
	for i, segment := range want {
		name := parameter.FindStringSubmatch(segment)
		if name == nil {
			if segment != got[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" || value == "." || value == ".." || strings.Contains(value, "/") {
			return nil, false
		}
		if values == nil {
			values = map[string]string{}
		}
		values[name[1]] = value
	}
	return values, true
}
