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
	Document  string       `json:"document,omitempty"` // the line to write if the document is wrong, and not the API
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
		// Known failures come last. Of the others, the token that must be admitted comes first,
		// and tokens that must get 403 come before tokens that may get another status.
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
			if worse(r.Severity, f.Severity) && !r.vacuous && (r.wronglyAdmitted() || about.severity == "" && slices.Contains(f.Evidence, id)) {
				f.Severity = r.Severity
			}
			if !slices.Contains(f.Endpoints, r.Endpoint) && slices.Contains(f.Evidence, id) {
				f.Endpoints = append(f.Endpoints, r.Endpoint)
			}
		}
		f.Gain = about.gain
		if f.Gain == "" && (f.Lead.wronglyAdmitted() || f.Lead.cause == f.Lead.Means || f.Lead.cause == f.Lead.Shows) {
			f.Gain = f.Lead.Gain
		}
		e := g.endpoint(f.Lead)
		if f.Cause == CauseApplicationRefused {
			f.Document = g.suite.tooLoose(e)
		}
		if f.Cause == CauseCallers && !e.users {
			about.remedy = remedyUsersRefused // the callers to refuse are users
		}
		switch {
		case f.Cause == CauseEither:
			f.Remedies = append(remedyScope.lines(e), remedyRole.lines(e)...)
		case f.Cause == CauseRefused && f.Lead.Status == http.StatusForbidden: // the token is valid
			f.Remedies = e.entitlements().lines(e)
		default:
			f.Remedies = about.remedy.lines(e)
		}
		for _, id := range f.Evidence {
			if x := byID[id].Exchange; x != nil && f.language == "" {
				f.language = language(x.ResponseHeader)
			}
		}
		f.Rerun = g.suite.rerun(f.Lead.ID, "")
		if f.Stopped { // nothing is verified until it is fixed
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

// endpoint returns the endpoint of a result, seen from the alternative that the result is about.
func (g *grouping) endpoint(r *Result) endpoint {
	for _, stated := range g.suite.Document.Endpoints {
		e, err := newEndpoint(stated)
		if err != nil || e.id != r.Endpoint {
			continue
		}
		for _, alternative := range e.each() {
			if alternative.key() == r.way() {
				return alternative
			}
		}
		return e
	}
	return endpoint{}
}

// way returns the alternative of the endpoint that a case is about.
func (c Case) way() string { return cmp.Or(c.key, c.Endpoint) }

// wronglyAdmitted reports whether the API accepted a caller that it must refuse.
func (r Result) wronglyAdmitted() bool {
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
