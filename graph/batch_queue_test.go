package graph

import (
	"fmt"
	"strings"
	"testing"
)

// TestNextBatch: a batch contains requests of one version in order, and the waiting requests are
// copied only if some of them were skipped.
func TestNextBatch(t *testing.T) {
	t.Parallel()
	// a is a request of v1.0, b one of beta.
	requests := func(kinds string) (all []request) {
		for i, k := range kinds {
			all = append(all, request{path: fmt.Sprintf("%c%d", k, i), beta: k == 'b'})
		}
		return all
	}
	kinds := func(all []request) string {
		var b strings.Builder
		for _, r := range all {
			b.WriteString(r.path[:1])
		}
		return b.String()
	}
	twenty := strings.Repeat("a", batchLimit)
	for _, c := range []struct {
		ready, batch, rest string
		copied             bool
	}{
		{"a", "a", "", false},
		{"aab", "aa", "b", true},
		{"aba", "aa", "b", true},
		{"bab", "bb", "a", true},
		{twenty, twenty, "", false},
		{twenty + "ab", twenty, "ab", false},
		{twenty + twenty + "b", twenty, twenty + "b", false},
		{"b" + twenty + "ab", "bb", twenty + "a", true},
		{"ab" + twenty + "a", twenty, "baa", true},
	} {
		ready := requests(c.ready)
		batch, rest := nextBatch(ready)
		if kinds(batch) != c.batch || kinds(rest) != c.rest {
			t.Errorf("%s: a batch of %s leaves %s; want %s and %s", c.ready, kinds(batch), kinds(rest), c.batch, c.rest)
		}
		if len(rest) > 0 && (&rest[len(rest)-1] != &ready[len(ready)-1]) != c.copied {
			t.Errorf("%s: the rest is copied: %t", c.ready, !c.copied)
		}
		seen := map[string]bool{}
		for _, r := range append(batch, rest...) {
			seen[r.path] = true
		}
		if len(seen) != len(ready) {
			t.Errorf("%s: %d of %d requests are left", c.ready, len(seen), len(ready))
		}
	}
}
