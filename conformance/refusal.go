package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"provision/stack"
)

// meaning is how to read an endpoint's answers: the answer to an admitted request,
// and the forms of its refusals.
type meaning struct {
	admitted Expect
	refusals []refusalKind
}

// refusalKind is the reason of a refusal: its usual status, and the forms that the
// document declares instead, or nil.
type refusalKind struct {
	status int
	forms  stack.Forms
}

// unstated is the status of a refusal in a form that the document does not declare:
// 401, 403 or 404, if the document declares another answer.
const unstated = 499

func meaningOf(admitted Expect, stated stack.Refusals) *meaning {
	return &meaning{admitted, []refusalKind{
		{http.StatusUnauthorized, stated.Unauthenticated}, {http.StatusForbidden, stated.Forbidden}, {http.StatusNotFound, stated.NotFound},
	}}
}

// knowing fills in the values from the setup.
func (m *meaning) knowing(k known) (*meaning, error) {
	admitted, err := k.expectation(m.admitted)
	filled := &meaning{admitted: admitted}
	for _, r := range m.refusals {
		filled.refusals = append(filled.refusals, refusalKind{r.status, slices.Clone(r.forms)})
	}
	return filled, err
}

// read replaces the status of an answer by the usual status for its meaning, whatever
// status the API uses. An answer with the content of an admitted request counts as
// one. An answer to HEAD has no body, so only its status is compared.
func (m *meaning) read(a reply, method string) reply {
	if m == nil {
		return a
	}
	a.stated = a.status
	head := method == http.MethodHead
	if m.admitted.met(a.status) && m.admitted.unmet(a.body) == "" && !head {
		return a
	}
	for _, r := range m.refusals {
		if slices.ContainsFunc(r.forms, func(f stack.Expect) bool { return formOf(f, a) || head && f.Status == a.status }) {
			a.kinds = append(a.kinds, r.status)
		}
	}
	if len(a.kinds) > 0 {
		a.status = a.kinds[0]
	} else if slices.ContainsFunc(m.refusals, func(r refusalKind) bool { return r.status == a.status && r.forms != nil }) {
		a.status = unstated
	}
	byContent := func(f stack.Expect) bool { return f.Status == a.status || f.Status == 0 }
	a.unclear = len(a.kinds) == 0 && success(a.status) && !head && m.admitted.met(a.status) &&
		slices.ContainsFunc(m.refusals, func(r refusalKind) bool { return slices.ContainsFunc(r.forms, byContent) })
	a.shows = (len(m.admitted.JSON) > 0 || m.admitted.Contains != "") && m.admitted.unmet(a.body) == ""
	return a
}

// formOf reports whether an answer has a form.
func formOf(f stack.Expect, a reply) bool {
	return (f.Status == 0 || f.Status == a.status) && Expect{JSON: f.JSON, Contains: f.Contains}.unmet(a.body) == ""
}

// unmet returns how the body differs from the expected one, or "".
func (e Expect) unmet(body []byte) string {
	if e.JSON != nil {
		if wrong := compareJSON(e.JSON, body); wrong != "" {
			return wrong
		}
	}
	if e.Contains != "" && !holdsText(body, e.Contains) {
		return fmt.Sprintf("the answer does not contain %q", e.Contains)
	}
	return ""
}

// holdsText looks for a text in an answer. In JSON it compares whole scalars, so that
// 1 is not found in 12, unless the text cannot be a scalar.
func holdsText(body []byte, text string) bool {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil || decoder.More() {
		return bytes.Contains(body, []byte(text))
	}
	return hasScalar(v, text)
}

func hasScalar(v any, text string) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, value := range v {
			if hasScalar(value, text) {
				return true
			}
		}
		return false
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return hasScalar(one, text) })
	case string:
		return v == text || strings.ContainsAny(text, " {}[]:,") && strings.Contains(v, text)
	}
	return fmt.Sprint(v) == text
}

// expectation fills in references.
func (k known) expectation(e Expect) (Expect, error) {
	if e.Contains != "" {
		filled, err := k.fill(e.Contains)
		if err != nil {
			return e, err
		}
		e.Contains = fmt.Sprint(filled)
	}
	if e.JSON != nil {
		filled, err := k.fill(e.JSON)
		if err != nil {
			return e, err
		}
		e.JSON, _ = filled.(map[string]any)
	}
	return e, nil
}

// pointed returns the values at a JSON Pointer, in which * stands for any member or
// element (RFC 6901).
func pointed(pointer string, v any) []any {
	here := []any{v}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		var next []any
		for _, v := range here {
			switch v := v.(type) {
			case map[string]any:
				if value, ok := v[token]; ok {
					next = append(next, value)
				} else if token == "*" {
					for _, value := range v {
						next = append(next, value)
					}
				}
			case []any:
				var i int
				if token == "*" {
					next = append(next, v...)
				} else if n, err := fmt.Sscanf(token, "%d", &i); n == 1 && err == nil && fmt.Sprint(i) == token && i >= 0 && i < len(v) {
					next = append(next, v[i])
				}
			}
		}
		here = next
	}
	return here
}
