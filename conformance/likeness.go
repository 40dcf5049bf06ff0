package conformance

import (
	"bytes"
	"fmt"
)

// similarity is the similarity of two answers.
type similarity int

const (
	different similarity = iota
	alike                // JSON with the same members, or both empty
	same                 // the same text
)

// likeAdmitted compares an answer with the endpoint's answer to accepted requests.
func (s *runState) likeAdmitted(id string, body []byte) similarity {
	s.mu.Lock()
	admitted := s.admitted[id]
	s.mu.Unlock()
	if e := s.endpoints[id]; e.expect.JSON != nil && compareJSON(e.expect.JSON, body) == "" {
		return same
	}
	return likeness(body, admitted)
}

func likeness(a, b []byte) similarity {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	switch {
	case len(a) == 0 && len(b) == 0:
		return alike
	case bytes.Equal(a, b):
		return same
	}
	x, err := readJSON(a)
	y, other := readJSON(b)
	if err == nil && other == nil && sameShape(x, y) {
		return alike
	}
	return different
}

func likenessOf(x, y any) similarity {
	switch {
	case sameJSON(x, y):
		return same
	case sameShape(x, y):
		return alike
	}
	return different
}

// sameShape compares the names of members in two JSON values, not their values.
func sameShape(x, y any) bool {
	switch x := x.(type) {
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, value := range x {
			if other, ok := y[name]; !ok || !sameShape(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := y.([]any)
		return ok && (len(x) == 0 || len(y) == 0 || sameShape(x[0], y[0]))
	}
	return fmt.Sprintf("%T", x) == fmt.Sprintf("%T", y)
}

// maxSimilarCallers is how many such callers are tried.
const maxSimilarCallers = 2
