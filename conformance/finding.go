package conformance

import (
	"cmp"
	"net/http"
	"slices"
)

// Finding is one flaw of the API, with the failures of this cause at all endpoints of a run.
type Finding struct {
	ID       string   `json:"id"` // of the cause, and of the case if the user wrote the case; unique in a run
	Cause    CauseID  `json:"cause"`
	Severity Severity `json:"severity"` // of the most severe case
	Title    string   `json:"title"`    // the probable flaw
	Gain     string   `json:"gain,omitempty"`
	// Evidence are the cases that failed because of the flaw, the most significant first. Blocked
	// are the cases that have no meaning until the flaw is fixed.
	Evidence  []string     `json:"evidence"`
	Blocked   []string     `json:"blocked,omitempty"`
	Endpoints []string     `json:"endpoints"`
	Remedies  []Remedy     `json:"remedies,omitempty"` // the code that is probably missing
	language  string       // of the API, by its answers; "" if it is not known
	Rerun     string       `json:"rerun"`             // the command that sends the first case again
	Stopped   bool         `json:"stopped,omitempty"` // the run ended with it, before most cases were tried
	Known     bool         `json:"known,omitempty"`   // all of the evidence is known to fail
	Lead      *Result      `json:"-"`                 // the first of Evidence
	found     []foundation // where it was found
}

// foundation is a failure that is evidence of a finding.
type foundation struct {
	endpoint string
	status   int
}

// grouping groups the failures of a run into findings.
type grouping struct {
	suite    *Suite
	findings []*Finding
	tested   map[string]map[CauseID]bool // by endpoint: the causes that cases tested
	stopped  bool                        // no endpoint lets anybody in
	base     map[string]*base            // by endpoint and alternative: set if nobody is admitted
}

// base is the failure of the token that an endpoint must accept.
type base struct {
	status  int
	finding *Finding // nil: not grouped yet
}

func newGrouping(s *Suite) *grouping {
	return &grouping{suite: s, tested: make(map[string]map[CauseID]bool), base: make(map[string]*base)}
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
			if g.tested[r.Endpoint] == nil {
				g.tested[r.Endpoint] = make(map[CauseID]bool)
			}
			g.tested[r.Endpoint][r.Means] = true
			g.tested[r.Endpoint][r.cause] = true
		}
		if r.Outcome == Fail {
			failed = append(failed, r)
		}
		if r.stage == stageBase && r.Outcome == Fail && !success(r.Status) {
			g.base[r.way()] = &base{status: r.Status}
		}
	}
	checksNoClaims(failed)
	toleratesTooMuch(results)
	refusesLikeForbidden(failed)
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

// checksNoClaims joins the failures of an API that checks neither issuer nor audience nor expiry
// into one flaw.
func checksNoClaims(failed []*Result) {
	is := func(name string) func(*Result) bool {
		return func(r *Result) bool { return r.Name == name && r.cause == r.Means }
	}
	var all []*Result
	for _, name := range []string{"wrong-issuer", "wrong-audience", "expired"} {
		i := slices.IndexFunc(failed, is(name))
		if i < 0 {
			return
		}
		all = append(all, failed[i])
	}
	for _, r := range all {
		r.cause, r.Cause = CauseClaims, CauseClaims.Title()
	}
}

// toleratesTooMuch describes the failures of an API that checks the dates of a token, but with a
// tolerance of an hour or more: it refuses only the token that expired long ago.
func toleratesTooMuch(results []*Result) {
	is := func(name string, outcome Outcome) *Result {
		i := slices.IndexFunc(results, func(r *Result) bool { return r.Name == name && r.Outcome == outcome && r.cause == r.Means })
		if i < 0 {
			return nil
		}
		return results[i]
	}
	expired, early := is("expired", Fail), is("not-yet-valid", Fail)
	if expired == nil || is("expired-long-ago", Pass) == nil {
		return
	}
	const tolerance = ": its tolerance for clocks (leeway) is too large"
	expired.Cause = "the API accepts a token that expired an hour ago" + tolerance
	expired.Gain = "a stolen token stays valid longer than the issuer permits"
	if early != nil {
		early.Cause = "the API accepts a token that is valid only in an hour" + tolerance
	}
}

// refusesLikeForbidden assigns the failures of tokens that may get 403 too to the flaw of the API's
// 403, if they got the same wrong status as tokens that must get 403.
func refusesLikeForbidden(failed []*Result) {
	unauthenticated, forbidden := make(map[int]bool), make(map[int]bool)
	either := func(r *Result) bool {
		return r.forbidden && (r.cause == CauseNot401 || r.cause == r.Means && r.Expect.admits())
	}
	for _, r := range failed {
		switch {
		case r.cause == CauseNot403:
			forbidden[r.Status] = true
		case r.cause == CauseNot401 && !either(r) && !r.lacks:
			unauthenticated[r.Status] = true
		}
	}
	for _, r := range failed {
		switch {
		case !forbidden[r.Status] || unauthenticated[r.Status]:
		case either(r):
			r.cause = CauseNot403
		case r.cause == CauseNot401 && r.lacks:
			r.cause = CauseOrder
		}
	}
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
			return f.Cause == CauseRefused || f.Cause == CauseNoRoute || f.Cause == CauseNotAsFound
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
	all := append(blockers(append([]CauseID{r.cause}, also...)...), also...)
	slices.SortFunc(all, func(a, b CauseID) int { return a.place() - b.place() })
	for _, id := range all {
		for _, f := range g.findings {
			anywhere := r.cause == CauseOwnIDToken && id == CauseCallers // both have no scp; cases with objects of others do not show it
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

// reaches tells whether a finding applies to an endpoint: it was found there, or the endpoint was
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

// summary returns the findings of all results of a run, sorted by severity.
func (g *grouping) summary(results []*Result) []Finding {
	byID := make(map[string]*Result, len(results))
	order := make(map[string]int, len(results))
	for i, r := range results {
		byID[r.ID], order[r.ID] = r, i
	}
	inPlan := func(a, b string) int { return order[a] - order[b] }
	var all []Finding
	for _, f := range g.findings {
		slices.SortFunc(f.Evidence, inPlan)
		slices.SortFunc(f.Blocked, inPlan)
		// Known failures come after the others. The token that must be admitted comes first, and
		// the tokens that must get 403 before those that may get another status.
		either := func(id string) int {
			return btoi(f.Cause == CauseNot403 && byID[id].Expect.Status != http.StatusForbidden)
		}
		slices.SortStableFunc(f.Evidence, func(a, b string) int {
			return cmp.Or(btoi(byID[a].Known != nil)-btoi(byID[b].Known != nil), btoi(byID[b].stage == stageBase)-btoi(byID[a].stage == stageBase), either(a)-either(b))
		})
		f.Lead = byID[f.Evidence[0]]
		f.Known = f.Lead.Outcome == Known
		f.Stopped = g.stopped && f.Lead.stage == stageBase
		about := f.Cause.known()
		f.Severity, f.Title = cmp.Or(about.severity, f.Lead.Severity), f.Lead.Cause
		if f.Cause != f.Lead.Means && f.Cause != f.Lead.Shows && f.Title == f.Lead.Flaw { // which is about another flaw
			f.Title = f.Cause.Title()
		}
		for _, id := range slices.Concat(f.Evidence, f.Blocked) {
			r := byID[id]
			if worse(r.Severity, f.Severity) && (r.letIn() || about.severity == "" && slices.Contains(f.Evidence, id)) {
				f.Severity = r.Severity
			}
			if !slices.Contains(f.Endpoints, r.Endpoint) && slices.Contains(f.Evidence, id) {
				f.Endpoints = append(f.Endpoints, r.Endpoint)
			}
		}
		f.Gain = about.gain
		if f.Gain == "" && (f.Lead.letIn() || f.Lead.cause == f.Lead.Means || f.Lead.cause == f.Lead.Shows) {
			f.Gain = f.Lead.Gain
		}
		f.Remedies = about.remedy.lines(g.endpoint(f.Lead.Endpoint))
		for _, id := range f.Evidence {
			if x := byID[id].Exchange; x != nil && f.language == "" {
				f.language = language(x.ResponseHeader)
			}
		}
		f.Rerun = g.suite.rerun(f.Lead.ID, "")
		if f.Stopped { // nothing is verified until it is mended
			f.Severity, f.Rerun = High, g.suite.rerun("", f.Lead.rightURL)
		}
		all = append(all, *f)
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(btoi(a.Known), btoi(b.Known)),
			slices.Index(Severities, a.Severity)-slices.Index(Severities, b.Severity),
			a.Cause.place()-b.Cause.place(), inPlan(a.Evidence[0], b.Evidence[0]))
	})
	return all
}

func (g *grouping) endpoint(request string) endpoint {
	for _, stated := range g.suite.Document.Endpoints {
		if e, err := newEndpoint(stated); err == nil && e.id == request {
			return e
		}
	}
	return endpoint{}
}

// way is the alternative of the endpoint that a case is about.
func (c Case) way() string { return cmp.Or(c.key, c.Endpoint) }

// letIn tells whether the API accepted a caller that it must refuse.
func (r Result) letIn() bool {
	inWrongForm := r.cause == CauseNot401 || r.cause == CauseNot403 // a refusal with a status of success
	return !r.Expect.admits() && success(r.Status) && !inWrongForm
}

func worse(a, b Severity) bool { return slices.Index(Severities, a) < slices.Index(Severities, b) }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isElsewhere tells whether an answer means that the route does not exist. If the
// endpoint has let a caller in, such an answer only hides the endpoint from other
// callers.
func (c Case) isElsewhere(status int) bool {
	missing := status == http.StatusNotFound || status == http.StatusMethodNotAllowed
	return missing && !(status == http.StatusNotFound && c.forbids() && c.stage >= stageRest)
}

// forbids tells whether the answer to the case may be the refusal of an authenticated caller.
func (c Case) forbids() bool {
	return c.Expect.Status == http.StatusForbidden || slices.Contains(c.Expect.Also, http.StatusForbidden)
}

// mayForbid tells whether correct APIs refuse this token as one that is not sufficient.
func (c Case) mayForbid(sent credential) bool {
	return c.forbids() || slices.Contains(c.Expect.Tolerates, http.StatusForbidden) || slices.Contains(sent.tolerates, http.StatusForbidden)
}

// processed are statuses that are about the content of a request or the state of an object.
var processed = []int{
	http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusLocked, http.StatusFailedDependency, http.StatusPreconditionRequired,
}

// causeOf returns the cause of an unexpected answer: the cause of the case, unless the answer
// shows another one.
func (c Case) causeOf(status int, shown bool) CauseID {
	admits := c.Expect.admits()
	switch {
	case shown:
		return cmp.Or(c.Shows, c.Means)
	case admits && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) && c.Group != Lifecycle && c.Group != Written:
		return CauseNoRoute
	case admits && success(status) && c.Group != Written:
		return CauseAnswer
	case admits, success(status), c.Group == Written:
		return c.Means
	case status >= http.StatusInternalServerError:
		return CauseCrash
	case c.isElsewhere(status):
		return CauseNoRoute
	case status >= 300 && status <= 399:
		return CauseRedirect
	case c.Expect.Status == http.StatusForbidden:
		return CauseNot403
	case status == http.StatusForbidden && c.lacks:
		return CauseOrder
	case c.Expect.Refused:
		return c.Means
	case c.stage >= stageRest && slices.Contains(processed, status):
		return CauseBeforeToken
	}
	return CauseNot401
}
