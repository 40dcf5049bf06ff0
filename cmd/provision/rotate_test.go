package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"provision/stack"
)

// TestRotations: --secret names one secret in full; nothing else is rotated by accident.
func TestRotations(t *testing.T) {
	t.Parallel()
	stacks := []*stack.Stack{
		{Name: "shop", Applications: []*stack.Application{{Name: "api", Secrets: []stack.Secret{{Name: "a"}, {Name: "b"}}}, {Name: "spa"}}},
		{Name: "blog", Applications: []*stack.Application{{Name: "api", Secrets: []stack.Secret{{Name: "a"}}}}},
	}
	renamed := []*stack.Stack{{Name: "shop", Applications: []*stack.Application{
		{Name: "sync", Protection: stack.Protection{RenamedFrom: "daemon"}, Secrets: []stack.Secret{{Name: "main"}}}, {Name: "api", Secrets: []stack.Secret{{Name: "main"}}}}}}
	for name, c := range map[string]struct {
		secret  string
		stacks  []*stack.Stack
		want    string
		refused string
	}{
		"all":                 {stacks: stacks, want: "shop/api/a shop/api/b blog/api/a"},
		"one":                 {stacks: stacks, secret: "blog/api/a", want: "blog/api/a"},
		"a part of a name":    {stacks: stacks, secret: "api/a", refused: `there is no secret "api/a"`},
		"an unknown one":      {stacks: stacks, secret: "shop/api/c", refused: `there is no secret "shop/api/c"`},
		"of a plan":           {stacks: stacks, secret: "shop.api b", want: "shop/api/b"},
		"renamed: first name": {stacks: renamed, secret: "shop/daemon/main", want: "shop/daemon/main"},
		"renamed: new name":   {stacks: renamed, secret: "shop/sync/main", want: "shop/daemon/main"},
		"renamed: of a plan":  {stacks: renamed, secret: "shop.daemon main", want: "shop/daemon/main"},
		"renamed: all":        {stacks: renamed, want: "shop/daemon/main shop/api/main"},
		"stacks without any":  {stacks: []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a"}}}}, refused: "the manifests declare no secrets to rotate"},
		"none, and one named": {stacks: nil, secret: "a/b/c", refused: "the manifests declare no secrets to rotate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := rotateOptions{secret: c.secret}.rotations(c.stacks)
			if c.refused != "" {
				if !errors.As(err, new(usage)) || !strings.Contains(err.Error(), c.refused) || (&app{}).hintFor(err) == "" {
					t.Errorf("error %v, want %q and a hint", err, c.refused)
				}
				return
			}
			var names []string
			for _, r := range all {
				names = append(names, r.name())
				if r.uniqueName != r.stack+"."+strings.Split(r.name(), "/")[1] {
					t.Errorf("uniqueName %s of %s", r.uniqueName, r.name())
				}
			}
			if got := strings.Join(names, " "); err != nil || got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

// TestDueSecrets: --expiring does not select a new secret, even if its whole lifetime is shorter.
func TestDueSecrets(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		expiring, lifetime, left time.Duration
		want                     bool
	}{
		"no --expiring":                       {0, 90 * day, 90 * day, true},
		"expires later":                       {30 * day, 180 * day, 31 * day, false},
		"expires within the time":             {30 * day, 180 * day, 30 * day, true},
		"a new secret with a short lifetime":  {30 * day, 30 * day, 30 * day, false},
		"a short lifetime, before its end":    {30 * day, 30 * day, 11 * day, false},
		"a short lifetime, in its last third": {30 * day, 30 * day, 10 * day, true},
		"a time longer than the lifetime":     {365 * day, 90 * day, 31 * day, false},
		"expired":                             {day, 90 * day, -day, true},
	} {
		end := now.Add(c.left)
		if got := (rotateOptions{expiring: c.expiring}).due(end.Add(-c.lifetime), end, now); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
	if end := now.Add(20 * day); !(rotateOptions{expiring: 30 * day}).due(time.Time{}, end, now) {
		t.Error("a secret whose start is not known is not due within the time")
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 0, "0": 0, "30d": 30 * 24 * time.Hour, "24h": 24 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := span(text); err != nil || got != want {
			t.Errorf("%q is %s (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"30", "soon", "-1d", "1w"} {
		if got, err := span(text); err == nil {
			t.Errorf("%q is %s, want an error", text, got)
		}
	}
}

// TestOldSecrets counts what a rotation leaves.
func TestOldSecrets(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		revoked, valid int
		want           string
	}{
		{1, 0, "; the old one is revoked"},
		{0, 1, "; the old one is valid until the first apply or rotate after 2026-11-30 08:00:00 UTC"},
		{2, 0, "; 2 old ones are revoked"},
		{1, 1, "; 1 old one is revoked, and 1 old one is valid until the first apply or rotate after 2026-11-30 08:00:00 UTC"},
		{2, 3, "; 2 old ones are revoked, and 3 old ones are valid until the first apply or rotate after 2026-11-30 08:00:00 UTC"},
		{0, 0, ""},
	} {
		if got := oldSecrets(c.revoked, c.valid, until); got != c.want {
			t.Errorf("%d revoked and %d valid: %q, want %q", c.revoked, c.valid, got, c.want)
		}
	}
}
