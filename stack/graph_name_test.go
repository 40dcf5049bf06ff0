package stack

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestGraphNames: no name that is corrected is a field of an application, and each correction is.
func TestGraphNames(t *testing.T) {
	t.Parallel()
	type field struct{ Properties map[string]*field }
	var schema struct {
		Definitions map[string]*field `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	spec := schema.Definitions["Application"].Properties["spec"]
	for name, there := range graphNames {
		if spec.Properties[name] != nil {
			t.Errorf("%s is a field", name)
		}
		for path := range strings.SplitSeq(strings.ReplaceAll(there, " or ", ", "), ", ") {
			here := spec
			for segment := range strings.SplitSeq(path, ".") {
				if here = here.Properties[segment]; here == nil {
					t.Errorf("%s: %s is not a field", name, path)
					break
				}
			}
		}
	}
	requirement := schema.Definitions["requirement"].Properties
	for name, there := range requirementNames {
		for field := range strings.SplitSeq(strings.ReplaceAll(there, " or ", ", "), ", ") {
			if requirement[name] != nil || requirement[field] == nil {
				t.Errorf("%s is a field of a requirement, or %s is not", name, field)
			}
		}
	}
}
