package plan

import (
	"encoding/json"
	"testing"
)

// TestPaths: the displayed form of a path, and its predicates.
func TestPaths(t *testing.T) {
	t.Parallel()
	role := pathTo("appRoles").entry("Admin")
	for _, c := range []struct {
		path                  Path
		text, property, shape string
		list, key             string // the list that contains it, and its key
		isEntry               bool
	}{
		{pathTo("displayName"), "displayName", "displayName", "displayName", "", "", false},
		{pathTo("web.redirectUris"), "web.redirectUris", "web.redirectUris", "web.redirectUris", "", "", false},
		{role, "appRoles[Admin]", "appRoles", "appRoles", "appRoles", "Admin", true},
		{role.member("displayName"), "appRoles[Admin].displayName", "appRoles", "appRoles.displayName", "appRoles", "Admin", false},
		{role.member("allowedMemberTypes").entry("User"), "appRoles[Admin].allowedMemberTypes[User]", "appRoles", "appRoles.allowedMemberTypes", "appRoles", "Admin", true},
		{pathTo("api.preAuthorizedApplications").entry("c"), "api.preAuthorizedApplications[c]", "api.preAuthorizedApplications", "api.preAuthorizedApplications", "api.preAuthorizedApplications", "c", true},
		{pathTo("identifierUris").entry("api://x].y[z"), "identifierUris[api://x].y[z]", "identifierUris", "identifierUris", "identifierUris", "api://x].y[z", true},
		{pathTo("tags").entry(""), "tags[]", "tags", "tags", "tags", "", true},
	} {
		if got := c.path.String(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
		if got := c.path.property().String(); got != c.property {
			t.Errorf("%s is of property %q, want %q", c.text, got, c.property)
		}
		if got := c.path.shape(); got != c.shape {
			t.Errorf("%s has shape %q, want %q", c.text, got, c.shape)
		}
		if got := c.path.isEntry(); got != c.isEntry {
			t.Errorf("%s is an entry: %t, want %t", c.text, got, c.isEntry)
		}
		for _, list := range []string{"appRoles", "api.preAuthorizedApplications", "identifierUris", "tags", "displayName", "api", "web.redirectUris"} {
			key, in := c.path.entryOf(list)
			if in != (list == c.list) || in && key != c.key {
				t.Errorf("%s is in %s: %q, %t", c.text, list, key, in)
			}
		}
		raw, err := json.Marshal(Change{Path: c.path})
		var read struct{ Path string }
		if err != nil || json.Unmarshal(raw, &read) != nil || read.Path != c.text {
			t.Errorf("%s is written as %s (%v)", c.text, raw, err)
		}
	}
}

// TestAPathIsWithinAnother only if whole segments are equal.
func TestAPathIsWithinAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, other Path
		want        bool
	}{
		{pathTo("notes"), pathTo("notes"), true},
		{pathTo("web.redirectUris").entry("https://a.example"), pathTo("web"), true},
		{pathTo("web.redirectUris").entry("https://a.example"), pathTo("web.redirectUris"), true},
		{pathTo("web"), pathTo("web.redirectUris"), false},
		{pathTo("website"), pathTo("web"), false},
		{pathTo("tags").entry("web"), pathTo("tags.web"), false},
		{pathTo("displayName"), nil, true},
	} {
		if got := c.path.within(c.other); got != c.want {
			t.Errorf("%s within %s: %t, want %t", c.path, c.other, got, c.want)
		}
	}
}

// TestPathsAreOrdered: by segments, members before entries, and parents before
// children.
func TestPathsAreOrdered(t *testing.T) {
	t.Parallel()
	ordered := []Path{
		nil,
		pathTo("a"),
		pathTo("a.b"),
		pathTo("a.c").entry("1"),
		pathTo("a").entry("https://x.example"),
		pathTo("a").entry("https://x.example").member("m"),
		pathTo("a").entry("https://x.example/below"),
		pathTo("ab"),
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := a.compareTo(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%q compared to %q is %d", a, b, got)
			}
		}
	}
}

// TestAppendingToAPathCopiesIt: two paths with the same parent do not share memory.
func TestAppendingToAPathCopiesIt(t *testing.T) {
	t.Parallel()
	above := make(Path, 1, 8)
	above[0] = Segment{Name: "web"}
	a, b := above.member("a"), above.entry("b")
	if a.String() != "web.a" || b.String() != "web[b]" {
		t.Errorf("%s and %s", a, b)
	}
}
