package graphapi

import (
	"slices"

	"provision/emulator/odata"
)

// properties returns the names of the properties that a request for resources
// of a kind is answered; nil is all of them. What /beta alone has, /v1.0 lacks;
// what takes a computation of its own, Entra answers only when it is selected.
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
