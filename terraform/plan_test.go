package terraform

import (
	"slices"
	"testing"
)

// TestAttributePathsInOrder: element 10 of a list stands behind element 2.
func TestAttributePathsInOrder(t *testing.T) {
	want := []string{"command[0]", "command[2]", "command[10]", "name", "rule[2].from", "rule[2].to[1]", "rule[10].from", "triggers.port"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, comparePaths)
	if !slices.Equal(got, want) {
		t.Errorf("the order is %q, want %q", got, want)
	}
}
