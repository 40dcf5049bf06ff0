package stack

import "slices"

// Protection is what provision must not do to the object of a document.
type Protection struct {
	Prevent []string // "delete"
	Ignore  []string // Graph properties, such as notes or web.redirectUris, that others own once the object exists
}

// PreventsDelete tells whether the object must not be deleted.
func (p Protection) PreventsDelete() bool { return slices.Contains(p.Prevent, "delete") }

// protection reads that of a document's metadata, which the schema has checked.
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
	return Protection{Prevent: texts("prevent"), Ignore: texts("ignore")}
}
