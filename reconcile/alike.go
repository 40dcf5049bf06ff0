package reconcile

import (
	"slices"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// alike looks for unmanaged applications and groups with the same display name as a
// new one.
func (t *tenant) alike(stacks []*stack.Stack) []query {
	applications, groups := map[string]string{}, map[string]string{} // displayName → uniqueName
	missing := func(into map[string]string, kind plan.Kind, uniqueName, displayName string) {
		if t.state.Objects[plan.Key{Kind: kind, Name: uniqueName}] == nil && displayName != "" {
			into[stack.InTenant(displayName, t.state.Tenant.ID, t.state.Tenant.Domain)] = uniqueName
		}
	}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if !a.Existing && a.Adopt == "" && s.Home == "" {
				missing(applications, plan.Application, s.UniqueName(a.Name), a.DisplayName)
			}
		}
		for _, g := range s.Groups {
			if !g.Existing {
				missing(groups, plan.Group, s.GroupUniqueName(g.Name), g.DisplayName)
			}
		}
	}
	var queries []query
	for names := range slices.Chunk(names(applications), graph.MaxNames) {
		queries = append(queries, query{read: graph.ApplicationsDisplayed(names...), take: each(func(m map[string]any) error {
			if owner, _ := stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags")); owner == "" {
				t.note("application %s will be created, and the tenant already has an unmanaged application with displayName %q: to refer to it, set `existing: true` and `appId: %s`; to let the stack own it, set `adopt: %[3]s`",
					applications[str(m, "displayName")], str(m, "displayName"), str(m, "appId"))
			}
			return nil
		})})
	}
	for names := range slices.Chunk(names(groups), graph.MaxNames) {
		queries = append(queries, query{read: graph.GroupsDisplayed(names...), take: each(func(m map[string]any) error {
			if owner, _ := stack.StackOfGroup(str(m, "uniqueName")); owner == "" {
				t.note("group %s will be created, and the tenant already has an unmanaged group with displayName %q (%s): to use that one, set `existing: true`",
					groups[str(m, "displayName")], str(m, "displayName"), str(m, "id"))
			}
			return nil
		})})
	}
	return queries
}

func names(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
