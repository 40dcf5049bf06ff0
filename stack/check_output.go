package stack

import (
	"maps"
	"regexp"
	"slices"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (l *loader) checkOutput(s *loaded, o *Output) {
	at := func(path ...any) Position { return l.at(s, "Output", o.Name, path...) }
	if o.File != "" {
		l.checkFile(at("file"), o.File, false, "output "+s.Name+"/"+o.Name)
	}
	if o.Format == "json" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o.Values)) {
		if _, ok := o.Values[name].(string); !ok {
			l.mistakes.add(at("values", name), "write it in quotes, or use `format: json`", "value %s is not text", name)
		}
		if o.Format != "postman-environment" && !variableName.MatchString(name) {
			l.mistakes.add(at("values", name), "use letters, digits and _; the first character cannot be a digit", "%q cannot be the name of a variable", name)
		}
	}
}

// outputReferences returns the references that values of an Output can contain.
func (s *loaded) outputReferences() []string {
	known := []string{"tenant.id", "tenant.domain", "authority"}
	for _, name := range names(s.applications) {
		known = append(known, "applications."+name+".appId")
	}
	for _, u := range names(s.users) {
		known = append(known, "users."+u+".userPrincipalName", "users."+u+".password")
	}
	return append(known, s.secretReferences()...)
}

// secretReferences identify every secret by its application and name, and also by its
// name alone if the name is unique.
func (s *loaded) secretReferences() []string {
	var known []string
	count := map[string]int{}
	for _, application := range names(s.applications) {
		for _, secret := range s.applications[application].Secrets {
			known = append(known, "secrets."+application+"."+secret.Name)
			count[secret.Name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if count[name] == 1 {
			known = append(known, "secrets."+name)
		}
	}
	return known
}
