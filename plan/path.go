package plan

import (
	"cmp"
	"slices"
	"strings"
)

// Path is a path to a value in an object's properties.
type Path []Segment

// Segment is one step of a Path: a member of a JSON object, or an entry of a list.
type Segment struct {
	Name  string // the name of the member, or the key of the entry
	Entry bool
}

// pathTo returns the path of a nested member from its dotted name:
// api.oauth2PermissionScopes.
func pathTo(property string) Path {
	var p Path
	for name := range strings.SplitSeq(property, ".") {
		p = append(p, Segment{Name: name})
	}
	return p
}

// member returns the path of a member of the object at p.
func (p Path) member(name string) Path { return append(slices.Clip(p), Segment{Name: name}) }

// entry returns the path of an entry of the list at p.
func (p Path) entry(key string) Path { return append(slices.Clip(p), Segment{Name: key, Entry: true}) }

// property returns the Graph property that is sent for p: a list is always sent as a
// whole.
func (p Path) property() Path {
	if i := slices.IndexFunc(p, func(s Segment) bool { return s.Entry }); i >= 0 {
		return p[:i]
	}
	return p
}

// entryOf returns the key of the list entry that p is or is in, and whether p is in
// that list. The list is a property by its dotted name.
func (p Path) entryOf(list string) (key string, in bool) {
	property := p.property()
	if len(property) == len(p) || property.String() != list {
		return "", false
	}
	return p[len(property)].Name, true
}

// isEntry reports whether p is a whole entry of a list.
func (p Path) isEntry() bool { return len(p) > 0 && p[len(p)-1].Entry }

// within reports whether p is at or below another path.
func (p Path) within(other Path) bool {
	return len(p) >= len(other) && slices.Equal(p[:len(other)], other)
}

// shape returns the path without the keys of entries, as text: the form that all
// entries of a list have in common.
func (p Path) shape() string {
	var names []string
	for _, s := range p {
		if !s.Entry {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ".")
}

// compareTo orders paths by their segments.
func (p Path) compareTo(other Path) int {
	return slices.CompareFunc(p, other, func(a, b Segment) int {
		switch {
		case a.Entry == b.Entry:
			return cmp.Compare(a.Name, b.Name)
		case a.Entry:
			return 1
		}
		return -1
	})
}

// String returns the displayed form of p: appRoles[Admin].displayName.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.Entry:
			b.WriteString("[" + s.Name + "]")
		case i > 0:
			b.WriteString("." + s.Name)
		default:
			b.WriteString(s.Name)
		}
	}
	return b.String()
}

// MarshalText returns String: in a plan's JSON, a path is text.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
