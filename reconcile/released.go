package reconcile

import (
	"maps"
	"slices"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// released finds stacks that were released. Graph never changes the uniqueName of a group, so a
// released group keeps the name that marks the groups of the stack. But the stack has no marked
// application or user any more, and the tenant has an application with a uniqueName of the stack
// and without its tag. The stack does not own such a group unless it declares the group again.
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
		queries = append(queries, query{read: graph.ApplicationsNamed(name + "."), take: each(func(m map[string]any) error {
			if owner, _ := stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags")); owner == "" {
				for _, o := range groups[name] {
					o.Stack = ""
				}
			}
			return nil
		})})
	}
	err := t.run(queries)
	t.state.Deleted = slices.DeleteFunc(t.state.Deleted, func(o *plan.Live) bool { return o.Stack == "" })
	return err
}
