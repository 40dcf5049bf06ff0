package reconcile

import (
	"maps"
	"slices"
	"strings"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// adoption is an application that a manifest adopts.
type adoption struct {
	stack       string
	key         plan.Key
	application *stack.Application
}

// adoptions returns the adopted applications of stacks, by appId.
func adoptions(stacks []*stack.Stack) map[string]adoption {
	all := map[string]adoption{}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if a.Adopt != "" {
				all[strings.ToLower(a.Adopt)] = adoption{s.Name, plan.Key{Kind: plan.Application, Name: s.UniqueName(a.Name)}, a}
			}
		}
	}
	return all
}

// manyAdoptions is the number from which reading the whole list of applications is
// faster.
const manyAdoptions = 40

// adoptedLists reads the applications that manifests adopt and that do not carry the
// mark of their stack yet. If it reads lists, it also reads their relations.
func (t *tenant) adoptedLists() error {
	missing := t.notAdopted()
	if len(missing) <= manyAdoptions {
		return nil
	}
	take := func(m map[string]any) error {
		if _, ok := missing[str(m, "appId")]; ok {
			return t.application(m)
		}
		return nil
	}
	applications, principals := graph.EveryApplication(), graph.EveryServicePrincipal()
	return t.run([]query{
		{read: applications, take: each(take)},
		{read: principals, optional: true, take: each(func(m map[string]any) error {
			if _, ok := missing[str(m, "appId")]; ok {
				t.principals[str(m, "appId")] = m
			}
			return nil
		})},
		t.expanded(applications, graph.NavOwners),
		t.expanded(applications, graph.NavFederatedCredentials),
		t.expanded(principals, graph.NavOwners),
		t.expanded(principals, graph.NavAssignedTo),
		t.expanded(principals, graph.NavAssignments),
	})
}

// notAdopted returns the adoptions whose applications were not read yet, by appId.
func (t *tenant) notAdopted() map[string]adoption {
	missing := maps.Clone(t.adopts)
	for k, o := range t.state.Objects {
		if k.Kind == plan.Application {
			delete(missing, strings.ToLower(o.AppID))
		}
	}
	return missing
}

// adoptedAlone looks up one application that a manifest adopts.
func (t *tenant) adoptedAlone(of adoption) []query {
	a := of.application
	if o := t.state.Objects[of.key]; o != nil && strings.EqualFold(o.AppID, a.Adopt) {
		return nil
	}
	return []query{{read: graph.ApplicationByAppID(strings.ToLower(a.Adopt)), take: func(r graph.Result) error {
		if r.Object == nil {
			hint := "correct the appId, or remove adopt to create the application"
			if id := t.deletedApplications[strings.ToLower(a.Adopt)]; id != "" {
				hint = "it is in the recycle bin: restore deletedItems/" + id + " there, in the portal or with Graph, and run the command again"
			}
			t.mistake(a.Pos, hint, "application %s: the tenant has no registration with appId %s", a.Name, a.Adopt)
		}
		return each(t.application)(r)
	}}}
}

// ownedBy returns the stack of an application and the name by which it is known. marked
// reports a mark that does not agree with the uniqueName.
func (t *tenant) ownedBy(m map[string]any) (owner, name string, marked, adopted bool) {
	if t.ofCustomer() {
		return "", str(m, "appId"), false, false
	}
	if a, ok := t.adopts[strings.ToLower(str(m, "appId"))]; ok {
		return a.stack, a.key.Name, false, !slices.Contains(strs(m, "tags"), stack.Mark(a.stack))
	}
	owner, marked = stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags"))
	if owner == "" {
		return "", str(m, "appId"), marked, false
	}
	return owner, str(m, "uniqueName"), true, false
}
