package plan

import "slices"

// Dependencies contains the indices of the steps that one step waits for.
type Dependencies struct {
	Needs []int // must succeed; if one of them fails, the step is skipped
	After []int // must have ended, with any result
}

// Dependencies returns the steps that each step waits for. Every index is smaller than the
// index of the step, so the steps can be executed one after another in their order.
//
// Steps that write to the same object are executed one after another. A principal
// gets permissions only after credentials and owners that others hold are revoked.
// Objects are deleted after all creations and changes of their stack.
func (p *Plan) Dependencies() []Dependencies {
	edges := newGraph(p.Steps).edges
	for i, e := range edges {
		earlier := func(list []int) []int {
			return slices.DeleteFunc(list, func(j int) bool { return j >= i }) // of a cycle, such as two URIs that are exchanged
		}
		edges[i] = Dependencies{Needs: earlier(e.Needs), After: earlier(e.After)}
	}
	return edges
}

// sortSteps puts the steps in an order in which they can be executed.
func sortSteps(steps []Step) []Step {
	order := func(s Step) phase {
		if s.needsHosting() {
			return host
		}
		return s.phase()
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return int(order(a) - order(b)) })
	g := newGraph(steps)
	sorted := make([]Step, 0, len(steps))
	placed := make([]bool, len(steps))
	var place func(i int)
	place = func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true
		for _, j := range slices.Concat(g.edges[i].Needs, g.edges[i].After) {
			place(j)
		}
		sorted = append(sorted, steps[i])
	}
	for i := range steps {
		place(i)
	}
	return sorted
}

// stepGraph finds the steps that a step waits for.
type stepGraph struct {
	steps   []Step
	edges   []Dependencies
	makes   map[Key][]int // steps that create or change an object
	writes  map[Key][]int // steps that write to an object, by phase
	revokes map[Key][]int // steps that revoke the credentials and rights with which others act as an object
	detach  map[Key][]int // deletions of relations, by resource
	frees   map[owned][]int
	rest    map[string][]int // steps of a stack that delete no object and no hosting
	unhosts map[string][]int // steps of a stack that destroy hosting
	admits  map[Key][]int    // steps that create a credential
	uris    map[string]int   // the step that removes an identifier URI from its application
}

// owned is a kind of object of a stack.
type owned struct {
	stack string
	kind  Kind
}

func newGraph(steps []Step) *stepGraph {
	g := &stepGraph{steps: steps, edges: make([]Dependencies, len(steps)), makes: map[Key][]int{}, writes: map[Key][]int{},
		revokes: map[Key][]int{}, detach: map[Key][]int{}, frees: map[owned][]int{}, rest: map[string][]int{}, unhosts: map[string][]int{}, admits: map[Key][]int{}, uris: map[string]int{}}
	for i, s := range steps {
		g.index(i, s)
	}
	for i, s := range steps {
		g.connect(i, s)
	}
	for i, s := range steps {
		if s.phase() == host {
			g.host(i, s)
		}
	}
	for i := range steps {
		e := &g.edges[i]
		for _, list := range []*[]int{&e.Needs, &e.After} {
			slices.Sort(*list)
			*list = slices.DeleteFunc(slices.Compact(*list), func(j int) bool { return j == i })
		}
	}
	return g
}

// object returns the object that a step changes.
func (s Step) object() Key {
	switch {
	case s.Kind == Password:
		return Key{User, s.Name}
	case s.Kind.entry().within:
		return s.Refs.Resource.Key
	}
	return s.Key
}

func (g *stepGraph) index(i int, s Step) {
	o, phase := s.object(), s.phase()
	g.writes[o] = append(g.writes[o], i)
	switch phase {
	case free:
		g.frees[owned{s.Stack, s.Kind}] = append(g.frees[owned{s.Stack, s.Kind}], i)
	case create, update, host:
		g.makes[s.Key] = append(g.makes[s.Key], i)
	case detach:
		g.detach[s.Refs.Resource.Key] = append(g.detach[s.Refs.Resource.Key], i)
	}
	if s.Kind == Secret && s.Action != Delete {
		g.admits[s.Key] = append(g.admits[s.Key], i)
	}
	if phase == revoke || phase == disown || (s.Action == Update || s.Action == Adopt) && phase == update {
		g.revokes[o] = append(g.revokes[o], i)
	}
	if phase == unhost {
		g.unhosts[s.Stack] = append(g.unhosts[s.Stack], i)
	}
	if phase < unhost {
		g.rest[s.Stack] = append(g.rest[s.Stack], i)
	}
	if s.Kind == Application {
		for _, c := range s.Changes {
			if uri, ok := c.Path.entryOf("identifierUris"); ok && c.To == nil {
				g.uris[uri] = i
			}
		}
	}
}

func (g *stepGraph) connect(i int, s Step) {
	for _, k := range s.Needs {
		g.needs(i, g.makes[k])
	}
	if earlier := g.before(g.writes[s.object()], i); len(earlier) > 0 {
		g.after(i, earlier[len(earlier)-1:])
	}
	switch s.phase() {
	case create, update:
		g.after(i, g.frees[owned{s.Stack, s.Kind}])
		g.after(i, g.detach[s.Key])
		for _, c := range s.Changes {
			if uri, ok := c.Path.entryOf("identifierUris"); ok && c.To != nil {
				if j, moved := g.uris[uri]; moved {
					g.needs(i, []int{j})
				}
			}
		}
	case link:
		g.needs(i, g.makes[s.Key])
		g.needs(i, g.control(s.Key))
		for _, client := range s.Clients {
			g.needs(i, g.control(client))
		}
	case own, disown, admit, revoke:
		g.needs(i, g.before(g.makes[s.object()], i))
	case give:
		for _, end := range []Key{s.Refs.Resource.Key, s.Refs.Principal.Key} {
			g.needs(i, g.makes[end])
			g.needs(i, g.makes[Key{ServicePrincipal, end.Name}])
		}
		g.needs(i, g.control(s.Refs.Principal.Key))
	case unhost:
		g.needs(i, g.before(g.rest[s.Stack], i))
		for _, j := range g.unhosts[s.Stack] {
			if slices.Contains(g.steps[j].Needs, s.Key) {
				g.needs(i, []int{j})
			}
		}
	case discard:
		g.needs(i, g.before(g.rest[s.Stack], i))
		g.needs(i, g.before(g.unhosts[s.Stack], i))
	case purge:
		g.needs(i, g.before(g.writes[s.Key], i))
	}
}

// control returns the steps after which only owners and credentials of the manifests can
// act as a principal.
func (g *stepGraph) control(principal Key) []int {
	return slices.Concat(g.revokes[principal], g.revokes[Key{ServicePrincipal, principal.Name}])
}

// before returns the steps of a list that precede step i.
func (g *stepGraph) before(list []int, i int) []int {
	n, _ := slices.BinarySearch(list, i)
	return list[:n]
}

func (g *stepGraph) needs(i int, on []int) { g.edges[i].Needs = append(g.edges[i].Needs, on...) }
func (g *stepGraph) after(i int, on []int) { g.edges[i].After = append(g.edges[i].After, on...) }
