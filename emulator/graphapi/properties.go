package graphapi

import (
	"slices"

	"provision/emulator/odata"
)

// properties returns the names of the properties in the answer to a request for resources of a
// kind; nil means all. /v1.0 omits the properties that only /beta has. Entra returns properties
// that it must compute only if the request selects them.
func (c *call) properties(k *kind, selected []string) []string {
	switch {
	case selected != nil:
		return selected
	case c.version == "v1.0" && k.defaults != nil:
		return k.defaults
	case len(k.beta) == 0 && len(k.onSelect) == 0:
		return nil
	}
	var all []string
	for _, t := range k.structs {
		for _, p := range odata.StructureOf(t).Properties {
			if slices.Contains(k.onSelect, p.Name) || c.version == "v1.0" && slices.Contains(k.beta, p.Name) {
				continue
			}
			all = append(all, p.Name)
		}
	}
	return all
}
