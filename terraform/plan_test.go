package terraform

import (
	"reflect"
	"slices"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// TestChangedOutputs: a plan without resources contains changed outputs, and the comparison with
// the reviewed plan includes them.
func TestChangedOutputs(t *testing.T) {
	t.Parallel()
	p := planOf(&tfjson.Plan{OutputChanges: map[string]*tfjson.Change{
		"url":  {Before: "http://a.example", After: "http://b.example"},
		"same": {Before: "x", After: "x"},
		"id":   {After: nil, AfterUnknown: true},
		"key":  {Before: "a", After: "b", AfterSensitive: true},
		"all":  {After: map[string]any{"eu": "e", "list": []any{"x"}}},
		"list": {After: []any{"x"}},
	}})
	want := []Attribute{{Path: "all.eu", To: "e"}, {Path: "all.list[0]", To: "x"}, {Path: "id", Unknown: true}, {Path: "key", Sensitive: true},
		{Path: "list[0]", To: "x"}, {Path: "url", From: "http://a.example", To: "http://b.example"}}
	if !reflect.DeepEqual(p.ChangedOutputs, want) {
		t.Errorf("the outputs %+v change, want %+v", p.ChangedOutputs, want)
	}
	now := &Plan{ChangedOutputs: []Attribute{{Path: "id", To: "1"}, {Path: "url", From: "http://a.example", To: "http://c.example"}, {Path: "new", To: "n"}}}
	if got, want := now.Differs(p), []string{"output url", "output new"}; !slices.Equal(got, want) {
		t.Errorf("%q differ, want %q", got, want)
	}
}

// TestAttributePathsInOrder: element 10 of a list comes after element 2.
func TestAttributePathsInOrder(t *testing.T) {
	want := []string{"command[0]", "command[2]", "command[10]", "name", "rule[2].from", "rule[2].to[1]", "rule[10].from", "triggers.port"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, comparePaths)
	if !slices.Equal(got, want) {
		t.Errorf("the order is %q, want %q", got, want)
	}
}

// TestUnrecordedOutputs: an output that has different values in the state and in the record of
// the last apply is a change.
func TestUnrecordedOutputs(t *testing.T) {
	t.Parallel()
	p := planOf(&tfjson.Plan{OutputChanges: map[string]*tfjson.Change{
		"url":   {Before: "b", After: "b"},
		"same":  {Before: "x", After: "x"},
		"new":   {After: "n"},
		"empty": {After: []any{}},
	}})
	p.compareRecord(Record{Outputs: map[string]any{"url": "a", "same": "x"}})
	want := []Attribute{{Path: "empty", To: []any{}}, {Path: "new", To: "n"}, {Path: "url", From: "a", To: "b"}}
	if !reflect.DeepEqual(p.ChangedOutputs, want) {
		t.Errorf("the outputs %+v change, want %+v", p.ChangedOutputs, want)
	}
	if !p.Exists {
		t.Error("a state with outputs does not exist")
	}
}
