package stack

import "slices"

// Protection contains the actions that provision must not apply to the object of a document.
type Protection struct {
	// RenamedFrom is the name under which the document created its application or
	// group. The object keeps it as part of its uniqueName, which cannot change.
	RenamedFrom    string
	RenamedFromPos Position

	Prevent []string // "delete"
	Ignore  []string // Graph properties, such as notes or web.redirectUris, that others own once the object exists
}

// PreventsDelete reports whether the object must not be deleted.
func (p Protection) PreventsDelete() bool { return slices.Contains(p.Prevent, "delete") }

// protection reads the protection from a document's metadata, which the schema has
// checked.
func (d *document) protection() Protection {
	metadata, _ := d.content["metadata"].(map[string]any)
	texts := func(name string) (all []string) {
		entries, _ := metadata[name].([]any)
		for _, e := range entries {
			if text, ok := e.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	renamedFrom, _ := metadata["renamedFrom"].(string)
	var pos Position
	if renamedFrom != "" {
		pos = d.value("/metadata/renamedFrom")
	}
	return Protection{RenamedFrom: renamedFrom, RenamedFromPos: pos, Prevent: texts("prevent"), Ignore: texts("ignore")}
}

// UniqueName is Graph's uniqueName of an application of the stack.
func (s *Stack) UniqueName(application string) string {
	for _, a := range s.Applications {
		if a.Protection.RenamedFrom != "" && a.Name == application {
			return UniqueName(s.Name, a.Protection.RenamedFrom)
		}
	}
	return UniqueName(s.Name, application)
}

// GroupUniqueName is Graph's uniqueName of a group of the stack.
func (s *Stack) GroupUniqueName(group string) string {
	for _, g := range s.Groups {
		if g.Protection.RenamedFrom != "" && g.Name == group {
			return GroupUniqueName(s.Name, g.Protection.RenamedFrom)
		}
	}
	return GroupUniqueName(s.Name, group)
}
