package plan

import (
	"fmt"
	"strings"

	"provision/stack"
)

// nearest returns a hint with the most similar known name, or with all known names.
func nearest(name string, known []string) string {
	best := stack.Nearest(name, known)
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s?", best)
	case len(known) == 0:
		return "it has none"
	case len(known) > 12:
		return fmt.Sprintf("it has %d others", len(known))
	default:
		return "it has " + strings.Join(known, ", ")
	}
}
