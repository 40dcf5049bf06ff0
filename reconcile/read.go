package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Reader reads a tenant.
type Reader struct {
	Graph *graph.Client
	Keep  Keep
	Now   func() time.Time

	RotateCommand string // what notes name to make new secrets

	// Prove, when set, tells which of the kept credentials the tenant takes.
	Prove func(ctx context.Context, kept []Credential) (good []bool, err error)
}

// Read returns what the tenant holds of the stacks, of those named in others
// (which a destroy takes away without manifests), and of all that they refer
// to. It reads in lists and batches: the number of requests grows by one for
// every five applications or so.
func (r Reader) Read(ctx context.Context, stacks []*stack.Stack, others []string) (*plan.State, error) {
	t := &tenant{Reader: r, ctx: ctx, managed: map[string]bool{},
		state: &plan.State{Objects: map[plan.Key]*plan.Object{}, Existing: map[plan.Key]plan.Key{}},
		byID:  map[string]plan.Key{}, strangers: map[string]bool{}}
	for _, s := range stacks {
		t.managed[s.Name] = true
	}
	for _, name := range others {
		t.managed[name] = true
	}
	organization, err := r.Graph.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	t.state.Tenant = plan.Tenant{ID: organization.ID, Domain: organization.Domain}
	if t.state.Caller, err = r.Graph.Caller(ctx); err != nil {
		return nil, err
	}
	for _, read := range []func([]*stack.Stack) error{
		t.marked, t.named, t.alike, t.servicePrincipals, t.relations, t.kept,
	} {
		if err := read(stacks); err != nil {
			return nil, err
		}
	}
	slices.Sort(t.state.Notes)
	return t.state, nil
}

// tenant is one reading.
type tenant struct {
	Reader
	ctx     context.Context
	managed map[string]bool
	state   *plan.State
	byID    map[string]plan.Key // object id of a user, group or service principal → its key

	declared  map[plan.Key]*stack.Application
	provable  []provable      // what Prove is asked
	relation  []func()        // adds a relation, once all its ends are known
	strangers map[string]bool // service principals' ids that these name
}

type query struct {
	read graph.Read
	take func(graph.Result) error
}

func (t *tenant) run(queries []query) error {
	reads := make([]graph.Read, len(queries))
	for i, q := range queries {
		reads[i] = q.read
	}
	results, err := t.Graph.Read(t.ctx, reads...)
	if err != nil {
		return err
	}
	for i, q := range queries {
		if err := q.take(results[i]); err != nil {
			return err
		}
	}
	return nil
}

// each takes every item of a collection, or the single object.
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

// marked reads everything that carries a stack's mark, the recycle bin too.
func (t *tenant) marked([]*stack.Stack) error {
	bin := func(kind plan.Kind) func(graph.Result) error {
		return each(func(m map[string]any) error {
			o := &plan.Object{Key: plan.Key{Kind: kind, Name: str(m, "id")}, ID: str(m, "id"), AppID: str(m, "appId"), Display: str(m, "displayName")}
			switch kind {
			case plan.Group:
				o.Stack, _ = stack.StackOfGroup(str(m, "uniqueName"))
			case plan.User:
				o.Stack, _ = userStack(m)
			case plan.Application:
				o.Stack, _ = stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags"))
			default:
				o.Stack = stack.StackOfTags(strs(m, "tags"))
			}
			if o.Stack != "" {
				t.state.Deleted = append(t.state.Deleted, o)
			}
			return nil
		})
	}
	return t.run([]query{
		{graph.ApplicationsTagged(stack.MarkPrefix), each(t.application)},
		{graph.GroupsNamed(stack.GroupNamePrefix), each(t.group)},
		{graph.UsersMarked(stack.MarkPrefix), each(t.user)},
		{graph.DeletedApplications(), bin(plan.Application)},
		{graph.DeletedServicePrincipals(), bin(plan.ServicePrincipal)},
		{graph.DeletedGroups(), bin(plan.Group)},
		{graph.DeletedUsers(), bin(plan.User)},
	})
}

// application takes a registration. One whose uniqueName no stack could have
// given belongs to none, whatever its tags say, and is known by its appId.
func (t *tenant) application(m map[string]any) error {
	owner, marked := stack.StackOfApplication(str(m, "uniqueName"), strs(m, "tags"))
	name := str(m, "uniqueName")
	if owner == "" {
		name = str(m, "appId")
	}
	if marked && owner == "" {
		t.unmanaged("application", m, "uniqueName")
	}
	t.state.Objects[plan.Key{Kind: plan.Application, Name: name}] = &plan.Object{
		Key: plan.Key{Kind: plan.Application, Name: name}, Stack: owner, Display: display(name, m),
		Properties: m, ID: str(m, "id"), AppID: str(m, "appId")}
	return nil
}

// unmanaged notes an object with a stack's mark that provision has not made.
func (t *tenant) unmanaged(kind string, m map[string]any, property string) {
	t.note("%s %q (%s) has the mark of a stack, but provision did not create it: its mark and its %s %q do not match; it is unmanaged and not changed",
		kind, str(m, "displayName"), str(m, "id"), property, str(m, property))
}

func (t *tenant) note(format string, args ...any) {
	t.state.Notes = append(t.state.Notes, fmt.Sprintf(format, args...))
}

// display is a name for people where the natural key is an id.
func display(name string, m map[string]any) string {
	if name == str(m, "appId") || name == str(m, "id") {
		return str(m, "displayName")
	}
	return ""
}

func (t *tenant) user(m map[string]any) error {
	k := plan.Key{Kind: plan.User, Name: strings.ToLower(str(m, "userPrincipalName"))}
	owner, marked := userStack(m)
	if marked && owner == "" {
		t.unmanaged("user", m, "userPrincipalName")
	}
	if !validUPN(k.Name) {
		k.Name = str(m, "id")
	}
	t.state.Objects[k] = &plan.Object{Key: k, Stack: owner, Display: display(k.Name, m), Properties: m, ID: str(m, "id")}
	t.byID[str(m, "id")] = k
	return nil
}

// userStack is the stack whose mark a user carries; marked tells of any mark.
func userStack(m map[string]any) (name string, marked bool) {
	extensions, _ := m["onPremisesExtensionAttributes"].(map[string]any)
	name, marked = stack.StackOfMark(str(extensions, "extensionAttribute15"))
	if !validUPN(str(m, "userPrincipalName")) {
		name = ""
	}
	return name, marked
}

// validUPN tells whether a user can be known by a userPrincipalName.
func validUPN(name string) bool {
	return strings.Count(name, "@") == 1 && !strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`/\?%{}"`, r)
	})
}

func (t *tenant) group(m map[string]any) error {
	name := str(m, "uniqueName")
	owner, marked := stack.StackOfGroup(name)
	if marked && owner == "" {
		t.unmanaged("group", m, "uniqueName")
	}
	if name == "" || marked && owner == "" {
		name = str(m, "id")
	}
	k := plan.Key{Kind: plan.Group, Name: name}
	t.state.Objects[k] = &plan.Object{Key: k, Stack: owner, Display: display(name, m), Properties: m, ID: str(m, "id")}
	t.byID[str(m, "id")] = k
	return nil
}

// servicePrincipals reads the instances of the applications at hand.
func (t *tenant) servicePrincipals(stacks []*stack.Stack) error {
	others := map[string]bool{} // applications of other stacks that these refer to
	for _, s := range stacks {
		refer := func(ref string) { others[strings.Replace(ref, "/", ".", 1)] = true }
		for _, a := range s.Applications {
			for _, p := range a.Permissions {
				refer(p.Resource)
			}
		}
		for _, owner := range owners(s) {
			refer(owner)
		}
	}
	var queries []query
	for _, k := range slices.SortedFunc(maps.Keys(t.state.Objects), byName) {
		app := t.state.Objects[k]
		if k.Kind != plan.Application || app.ServicePrincipalID != "" {
			continue
		}
		if app.Stack != "" && !t.managed[app.Stack] && !others[app.Name] {
			continue
		}
		queries = append(queries, query{graph.ServicePrincipalWithOwners(app.AppID), each(func(m map[string]any) error {
			app.ServicePrincipalID = str(m, "id")
			t.byID[app.ServicePrincipalID] = app.Key
			sp := plan.Key{Kind: plan.ServicePrincipal, Name: app.Name}
			t.state.Objects[sp] = &plan.Object{Key: sp, Stack: app.Stack, Properties: m, ID: str(m, "id")}
			return nil
		})})
	}
	return t.run(queries)
}

func byName(a, b plan.Key) int { return strings.Compare(a.String(), b.String()) }

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
