package reconcile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Reader reads a tenant.
type Reader struct {
	Graph *graph.Client
	Keep  Keep
	Now   func() time.Time

	// Lag is the maximum time until the tenant shows a write of this machine.
	Lag time.Duration

	RotateCommand string // the command for new secrets in notes

	// Manifests are the manifests of stacks that are destroyed: objects that they adopt are
	// identified only by appId.
	Manifests []*stack.Stack

	// Home is where the applications of customers' stacks are registered.
	Home Home

	// Prove, if set, returns which of the stored credentials the tenant accepts.
	Prove func(ctx context.Context, kept []Credential) (good []bool, err error)

	// Accepts, if set, finds the values of secrets of earlier versions.
	Accepts Accepts
}

// Read returns the objects of the stacks, of the stacks named in others (for a destroy
// without manifests), and all objects that they refer to. It reads whole lists, each
// with an expanded relation. It reads an object individually only if no list contains
// it, or if Graph did not expand all of its relations.
func (r Reader) Read(ctx context.Context, stacks []*stack.Stack, others []string) (*plan.State, error) {
	t := &tenant{Reader: r, ctx: ctx, began: r.Now(), managed: map[string]bool{}, adopts: adoptions(slices.Concat(stacks, r.Manifests)),
		state: &plan.State{Objects: map[plan.Key]*plan.Live{}, Existing: map[plan.Key]plan.Key{}},
		byID:  map[string]plan.Key{}, referenced: map[string]bool{}}
	for _, s := range stacks {
		t.managed[s.Name] = true
	}
	for _, name := range others {
		t.managed[name] = true
	}
	caller, err := r.Graph.Caller(ctx)
	if err != nil {
		return nil, err
	}
	t.state.Caller, t.state.Permissions = caller.ID, caller.Permissions
	for _, read := range []func([]*stack.Stack) error{
		t.marked, t.released, t.customers, t.named, t.servicePrincipals, t.relations, t.kept,
		func([]*stack.Stack) error { return t.pending() },
	} {
		if err := read(stacks); err != nil {
			return nil, err
		}
	}
	slices.Sort(t.state.Notes)
	return t.state, nil
}

// tenant is the state of one Read.
type tenant struct {
	Reader
	ctx     context.Context
	managed map[string]bool
	adopts  map[string]adoption // by appId

	deletedApplications map[string]string // appId → object id in the recycle bin, of any owner
	state               *plan.State

	began    time.Time
	mistakes stack.Mistakes
	byID     map[string]plan.Key // object id of a user, group or service principal → its key

	related    map[string]related          // by navigation property: relations from lists
	grants     map[string][]map[string]any // admin consent, by client and by resource; nil if no list contains it
	principals map[string]map[string]any   // marked service principals, by appId

	declared   map[plan.Key]*stack.Application
	provable   []provable      // the credentials that Prove tests
	relation   []func()        // adds a relation, once all its ends are known
	referenced map[string]bool // ids of the service principals that relations refer to
}

// related contains the related objects of objects, by id. An object is missing if its relation was
// not read completely.
type related map[string][]map[string]any

// query is a read and the function that processes its result.
type query struct {
	read graph.Read
	take func(graph.Result) error

	// optional is true if a list is only faster: without it, the objects are read one by one.
	optional bool
}

// run sends queries and passes on their results in order.
func (t *tenant) run(queries []query) error {
	results, errs := make([]graph.Result, len(queries)), make([]error, len(queries))
	requests := make([]graph.Request, len(queries))
	for i, q := range queries {
		requests[i] = q.read.Then(func(r graph.Result, err error) []graph.Request {
			results[i], errs[i] = r, err
			return nil
		})
	}
	if err := t.Graph.Do(t.ctx, requests...); err != nil {
		return err
	}
	for i, q := range queries {
		if errs[i] != nil && q.optional && (graph.Denied(errs[i]) || graph.Lasting(errs[i])) {
			continue
		}
		if errs[i] != nil {
			return errs[i]
		}
		if err := q.take(results[i]); err != nil {
			return err
		}
	}
	return nil
}

// expanded reads a list with a relation.
func (t *tenant) expanded(list graph.Read, navigation string) query {
	return query{read: list.Expanding(navigation), optional: true, take: func(r graph.Result) error {
		all := t.related[navigation]
		if all == nil {
			all = related{}
			t.related[navigation] = all
		}
		return each(func(m map[string]any) error {
			entries, _ := m[navigation].([]any)
			if len(entries) >= graph.MaxExpanded {
				return nil // there may be more
			}
			objects := make([]map[string]any, 0, len(entries))
			for _, e := range entries {
				if o, ok := e.(map[string]any); ok {
					objects = append(objects, o)
				}
			}
			all[str(m, "id")] = objects
			return nil
		})(r)
	}}
}

// relatedOf uses an object's relation from a list, or reads the relation if no list contains it.
func (t *tenant) relatedOf(id, navigation string, read graph.Read, take func(map[string]any) error) ([]query, error) {
	shown, ok := t.related[navigation][id]
	if !ok {
		return []query{{read: read, take: each(take)}}, nil
	}
	for _, m := range shown {
		if err := take(m); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// each passes on every item of a collection, or the single object.
func each(take func(map[string]any) error) func(graph.Result) error {
	return func(r graph.Result) error {
		items := r.Items
		if r.Object != nil {
			items = append(items, r.Object)
		}
		for _, raw := range items {
			m := map[string]any{}
			if err := json.Unmarshal(raw, &m); err != nil {
				return fmt.Errorf("read the tenant: %w", err)
			}
			if err := take(m); err != nil {
				return err
			}
		}
		return nil
	}
}

// marked reads all objects with a stack's mark, also in the recycle bin, and the applications that
// the stacks name by appId.
func (t *tenant) marked(stacks []*stack.Stack) error {
	bin := func(kind plan.Kind) func(graph.Result) error {
		return each(func(m map[string]any) error {
			o := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: kind, Name: str(m, "id")}, Display: str(m, "displayName"), Properties: m},
				ID: str(m, "id"), AppID: str(m, "appId")}
			switch kind {
			case plan.Group:
				o.Stack, _ = stack.StackOfGroup(str(m, "uniqueName"))
			case plan.User:
				o.Stack, _ = userStack(m)
			case plan.Application:
				t.deletedApplications[strings.ToLower(o.AppID)] = o.ID
				o.Stack, _ = stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags"))
			default:
				o.Stack = t.binned(m)
			}
			if t.ofCustomer() && kind != plan.ServicePrincipal {
				return nil // the stacks own only service principals there
			}
			if o.Stack != "" {
				t.state.Deleted = append(t.state.Deleted, o)
			}
			return nil
		})
	}
	applications, principals := graph.ApplicationsTagged(stack.MarkPrefix), graph.ServicePrincipalsTagged(stack.MarkPrefix)
	groups := graph.GroupsNamed(stack.GroupNamePrefix)
	t.related, t.principals, t.deletedApplications = map[string]related{}, map[string]map[string]any{}, map[string]string{}
	queries := []query{
		{read: graph.Organization(), take: func(r graph.Result) error {
			o, err := r.Tenant()
			t.state.Tenant, t.state.Domains = plan.Tenant{ID: o.ID, Domain: o.Domain}, o.Domains
			return err
		}},
		{read: applications, take: each(t.application)},
		{read: groups, take: each(t.group)},
		{read: graph.UsersMarked(stack.MarkPrefix), take: each(t.user)},
		{read: principals, optional: true, take: each(func(m map[string]any) error {
			t.principals[str(m, "appId")] = m
			return nil
		})},
		{read: graph.AdminGrants(), optional: true, take: func(r graph.Result) error {
			t.grants = map[string][]map[string]any{}
			return each(func(m map[string]any) error {
				for _, end := range []string{str(m, "clientId"), str(m, "resourceId")} {
					t.grants[end] = append(t.grants[end], m)
				}
				return nil
			})(r)
		}},
		t.expanded(applications, graph.NavOwners),
		t.expanded(applications, graph.NavFederatedCredentials),
		t.expanded(principals, graph.NavOwners),
		t.expanded(principals, graph.NavAssignedTo),
		t.expanded(principals, graph.NavAssignments),
		t.expanded(groups, graph.NavMembers),
		t.expanded(groups, graph.NavOwners),
		{read: graph.DeletedApplications(), take: bin(plan.Application)},
		{read: graph.DeletedServicePrincipals(), take: bin(plan.ServicePrincipal)},
		{read: graph.DeletedGroups(), take: bin(plan.Group)},
		{read: graph.DeletedUsers(), take: bin(plan.User)},
		{read: graph.AppManagementPolicy(), optional: true, take: func(r graph.Result) error {
			t.state.AppManagement.Default = r.Object
			return nil
		}},
		{read: graph.AppManagementPolicies(), optional: true, take: func(r graph.Result) error {
			t.state.AppManagement.Custom = len(r.Items) > 0
			return nil
		}},
	}
	if err := t.run(append(queries, t.externals(stacks)...)); err != nil {
		return err
	}
	return t.adoptedLists()
}

func byName(a, b plan.Key) int {
	return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
}

func str(m map[string]any, property string) string {
	s, _ := m[property].(string)
	return s
}

func strs(m map[string]any, property string) []string {
	list, _ := m[property].([]any)
	all := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
