package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"provision/stack"
)

// beforeTokenCases are requests without a token that have a second fault. The API must
// not report this fault to an unauthenticated caller.
func (s *Suite) beforeTokenCases(e endpoint) []Case {
	var cases []Case
	without := func(name, sends, gain, flaw string, statuses []int, change func(spoken) (credential, bool)) {
		cases = append(cases, Case{
			ID: e.id + ": " + name, Endpoint: e.id, Name: name, Means: CauseBeforeToken, Group: Authentication, Severity: Low,
			Sends: sends, Expect: Expect{Status: http.StatusUnauthorized}, Gain: gain, Flaw: flaw,
			Source: "RFC 9110, section 15.5.2; RFC 6750, section 3.1; OWASP: Error Handling; CWE-204; CWE-696", stage: stageRest,
			present: func(_ context.Context, s *runState) (credential, error) {
				made := credential{}
				made.respell = func(r spoken) credential {
					c, ok := change(r)
					if !ok {
						c.path = r.whole()
					}
					return c
				}
				return made, nil
			},
			inspect: func(a reply) finding {
				for _, status := range statuses {
					if a.status == status {
						return finding{wrong: "expected 401, got " + strconv.Itoa(status) + ": the API describes errors of the request to an unauthenticated caller"}
					}
				}
				return finding{}
			},
		})
	}
	selects := len(s.beside(e)) > 0 // without an operation in the body, the API cannot know whether it requires a token
	if body := wrongShape(e.stated.Body); body != "" && !selects && (e.stated.ContentType == "" || strings.Contains(e.stated.ContentType, "json")) {
		without("body-before-token", "no token, and a well-formed JSON body whose members have wrong types",
			"anybody can see which input the API expects, and can send input that it processes", "the API validates the body before it requires a token",
			[]int{400, 409, 413, 415, 422}, func(r spoken) (credential, bool) {
				return credential{path: r.whole(), body: body, header: http.Header{"Content-Type": {"application/json"}}}, true
			})
	}
	if _, object := e.stated.Body.(map[string]any); object && wrongShape(e.stated.Body) != "" && !selects && (e.stated.ContentType == "" || strings.Contains(e.stated.ContentType, "json")) {
		without("members-before-token", "no token, and a JSON body without members",
			"anybody can see which input the API expects, and can send input that it processes", "the API validates the body before it requires a token",
			[]int{400, 409, 413, 415, 422}, func(r spoken) (credential, bool) {
				return credential{path: r.whole(), body: "{}", header: http.Header{"Content-Type": {"application/json"}}}, true
			})
	}
	if members, ok := e.stated.Body.(map[string]any); ok && len(members) > 0 && stack.IsForm(e.stated.ContentType) && !selects {
		without("form-before-token", "no token, and a form without the expected members",
			"anybody can see which input the API expects, and can send input that it processes", "the API validates the form before it requires a token",
			[]int{400, 409, 413, 415, 422}, func(r spoken) (credential, bool) {
				body, contentType, err := encodeForm(map[string]any{"provision-verify": "true"}, e.stated.ContentType)
				return credential{path: r.whole(), body: string(body), header: http.Header{"Content-Type": {contentType}}}, err == nil
			})
	}
	if hasParameter(e) {
		without("object-before-token", "no token, and the id of an object that does not exist",
			"anybody can learn which objects exist", "the API looks the object up before it requires a token",
			[]int{404, 410}, func(r spoken) (credential, bool) {
				path, ok := unknownObject(e, r)
				return credential{path: path}, ok
			})
	}
	return cases
}

// wrongShape returns the declared body with other types, or "" if there is no such body.
func wrongShape(body any) string {
	var changed any
	switch body := body.(type) {
	case map[string]any:
		members := make(map[string]any, len(body))
		for name, value := range body {
			members[name] = otherType(value)
		}
		if len(members) == 0 {
			return ""
		}
		changed = members
	case []any:
		changed = map[string]any{"provision-verify": true}
	default:
		return ""
	}
	b, err := json.Marshal(changed)
	if err != nil {
		return ""
	}
	return string(b)
}

func otherType(value any) any {
	switch value.(type) {
	case map[string]any, []any:
		return "provision-verify"
	}
	return map[string]any{"provision-verify": []any{true}}
}

// hasParameter reports whether a segment of the endpoint's path is a value.
func hasParameter(e endpoint) bool {
	_, path, _ := strings.Cut(e.request, " ")
	path, _, _ = strings.Cut(path, "?")
	return strings.ContainsAny(path, "{$")
}

// unknownObject returns the path in which the last value is replaced by another value of the same
// form.
func unknownObject(e endpoint, r spoken) (string, bool) {
	_, stated, _ := strings.Cut(e.request, " ")
	stated, _, _ = strings.Cut(stated, "?")
	patterns, segments := strings.Split(stated, "/"), strings.Split(r.path, "/")
	if len(patterns) != len(segments) {
		return "", false
	}
	for i := len(patterns) - 1; i >= 0; i-- {
		if strings.ContainsAny(patterns[i], "{$") {
			segments[i] = sameForm(segments[i])
			r.path = strings.Join(segments, "/")
			return r.whole(), true
		}
	}
	return "", false
}

// sameForm returns another value with letters and digits in the same places.
func sameForm(escaped string) string {
	value, err := url.PathUnescape(escaped)
	if err != nil {
		value = escaped
	}
	other := []byte(value)
	for i, c := range other {
		switch {
		case c >= '0' && c <= '8':
			other[i] = c + 1
		case c == '9':
			other[i] = '1'
		case c >= 'a' && c <= 'e', c >= 'A' && c <= 'E': // a hexadecimal digit stays one
			other[i] = c + 1
		case c == 'f', c == 'F':
			other[i] = c - 5
		case c >= 'g' && c <= 'y', c >= 'G' && c <= 'Y':
			other[i] = c + 1
		case c == 'z', c == 'Z':
			other[i] = c - 1
		}
	}
	return url.PathEscape(string(other))
}
