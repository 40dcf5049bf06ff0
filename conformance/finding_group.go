package conformance

import (
	"cmp"
	"slices"
)

// grouping groups the failures of a run into findings.
type grouping struct {
	suite    *Suite
	findings []*Finding
	tested   causesAt         // the causes that cases tested
	failed   causesAt         // the causes of failures, also of blocked ones
	stopped  bool             // no endpoint admits anybody
	base     map[string]*base // by endpoint and alternative: set if nobody is admitted
}

// causesAt are causes by endpoint.
type causesAt map[string]map[CauseID]bool

func (c causesAt) add(endpoint string, causes ...CauseID) {
	if c[endpoint] == nil {
		c[endpoint] = make(map[CauseID]bool)
	}
	for _, id := range causes {
		c[endpoint][id] = true
	}
}

// base is the failure of the token that an endpoint must accept.
type base struct {
	status  int
	finding *Finding // nil: not grouped yet
}

func newGrouping(s *Suite) *grouping {
	return &grouping{suite: s, tested: make(causesAt), failed: make(causesAt), base: make(map[string]*base)}
}

// groupAll groups results into findings, endpoint by endpoint. If the target stopped, the cases
// that found this come first, because they block all others.
func (g *grouping) groupAll(results []*Result) {
	var batches [][]*Result
	for _, r := range results {
		last := len(batches) - 1
		if last < 0 || batches[last][0].Endpoint != r.Endpoint || (batches[last][0].stage >= stageLifecycle) != (r.stage >= stageLifecycle) {
			batches, last = append(batches, nil), last+1
		}
		batches[last] = append(batches[last], r)
	}
	slices.SortStableFunc(batches, func(a, b []*Result) int { return btoi(sawEnd(b)) - btoi(sawEnd(a)) })
	for _, batch := range batches {
		g.group(batch)
	}
}

func sawEnd(results []*Result) bool {
	return slices.ContainsFunc(results, func(r *Result) bool { return r.cause == CauseDown })
}

// group groups the results of one endpoint, or of cases without an endpoint: a failure is evidence
// of a finding, or blocked by one. It requires that all earlier results of the plan are grouped.
func (g *grouping) group(results []*Result) {
	var failed []*Result
	for _, r := range results {
		r.cause = cmp.Or(r.cause, r.Means)
		if r.Outcome == Fail || r.Outcome == Pass || r.Outcome == Note {
			g.tested.add(r.Endpoint, r.Means, r.cause)
			if r.Means == CauseIssuer || r.Means == CauseAudience {
				g.tested.add(r.Endpoint, CauseClaims)
			}
		}
		if r.Outcome == Fail {
			failed = append(failed, r)
		}
		if r.stage == stageBase && r.Outcome == Fail && !success(r.Status) {
			g.base[r.way()] = &base{status: r.Status}
		}
	}
	checksNoClaims(failed)
	requiresEither(results)
	toleratesTooMuch(results)
	refusesLikeForbidden(failed)
	for _, r := range failed {
		g.failed.add(r.Endpoint, r.cause)
		if r.cause == CauseClaims { // of several claims in one
			g.failed.add(r.Endpoint, r.Means)
		}
	}
	// Causes that block others come first; then the order of the plan decides.
	slices.SortStableFunc(failed, func(a, b *Result) int {
		return cmp.Or(a.turn()-b.turn(), b.cause.place()-a.cause.place(), btoi(b.Shows == b.cause)-btoi(a.Shows == a.cause))
	})
	for _, r := range failed {
		by := g.explains(r)
		if by == nil && (r.cause == CauseDebug || r.cause == CauseDebugger) && r.Shows != r.cause {
			by = g.first(r.cause) // every refusal shows it; one is enough
		}
		if by != nil && by.Cause == r.Means && r.cause != CauseClaims {
			r.cause = r.Means // the case tests exactly this cause
			by = nil
		}
		if by != nil {
			r.Outcome, r.Finding = Blocked, by.ID
			by.Blocked = append(by.Blocked, r.ID)
			if b := g.base[r.way()]; b != nil && r.stage == stageBase {
				b.finding = by
			}
			continue
		}
		g.add(r)
	}
	for _, r := range results {
		if !r.vacuous || r.Outcome != Skip {
			continue
		}
		if by := g.emptied(r); by != nil {
			r.Outcome, r.Finding = Blocked, by.ID
			by.Blocked = append(by.Blocked, r.ID)
		}
	}
}

// turn orders the failures for grouping: a failure comes after the failures that
// may block it.
func (r *Result) turn() int {
	turn := r.cause.place()
	for _, by := range r.alsoBlockedBy {
		turn = max(turn, by.place())
	}
	return turn
}

// first returns the first finding of a cause, or nil.
func (g *grouping) first(id CauseID) *Finding {
	if i := slices.IndexFunc(g.findings, func(f *Finding) bool { return f.Cause == id }); i >= 0 {
		return g.findings[i]
	}
	return nil
}

// emptied returns the finding that makes all cases of an endpoint meaningless: the API refuses all
// callers or accepts all callers. It returns nil if there is none.
func (g *grouping) emptied(r *Result) *Finding {
	if b := g.base[r.way()]; b != nil && b.finding != nil {
		return b.finding
	}
	i := slices.IndexFunc(g.findings, func(f *Finding) bool {
		return f.Cause == CauseDown || f.Cause == CauseOpen && slices.ContainsFunc(f.found, func(at foundation) bool { return at.endpoint == r.Endpoint })
	})
	if by := g.explains(r); i < 0 && by != nil {
		return by // such as an endpoint that does not check the owner
	}
	if i < 0 { // the run was stopped, or the API has changed
		i = slices.IndexFunc(g.findings, func(f *Finding) bool {
			return f.Cause == CauseRefused || f.Cause == CauseNoRoute || f.Cause == CauseNotAsFound || f.Cause == CauseRemembered
		})
	}
	if i < 0 {
		return nil
	}
	return g.findings[i]
}

// explains returns the finding that explains a failure, or nil.
func (g *grouping) explains(r *Result) *Finding {
	if b := g.base[r.way()]; b != nil && b.finding != nil && r.cause != b.finding.Cause && r.Status == b.status {
		return b.finding // everybody gets this answer
	}
	if f := g.needsClaim(r); f != nil {
		return f
	}
	also := r.alsoBlockedBy
	if r.cause == CauseOrder { // the check that should come first may be missing
		also = append([]CauseID{r.Means}, also...)
	}
	leads := func(id CauseID) bool { return !g.tested[r.Endpoint][id] || g.failed[r.Endpoint][id] }
	all := append(blockers(leads, append([]CauseID{r.cause}, also...)...), also...)
	slices.SortFunc(all, func(a, b CauseID) int { return a.place() - b.place() })
	for _, id := range all {
		for _, f := range g.findings {
			anywhere := r.cause == CauseOwnIDToken && id == CauseCallers || // both have no scp; cases with objects of others do not show it
				id == CauseHeaderClient && slices.Contains(r.alsoBlockedBy, id) // the suite looks for it at one endpoint only
			if f.Cause == id && id != r.cause && (anywhere || g.reaches(f, r.Endpoint, id)) {
				return f
			}
		}
	}
	return nil
}

// needsClaim returns the finding that the API requires an optional claim, if it explains the
// failure: other callers, such as applications, do not have the claim either, and get the same
// answer. Otherwise it returns nil.
func (g *grouping) needsClaim(r *Result) *Finding {
	f := g.first(CauseValidClaims)
	follows := []CauseID{CauseRefused, CauseApplicationRefused, CauseCrash, CauseNot403}
	if f == nil || r.Group != Authorization || !slices.Contains(follows, r.cause) || !slices.ContainsFunc(f.found, func(at foundation) bool { return at.status == r.Status }) {
		return nil
	}
	return f
}

// reaches reports whether a finding applies to an endpoint: it was found there, or the endpoint was
// not tested for it.
func (g *grouping) reaches(f *Finding, endpoint string, id CauseID) bool {
	return id == CauseDebug || id == CauseDebugger || // every endpoint is in debug mode with the first
		slices.ContainsFunc(f.found, func(at foundation) bool { return at.endpoint == endpoint }) || !g.tested[endpoint][id]
}

// add adds a failure to the evidence of its cause.
func (g *grouping) add(r *Result) {
	id := string(r.cause)
	if r.cause == CauseWritten {
		id += ": " + r.ID
	}
	i := slices.IndexFunc(g.findings, func(f *Finding) bool { return f.ID == id })
	if i < 0 {
		i = len(g.findings)
		g.findings = append(g.findings, &Finding{ID: id, Cause: r.cause})
	}
	f := g.findings[i]
	r.Finding = f.ID
	f.Evidence = append(f.Evidence, r.ID)
	f.found = append(f.found, foundation{r.Endpoint, r.Status})
	if b := g.base[r.way()]; b != nil && r.stage == stageBase {
		b.finding = f
	}
}
