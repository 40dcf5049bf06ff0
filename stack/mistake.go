package stack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is an error in a manifest.
type Mistake struct {
	Pos     Position `json:"position"`
	Message string   `json:"message"`
	Hint    string   `json:"hint,omitempty"`

	// Excerpt is the line that makes a document unreadable, with a caret below the
	// place. Mistakes that may only be consequences of it are not reported.
	Excerpt string `json:"excerpt,omitempty"`
}

func (m Mistake) String() string {
	s := m.Pos.String() + ": " + m.Message
	if m.Excerpt != "" {
		s += "\n" + m.Excerpt
	}
	if m.Hint != "" {
		s += "\n  hint: " + m.Hint
	}
	return s
}

// String is file:line:column, which editors and terminals link.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Mistakes are all mistakes in the manifests, in the order of files and lines. Mistakes
// that make documents unreadable come first.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, e := range m {
		lines[i] = e.String()
	}
	return strings.Join(lines, "\n")
}

func (m *Mistakes) add(pos Position, hint, format string, args ...any) {
	*m = append(*m, Mistake{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Sorted returns the mistakes in this order.
func (m Mistakes) Sorted() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		if a, b := a.Excerpt != "", b.Excerpt != ""; a != b {
			if a {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), a.Pos.Line-b.Pos.Line, a.Pos.Column-b.Pos.Column, strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(m)
}

// oneOf returns a hint for an unknown name: the most similar name, or all existing names.
func oneOf(name string, known []string) string {
	return suggestion(Nearest(name, known), known)
}

// suggestion returns a hint with the most similar name, if it is not "", and all existing names.
func suggestion(best string, known []string) string {
	if best != "" {
		return fmt.Sprintf("did you mean %s? choose one of: %s", best, strings.Join(slices.Compact(slices.Clone(known)), ", "))
	}
	if len(known) == 0 {
		return "none is declared"
	}
	return "choose one of: " + strings.Join(slices.Compact(slices.Clone(known)), ", ")
}
