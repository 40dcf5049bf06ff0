package plan

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"provision/internal/display"
)

// Schema is the JSON Schema of a Plan.
//
//go:embed schema.json
var Schema []byte

// SavedVersion is the version of the format of Saved.
const SavedVersion = 1

// Saved is a plan in a file, to be reviewed and applied later. It contains no secret:
// passwords and client secrets are created when it is applied.
type Saved struct {
	Version int          `json:"version"`
	Target  string       `json:"target"` // as in --target
	Dir     string       `json:"dir"`    // the folder of the manifests
	Options SavedOptions `json:"options"`
	Plan    *Plan        `json:"plan"`
}

// SavedOptions are the options that the plan was made with.
type SavedOptions struct {
	ResetPasswords     bool     `json:"resetPasswords,omitempty"`
	AllowForeignOwners bool     `json:"allowForeignOwners,omitempty"`
	AllowDeletes       bool     `json:"allowDeletes,omitempty"`
	Purge              bool     `json:"purge,omitempty"`
	Only               []string `json:"only,omitempty"`
	Hosting            bool     `json:"hosting,omitempty"`

	// The values with which the manifests were read.
	Suffix  string     `json:"suffix,omitempty"`
	Expires time.Time  `json:"expires,omitzero"`
	Set     []SavedSet `json:"set,omitempty"`
}

// SavedSet is the value that the command sets for a parameter.
type SavedSet struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	Environment bool   `json:"environment,omitempty"` // Name is the name of an environment variable
}

// SavedPlan is a plan that was read from a file. Its steps are compared with the steps
// of a current plan and not carried out.
type SavedPlan struct {
	Version int          `json:"version"`
	Target  string       `json:"target"`
	Dir     string       `json:"dir"`
	Options SavedOptions `json:"options"`
	Plan    struct {
		Tenant Tenant           `json:"tenant"`
		Steps  []map[string]any `json:"steps"`
	} `json:"plan"`
}

// Differences returns the differences between the current plan and the saved one, one line
// for each object. If there are none, the current plan does exactly what was reviewed.
func (s *SavedPlan) Differences(now *Plan) ([]string, error) {
	if s.Plan.Tenant.ID != now.Tenant.ID {
		return []string{display.Line(fmt.Sprintf("the plan is for tenant %s, but the target is tenant %s", s.Plan.Tenant.ID, now.Tenant.ID))}, nil
	}
	raw, err := json.Marshal(now.Steps)
	if err != nil {
		return nil, err
	}
	var steps []map[string]any
	if err := json.Unmarshal(raw, &steps); err != nil {
		return nil, err
	}
	was, is := byObject(s.Plan.Steps), byObject(steps)
	var all []string
	say := func(format string, args ...any) { all = append(all, display.Line(fmt.Sprintf(format, args...))) }
	for _, k := range slices.Compact(slices.Sorted(slices.Values(append(sorted(was), sorted(is)...)))) {
		switch before, after := was[k], is[k]; {
		case reflect.DeepEqual(before, after):
		case after == nil:
			say("%s: the plan contains %s, which is no longer needed", k, actions(before))
		case before == nil:
			say("%s: %s is needed, but the plan does not contain it", k, actions(after))
		default:
			say("%s: %s", k, difference(before, after))
		}
	}
	return all, nil
}

// byObject groups steps by their object.
func byObject(steps []map[string]any) map[string][]map[string]any {
	all := map[string][]map[string]any{}
	for _, s := range steps {
		k := text(s, "kind") + " " + text(s, "name")
		all[k] = append(all[k], s)
	}
	return all
}

func actions(steps []map[string]any) string {
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = text(s, "action")
	}
	return strings.Join(all, " and ")
}

// difference returns the properties in which two versions of an object's steps differ.
func difference(before, after []map[string]any) string {
	was, is := changesOf(before), changesOf(after)
	for _, path := range slices.Compact(slices.Sorted(slices.Values(append(sorted(was), sorted(is)...)))) {
		if before, after := startOf(was[path]), startOf(is[path]); was[path] != nil && is[path] != nil && !reflect.DeepEqual(before, after) {
			return fmt.Sprintf("%s was %s when the plan was made, and is %s now", path, orNothing(before), orNothing(after))
		}
		if !reflect.DeepEqual(was[path], is[path]) {
			return fmt.Sprintf("%s was planned as %s and would now be %s", path, shown(was[path]), shown(is[path]))
		}
	}
	switch was, is := reasonOf(before), reasonOf(after); {
	case was == is:
	case was == "": // also in a plan of an earlier version
		return fmt.Sprintf("%s was planned without a reason; now the reason is: %s", actions(before), is)
	case is == "":
		return fmt.Sprintf("%s was planned for the reason: %s; now it has no reason", actions(before), was)
	default:
		return fmt.Sprintf("%s was planned for the reason: %s; now the reason is: %s", actions(before), was, is)
	}
	return fmt.Sprintf("%s was planned, and its content is different now", actions(before))
}

func changesOf(steps []map[string]any) map[string]any {
	all := map[string]any{}
	for _, s := range steps {
		for _, c := range list(s, "changes") {
			if change, ok := c.(map[string]any); ok {
				all[text(change, "path")] = []any{change["from"], change["to"]}
			}
		}
	}
	return all
}

// reasonOf is why an object's steps replace it.
func reasonOf(steps []map[string]any) string {
	for _, s := range steps {
		if reason := text(s, "reason"); reason != "" {
			return reason
		}
	}
	return ""
}

// startOf returns the value that the tenant had before a change.
func startOf(change any) any {
	ends, ok := change.([]any)
	if !ok {
		return nil
	}
	return ends[0]
}

func orNothing(value any) string {
	if value == nil {
		return "not set"
	}
	return jsonLine(value)
}

func shown(change any) string {
	ends, ok := change.([]any)
	if !ok {
		return "unchanged"
	}
	return jsonLine(ends[1])
}
