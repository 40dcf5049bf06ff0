package stack

import (
	"slices"
	"strings"
)

// checkReferences checks every ${…} of a document.
func (l *loader) checkReferences(s *loaded, d *document) {
	var known []string
	switch d.kind {
	case "Conformance":
		l.checkConformanceReferences(s, d)
		return
	case "Application":
		known = []string{"tenant.id", "tenant.domain", "appId"}
	case "User", "Group":
		known = []string{"tenant.id", "tenant.domain"}
	case "Output":
		known = s.outputReferences()
	case "Terraform":
		spec, _ := d.content["spec"].(map[string]any)
		for _, field := range names(spec) {
			known := []string{"tenant.id", "tenant.domain"}
			if field == "variables" {
				known = append(s.outputReferences(), s.terraformReferences(d)...)
			}
			l.checkReferencesBelow(d, spec[field], "/spec"+pointer(field), known)
		}
		l.checkTerraformReferences(s, d)
		return
	}
	if d.kind == "Application" {
		known = append(known, s.applicationReferences()...)
	}
	known = append(known, s.terraformReferences(d)...)
	l.checkReferencesBelow(d, d.content["spec"], "/spec", known)
	l.checkTerraformReferences(s, d)
}

// applicationReferences returns the references to the stack's applications.
func (s *loaded) applicationReferences() []string {
	if s.references == nil {
		for _, name := range names(s.applications) {
			s.references = append(s.references, "applications."+name+".appId")
		}
	}
	return s.references
}

// checkReferencesBelow checks the references in a value and in all its members. An entry of known
// that ends with a dot permits every name with this prefix.
func (l *loader) checkReferencesBelow(d *document, v any, at string, known []string) {
	switch v := v.(type) {
	case string:
		for _, expression := range References(v) {
			if early(expression) {
				continue // reported when the document was read
			}
			if !slices.ContainsFunc(known, func(k string) bool {
				return k == expression || strings.HasSuffix(k, ".") && strings.HasPrefix(expression, k) && expression != k
			}) {
				l.mistakes.add(d.value(at), referenceHint(expression, shownReferences(known)), "unknown reference ${%s}", expression)
			}
		}
	case []any:
		for i, e := range v {
			l.checkReferencesBelow(d, e, at+pointer(i), known)
		}
	case map[string]any:
		for k, e := range v {
			l.checkReferencesBelow(d, e, at+pointer(k), known)
		}
	}
}

// referenceHint is oneOf for a reference. It compares the names between the dots one by one: two
// references are not similar because both begin with applications and end with appId.
func referenceHint(expression string, known []string) string {
	names := strings.Split(expression, ".")
	similar := slices.DeleteFunc(slices.Clone(known), func(k string) bool {
		others := strings.Split(k, ".")
		if len(others) != len(names) {
			return Nearest(expression, []string{k}) == ""
		}
		for i, name := range names {
			if others[i] != "" && name != others[i] && Nearest(name, others[i:i+1]) == "" { // "" permits every name
				return true
			}
		}
		return false
	})
	return suggestion(Nearest(expression, similar), known)
}

// shownReferences returns known in the form of references in a manifest.
func shownReferences(known []string) []string {
	shown := slices.Clone(known)
	for i, k := range shown {
		if strings.HasPrefix(k, "terraform.") {
			shown[i] += "OUTPUT"
		}
	}
	return shown
}
