package terraform

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Plan contains the actions that Terraform is going to execute.
type Plan struct {
	Exists    bool           // something exists already
	Resources []Resource     // the resources that change, by address
	Outputs   map[string]any // afterwards, if they are known and not sensitive

	// ChangedOutputs are the values of outputs that change. The path begins with the name.
	ChangedOutputs []Attribute
}

// Resource is a resource that changes.
type Resource struct {
	Address    string // within the module
	Action     string // create, update, replace, delete
	Attributes []Attribute
}

// Attribute is a value that changes: a leaf of the resource's attributes.
type Attribute struct {
	Path      string
	From, To  any
	Unknown   bool // To is known only afterwards
	Sensitive bool // From and To are left out
}

// planOf reads a plan as the program shows it in JSON.
func planOf(shown *tfjson.Plan) *Plan {
	p := &Plan{Outputs: map[string]any{}}
	if shown.PriorState != nil && shown.PriorState.Values != nil {
		p.Exists = hasResources(shown.PriorState.Values.RootModule)
	}
	for _, change := range shown.ResourceChanges {
		action := actionOf(change.Change.Actions)
		address, ours := strings.CutPrefix(change.Address, callPrefix)
		if action == "" || !ours || change.Mode != tfjson.ManagedResourceMode {
			continue // it does not change, is only read, or is the placeholder for unknown values
		}
		p.Resources = append(p.Resources, Resource{address, action, attributes(change.Change)})
	}
	slices.SortFunc(p.Resources, func(a, b Resource) int { return strings.Compare(a.Address, b.Address) })
	for _, name := range slices.Sorted(maps.Keys(shown.OutputChanges)) {
		change := shown.OutputChanges[name]
		p.Exists = p.Exists || change.Before != nil // also a module without resources
		p.ChangedOutputs = append(p.ChangedOutputs, outputChanges(name, change)...)
		if change.AfterUnknown == nil || change.AfterUnknown == false {
			if change.AfterSensitive != true && change.After != nil {
				p.Outputs[name] = change.After
			}
		}
	}
	return p
}

// outputChanges returns the values of an output that differ, or the whole output if no value shows
// the difference, as for an empty list.
func outputChanges(name string, c *tfjson.Change) []Attribute {
	all := attributes(c)
	for i := range all {
		all[i].Path = outputPath(name, all[i].Path)
	}
	if len(all) == 0 && !reflect.DeepEqual(c.Before, c.After) {
		return []Attribute{{Path: name, From: c.Before, To: c.After}}
	}
	return all
}

// compareRecord adds the outputs whose planned value differs from the recorded one
// although Terraform's state contains it: an apply on another machine, or one that was
// killed, has changed them.
func (p *Plan) compareRecord(r Record) {
	for name, value := range p.Outputs {
		changes := func(a Attribute) bool { return within(a.Path, name) }
		if !reflect.DeepEqual(r.Outputs[name], value) && !slices.ContainsFunc(p.ChangedOutputs, changes) {
			p.ChangedOutputs = append(p.ChangedOutputs, Attribute{Path: name, From: r.Outputs[name], To: value})
		}
	}
	slices.SortFunc(p.ChangedOutputs, func(a, b Attribute) int { return comparePaths(a.Path, b.Path) })
}

// outputPath returns the path of a value within an output.
func outputPath(name, path string) string {
	if path == "" || path[0] == '[' {
		return name + path
	}
	return name + "." + path
}

// hasResources reports whether a module has created something. A state can contain data sources
// and outputs before that.
func hasResources(m *tfjson.StateModule) bool {
	return m != nil && (slices.ContainsFunc(m.Resources, func(r *tfjson.StateResource) bool { return r.Mode == tfjson.ManagedResourceMode }) ||
		slices.ContainsFunc(m.ChildModules, hasResources))
}

func actionOf(a tfjson.Actions) string {
	switch {
	case a.Create():
		return "create"
	case a.Update():
		return "update"
	case a.Replace():
		return "replace"
	case a.Delete():
		return "delete"
	}
	return ""
}

// attributes returns the leaves that differ.
func attributes(c *tfjson.Change) []Attribute {
	before, after := map[string]any{}, map[string]any{}
	flatten("", c.Before, before)
	flatten("", c.After, after)
	unknowns, secretBefore, secretAfter := map[string]any{}, map[string]any{}, map[string]any{}
	flatten("", c.AfterUnknown, unknowns)
	flatten("", c.BeforeSensitive, secretBefore)
	flatten("", c.AfterSensitive, secretAfter)
	paths := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	for path, is := range unknowns {
		if is == true {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, comparePaths)
	var all []Attribute
	for _, path := range slices.Compact(paths) {
		a := Attribute{Path: path, From: before[path], To: after[path], Unknown: holds(unknowns, path),
			Sensitive: holds(secretBefore, path) || holds(secretAfter, path)}
		if !a.Unknown && reflect.DeepEqual(a.From, a.To) || path == "id" && a.Unknown {
			continue
		}
		if a.Sensitive {
			a.From, a.To = nil, nil
		}
		all = append(all, a)
	}
	return all
}

// holds reports whether a path, or one of its parents, is marked.
func holds(marks map[string]any, path string) bool {
	for marked, is := range marks {
		if is == true && within(path, marked) {
			return true
		}
	}
	return false
}

// within reports whether a path is another path or below it.
func within(path, other string) bool {
	rest, is := strings.CutPrefix(path, other)
	return is && (other == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// comparePaths orders paths by name, and the elements of a list by index.
func comparePaths(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "["), strings.Split(b, "["), func(a, b string) int {
		indexA, restA, _ := strings.Cut(a, "]")
		indexB, restB, _ := strings.Cut(b, "]")
		i, errA := strconv.Atoi(indexA)
		j, errB := strconv.Atoi(indexB)
		if errA != nil || errB != nil {
			return strings.Compare(a, b)
		}
		return cmp.Or(cmp.Compare(i, j), strings.Compare(restA, restB))
	})
}

// flatten adds the leaves of a value to a map, by path. It leaves out null.
func flatten(path string, v any, into map[string]any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for name, e := range v {
			below := name
			if path != "" {
				below = path + "." + name
			}
			flatten(below, e, into)
		}
	case []any:
		for i, e := range v {
			flatten(path+"["+strconv.Itoa(i)+"]", e, into)
		}
	default:
		into[path] = v
	}
}

// Differs lists the differences between a plan and the reviewed one: another resource
// or output, another action, or another known value. A value that was unknown in the
// reviewed plan may have any value now. An action that is no longer needed is not a
// difference.
func (p *Plan) Differs(reviewed *Plan) []string {
	var all []string
	for _, now := range p.Resources {
		i := slices.IndexFunc(reviewed.Resources, func(r Resource) bool { return r.Address == now.Address })
		if i < 0 || reviewed.Resources[i].Action != now.Action {
			all = append(all, now.Action+" "+now.Address)
			continue
		}
		for _, a := range now.Attributes {
			if !reviewed.Resources[i].foresees(a) {
				all = append(all, now.Address+" "+a.Path)
			}
		}
	}
	for _, a := range p.ChangedOutputs {
		if !(Resource{Attributes: reviewed.ChangedOutputs}).foresees(a) {
			all = append(all, "output "+a.Path)
		}
	}
	return all
}

// foresees reports whether the reviewed resource has an attribute's new value, or
// showed the value as unknown.
func (r Resource) foresees(a Attribute) bool {
	return slices.ContainsFunc(r.Attributes, func(was Attribute) bool {
		switch {
		case was.Unknown:
			return within(a.Path, was.Path)
		case was.Sensitive || a.Sensitive:
			return was.Path == a.Path
		}
		return was.Path == a.Path && !a.Unknown && reflect.DeepEqual(was.To, a.To)
	})
}
