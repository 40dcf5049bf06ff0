package adopt

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// Lost is a part of a registration that manifests cannot contain.
type Lost struct {
	Application string `json:"application"` // the document's name
	Property    string `json:"property"`
	Reason      string `json:"reason"`
}

func (l Lost) String() string { return l.Application + ": " + l.Property + ": " + l.Reason }

// Imported is a stack that was read from a tenant.
type Imported struct {
	Stack *stack.Stack
	Lost  []Lost // by application and property

	files        []File
	certificates map[string][]byte     // file → DER
	specs        map[string]*yaml.Node // of applications that lack something, by name
}

// Read reads registrations back as a stack that adopts them.
func Read(ctx context.Context, reader reconcile.Reader, name string, registrations []Registration) (*Imported, error) {
	names := namer{stackFile: true, existingFile: true}
	shell := &stack.Stack{Name: name}
	for _, r := range registrations {
		shell.Applications = append(shell.Applications, &stack.Application{Name: names.name(r.DisplayName, "app-"+r.AppID), Adopt: r.AppID, DisplayName: r.DisplayName, Owners: []string{}})
	}
	state, err := reader.Read(ctx, []*stack.Stack{shell}, nil)
	if err != nil {
		return nil, err
	}
	directory, err := look(ctx, reader.Graph, state)
	if err != nil {
		return nil, err
	}
	flexible, err := flexibleCredentials(ctx, reader.Graph, state)
	if err != nil {
		return nil, err
	}
	w := &writer{state: state, directory: directory, flexible: flexible, names: names, users: map[string]string{}, groups: map[string]string{}, others: map[string]string{}, byAppID: map[string]*stack.Application{},
		relations: map[plan.Key][]*plan.Live{}, out: &Imported{Stack: shell, certificates: map[string][]byte{}}}
	w.index()
	for _, a := range shell.Applications {
		if err := w.application(a); err != nil {
			return nil, err
		}
	}
	w.existing()
	if err := w.out.settle(); err != nil {
		return nil, err
	}
	return w.out, nil
}

// writer turns a state into the stack that declares it.
type writer struct {
	state     *plan.State
	directory *directory
	flexible  map[string]map[string]any // federated credentials with an expression, by id
	names     namer                     // of applications

	byAppID   map[string]*stack.Application
	relations map[plan.Key][]*plan.Live // of each imported application, in both directions

	users, groups, others map[string]string // object ids and, of others, appIds → the name of an existing one's document
	consents              map[string][]*plan.Live

	out *Imported
}

func (w *writer) key(a *stack.Application) plan.Key {
	return plan.Key{Kind: plan.Application, Name: stack.UniqueName(w.out.Stack.Name, a.Name)}
}

func (w *writer) lose(a *stack.Application, property, format string, args ...any) {
	w.out.Lost = append(w.out.Lost, Lost{a.Name, property, fmt.Sprintf(format, args...)})
}

// ignore adds a property that the manifest cannot contain to metadata.ignore.
func (w *writer) ignore(a *stack.Application, property, format string, args ...any) {
	w.lose(a, property, format, args...)
	if !slices.Contains(a.Protection.Ignore, property) {
		a.Protection.Ignore = append(a.Protection.Ignore, property)
		slices.Sort(a.Protection.Ignore)
	}
}

// index finds the relations of each application.
func (w *writer) index() {
	for _, a := range w.out.Stack.Applications {
		w.byAppID[a.Adopt] = a
	}
	w.consents = map[string][]*plan.Live{}
	for _, o := range ordered(w.state) {
		if o.Ends == (plan.Ends{}) {
			continue
		}
		w.relations[o.Ends.Resource] = append(w.relations[o.Ends.Resource], o)
		if o.Kind == plan.Grant || o.Kind == plan.Assignment {
			client := w.directory.principals[o.PrincipalID]
			w.consents[client] = append(w.consents[client], o)
		}
	}
}

// ordered returns the objects of a state by kind and name.
func ordered(state *plan.State) []*plan.Live {
	return slices.SortedFunc(maps.Values(state.Objects), func(a, b *plan.Live) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
}

// application writes the properties of a registration into its document.
func (w *writer) application(a *stack.Application) error {
	live := w.state.Objects[w.key(a)]
	if live == nil {
		return fmt.Errorf("registration %s is no longer in the tenant", a.Adopt)
	}
	read := stack.Application{}
	raw, err := json.Marshal(live.Properties)
	if err == nil {
		err = json.Unmarshal(raw, &read)
	}
	if err != nil {
		return fmt.Errorf("read registration %s: %w", a.Adopt, err)
	}
	read.Name, read.Adopt, read.AppID, read.UniqueName = a.Name, a.Adopt, "", ""
	read.Protection.Prevent = []string{"delete"}
	*a = read
	w.plainProperties(a)
	w.entitlements(a)
	w.clients(a, live)
	w.credentials(a, live)
	w.servicePrincipal(a, live)
	w.permissions(a, live)
	w.assignments(a, live)
	w.owners(a)
	w.unknown(a, live)
	return nil
}

// flexibleCredentials reads the federated credentials that have no subject again: only
// the beta version of Graph returns their expressions.
func flexibleCredentials(ctx context.Context, client *graph.Client, state *plan.State) (map[string]map[string]any, error) {
	resources := map[string]bool{}
	for _, o := range state.Objects {
		if o.Kind == plan.Federated && text(o.Properties, "subject") == "" {
			resources[o.ResourceID] = true
		}
	}
	all := map[string]map[string]any{}
	d := &directory{}
	var reads []graph.Read
	var takes []func(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		reads, takes = append(reads, graph.FlexibleFederatedCredentials(id)), append(takes, func(m map[string]any) { all[text(m, "id")] = m })
	}
	return all, d.read(ctx, client, reads, takes)
}
