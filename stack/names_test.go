package stack

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNamesOfAStack: an object keeps the uniqueName with which it was created, even if its
// document is renamed.
func TestNamesOfAStack(t *testing.T) {
	t.Parallel()
	s := &Stack{Name: "orders",
		Applications: []*Application{{Name: "api"}, {Name: "web", Protection: Protection{RenamedFrom: "site"}}},
		Groups:       []*Group{{Name: "readers"}, {Name: "writers", Protection: Protection{RenamedFrom: "editors"}}}}
	for name, want := range map[string]string{"api": "orders.api", "web": "orders.site", "unknown": "orders.unknown"} {
		if got := s.UniqueName(name); got != want {
			t.Errorf("application %s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"readers": "provision.orders.readers", "writers": "provision.orders.editors", "unknown": "provision.orders.unknown"} {
		if got := s.GroupUniqueName(name); got != want {
			t.Errorf("group %s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]struct {
		stack  string
		marked bool
	}{
		"provision.orders.readers": {"orders", true}, "provision.orders": {"", true}, "provision.": {"", true}, "provision.Orders.readers": {"", true},
		"provision.orders.a.b": {"", true}, "orders.readers": {"", false}, "": {"", false}, "provision.../x.readers": {"", true},
	} {
		if stack, marked := StackOfGroup(name); stack != want.stack || marked != want.marked {
			t.Errorf("group %q belongs to %q, %t; want %q, %t", name, stack, marked, want.stack, want.marked)
		}
	}
	for name, want := range map[string]bool{"orders": true, "o": true, "1": true, "a-b": true, strings.Repeat("a", 60): true,
		"": false, "-a": false, "a-": false, "A": false, "a_b": false, "a.b": false, "a/b": false, "é": false, "a\n": false, strings.Repeat("a", 61): false} {
		if ValidName(name) != want {
			t.Errorf("%q can be a name: %t", name, !want)
		}
	}
	if (Protection{}).PreventsDelete() || !(Protection{Prevent: []string{"delete"}}).PreventsDelete() {
		t.Error("prevent: [delete] alone prevents a deletion")
	}
}

// TestMarks: every application of an environment has marks with its name and its expiry.
func TestMarks(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))
	for name, c := range map[string]struct {
		stack Stack
		want  []string
	}{
		"a stack":                     {Stack{Name: "orders"}, []string{"provision:stack=orders"}},
		"an environment":              {Stack{Name: "orders-pr-1", Environment: "pr-1"}, []string{"provision:stack=orders-pr-1", "provision:environment=pr-1"}},
		"an environment that expires": {Stack{Name: "orders-pr-1", Environment: "pr-1", Expires: at}, []string{"provision:stack=orders-pr-1", "provision:environment=pr-1", "provision:expires=2026-03-01T12:00:00Z"}},
		"a stack that expires":        {Stack{Name: "orders", Expires: at}, []string{"provision:stack=orders", "provision:expires=2026-03-01T12:00:00Z"}},
	} {
		got := c.stack.Marks()
		if !slices.Equal(got, c.want) {
			t.Errorf("%s has the marks %q, want %q", name, got, c.want)
		}
		l := LifespanOf(c.stack.Name, [][]string{got, got})
		if l.Environment != c.stack.Environment || !l.Expires.Equal(c.stack.Expires) {
			t.Errorf("%s reads back as %+v", name, l)
		}
	}
}

// TestSuffixedNames: the names of an environment stay within Entra's limits.
func TestSuffixedNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"Orders API", "Orders API (pr-1)"},
		{"", ""},
		{strings.Repeat("x", 200), strings.Repeat("x", 113) + " (pr-1)"},
		{strings.Repeat("é", 119), strings.Repeat("é", 113) + " (pr-1)"},
	} {
		if got := suffixedText(c.text, "pr-1", 120); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
	for upn, want := range map[string]string{
		"ada@contoso.com": "ada-pr-1@contoso.com", "ada@${tenant.domain}": "ada-pr-1@${tenant.domain}", "ada": "ada", "": "",
		"ada.b@contoso.com": "ada.b-pr-1@contoso.com",
	} {
		if got := suffixedUPN(upn, "pr-1"); got != want {
			t.Errorf("%q becomes %q, want %q", upn, got, want)
		}
	}
}

// TestLifetimes: the lifetime of a secret is a number of days or a duration, and at most two
// years.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"": DefaultLifetime, "90d": 90 * day, "1d": day, "730d": 730 * day, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "17520h": 730 * day,
		"731d": 0, "17521h": 0, "0d": 0, "-1d": 0, "0s": 0, "90": 0, "d": 0, "1.5d": 0, "90 d": 0, "2y": 0, "999999999999999999999d": 0,
	} {
		got, err := Lifetime(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
}

// TestExceptionsExpire at the end of the last day (UTC).
func TestExceptionsExpire(t *testing.T) {
	t.Parallel()
	for until, want := range map[string]string{"2026-12-31": "2027-01-01T00:00:00Z", "2028-02-28": "2028-02-29T00:00:00Z", "2026-02-30": "", "": "", "2026-1-1": "", "31.12.2026": ""} {
		at, ok := Exception{Until: until}.Expires()
		if ok != (want != "") || ok && at.Format(time.RFC3339) != want {
			t.Errorf("until %q: %v, %t; want %q", until, at, ok, want)
		}
	}
}

// TestOwners: only a userPrincipalName has an @.
func TestOwners(t *testing.T) {
	t.Parallel()
	for owner, want := range map[string]string{"ada@contoso.com": "ada@contoso.com", "ada": "", "other/ada": "", "11111111-1111-4111-8111-111111111111": "", "": ""} {
		if got := OwnerUPN(owner); got != want {
			t.Errorf("%q has the userPrincipalName %q, want %q", owner, got, want)
		}
	}
}
