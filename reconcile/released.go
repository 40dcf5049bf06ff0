package reconcile

import (
	"maps"
	"slices"
	"strings"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// released finds stacks that were released. Graph never changes the uniqueName of a group, so a
// released group keeps the name that marks the groups of the stack. But the stack has no marked
// application or user any more, and the tenant has an application without its tag that has a
// uniqueName of the stack or that a manifest of the stack adopts. The stack does not own such a
// group unless it declares the group again.
func (t *tenant) released(stacks []*stack.Stack) error {
	declared := map[string]bool{}
	for _, s := range stacks {
		for _, g := range s.Groups {
			declared[s.GroupUniqueName(g.Name)] = !g.Existing
		}
	}
	groups := map[string][]*plan.Live{}
	add := func(o *plan.Live) {
		if o.Kind == plan.Group && t.managed[o.Stack] && !declared[str(o.Properties, "uniqueName")] {
			groups[o.Stack] = append(groups[o.Stack], o)
		}
	}
	for _, o := range t.state.Objects {
		add(o)
	}
	for _, o := range t.state.Deleted {
		add(o)
	}
	for _, o := range t.state.Objects {
		if o.Kind == plan.Application || o.Kind == plan.User {
			delete(groups, o.Stack)
		}
	}
	var queries []query
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		release := func(m map[string]any) error {
			if owner, _ := stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags")); owner == "" {
				for _, o := range groups[name] {
					o.Stack = ""
				}
			}
			return nil
		}
		queries = append(queries, query{read: graph.ApplicationsNamed(name + "."), take: each(release)})
		for _, s := range t.Manifests {
			for _, a := range s.Applications {
				if s.Name == name && a.Adopt != "" {
					queries = append(queries, query{read: graph.ApplicationByAppID(strings.ToLower(a.Adopt)), take: each(release)})
				}
			}
		}
	}
	err := t.run(queries)
	t.state.Deleted = slices.DeleteFunc(t.state.Deleted, func(o *plan.Live) bool { return o.Stack == "" })
	return err
}
