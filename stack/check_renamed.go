package stack

// checkRenamed refuses a former name that another document of the stack has, or had.
func (l *loader) checkRenamed(s *loaded) {
	for _, key := range names(s.declared) {
		if d := s.declared[key]; d.kind == "User" && d.protection().RenamedFrom != "" {
			l.mistakes.add(d.value("/metadata/renamedFrom"), "remove renamedFrom", "user %s: a user is identified by their userPrincipalName, so the document can have any name", d.name)
		}
	}
	for _, kind := range []string{"Application", "Group"} {
		former := map[string]string{} // former name → the document's name now
		for _, key := range names(s.declared) {
			d := s.declared[key]
			from := d.protection().RenamedFrom
			if d.kind != kind || from == "" {
				continue
			}
			pos := d.value("/metadata/renamedFrom")
			if other := s.declared[kind+"/"+from]; other != nil {
				l.mistakes.add(pos, "remove renamedFrom, or the other document", "%s %s was renamed from %s, and another document has that name (%s)", kind, d.name, from, other.pos())
			} else if former[from] != "" {
				l.mistakes.add(pos, "only one document can continue the object", "%s %s was renamed from %s, and so was %s", kind, d.name, from, former[from])
			}
			former[from] = d.name
		}
	}
}
