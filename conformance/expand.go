package conformance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"provision/stack"
)

// ErrNoCase is the error if there are no endpoints, or if Only selects none of the
// cases.
var ErrNoCase = errors.New("no case")

// Expand derives the suite's cases, in the order of the report. It sends no requests.
func Expand(s *Suite) ([]Case, error) {
	cases, err := s.expand()
	if err != nil {
		return nil, err
	}
	return s.selected(cases)
}

// expand derives all cases, regardless of Only.
func (s *Suite) expand() ([]Case, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var cases []Case
	ids := make(map[string]bool)
	for _, stated := range s.Document.Endpoints {
		e, err := s.endpoint(stated)
		if err != nil {
			return nil, fmt.Errorf("conformance %s: %w", s.Document.Name, err)
		}
		if ids[e.id] {
			return nil, fmt.Errorf("conformance %s: endpoint %s is stated twice", s.Document.Name, e.id)
		}
		ids[e.id] = true
		for _, c := range e.hiding(s.endpointCases(e)) {
			c.File, c.Line = stated.Pos.File, stated.Pos.Line
			cases = append(cases, c)
		}
		written, err := s.writtenCases(func(id string) bool { return id == e.id })
		if err != nil {
			return nil, err
		}
		cases = append(cases, written...)
	}
	written, err := s.writtenCases(func(id string) bool { return !ids[id] })
	if err != nil {
		return nil, err
	}
	cases = append(cases, written...)
	for _, c := range s.lifecycleCases() {
		i := slices.IndexFunc(s.Document.Endpoints, func(e stack.Endpoint) bool { return identity(e) == c.Endpoint })
		if i >= 0 {
			c.File, c.Line = s.Document.Endpoints[i].Pos.File, s.Document.Endpoints[i].Pos.Line
		}
		cases = append(cases, c)
	}
	if err := checkIDs(cases); err != nil {
		return nil, fmt.Errorf("conformance %s: %w", s.Document.Name, err)
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("conformance %s: %w: it states no endpoints", s.Document.Name, ErrNoCase)
	}
	return cases, nil
}

func (s *Suite) check() error {
	if s.Document == nil {
		return errors.New("conformance: no document")
	}
	if s.Document.Client != "" {
		client, ok := s.application(s.Document.Client)
		if !ok {
			return fmt.Errorf("conformance %s: client %s is not an application of the suite", s.Document.Name, s.Document.Client)
		}
		if !client.SignsIn {
			return fmt.Errorf("conformance %s: client %s has no redirect URI, so nobody can sign in to it", s.Document.Name, client.Name)
		}
	}
	return nil
}

func (s *Suite) endpointCases(e endpoint) []Case {
	if e.public {
		return []Case{{
			ID: e.id + ": public", Endpoint: e.id, Name: "public", Means: CausePublic, Group: Authentication, Severity: Low,
			Sends:  "no token",
			Expect: e.expect,
			Source: "the document: the endpoint is public",
			Flaw:   "the API requires a token for a public endpoint",
			stage:  stageFirst, present: func(context.Context, *runState) (credential, error) { return credential{}, nil },
		}}
	}
	cases := append([]Case{noToken(e)}, onEach(e, Authentication, s.fittingBody(e, authentication))...)
	cases = append(cases, noTokenAgain(e)...)
	cases = append(cases, s.beforeTokenCases(e)...)
	for _, alternative := range e.each() {
		cases = append(cases, s.authorizationCases(alternative)...)
		cases = append(cases, s.validCases(alternative)...)
		cases = append(cases, entitlementCases(alternative)...)
	}
	cases = append(cases, s.rememberedCases(e)...)
	cases = append(cases, s.mixedCases(e)...)
	cases = append(cases, s.ownerCases(e)...)
	cases = append(cases, onEach(e, Signature, signature)...)
	cases = append(cases, s.forgedCases(e)...)
	cases = append(cases, onEach(e, Claims, s.fitting(claimChecks))...)
	cases = append(cases, s.tenantCases(e)...)
	if slices.ContainsFunc(e.alternatives, func(r requirement) bool { return r.users }) {
		cases = append(cases, ownIDToken(e).on(e, Claims))
	}
	cases = append(cases, onEach(e, Answers, refusalChecks)...)
	cases = append(cases, s.surplusCase(e)...)
	cases = append(cases, s.forbiddenCases(e)...)
	cases = append(cases, routeCases(e)...)
	cases = append(cases, optionsCases(e)...)
	cases = append(cases, s.disguiseCases(e)...)
	cases = append(cases, s.bodyCases(e)...)
	cases = append(cases, s.headerCases(e)...)
	cases = append(cases, callerCase(e))
	return cases
}

// fitting returns the checks that apply to this suite's API.
func (s *Suite) fitting(checks []check) []check {
	fitting := slices.DeleteFunc(slices.Clone(checks), func(c check) bool { return c.fits != nil && !c.fits(s) })
	for i := range fitting {
		if fitting[i].means == CauseIDToken && s.Document.Client == s.Document.Resource {
			fitting[i].means, fitting[i].flaw = CauseOwnIDToken, ownIDTokenFlaw
		}
	}
	return fitting
}

// onEach creates the cases of a family's table for each endpoint.
func onEach(e endpoint, group Group, checks []check) []Case {
	cases := make([]Case, 0, len(checks))
	for _, c := range checks {
		cases = append(cases, c.on(e, group))
	}
	return cases
}

// check is one row of a family's table: a wrong token, or a wrong way to present a
// token, that the suite tries at every protected endpoint.
type check struct {
	name  string
	means CauseID // the flaw of an API that gives another answer
	shows CauseID // the flaw if inspect reports the answer; "": means
	// alsoBlockedBy are further flaws that make the case meaningless, in addition to
	// the blockers of its flaw.
	alsoBlockedBy []CauseID
	unissued      bool // the issuer never makes such a token
	replacesBody  bool // the request has another body than that of the endpoint
	lacks         bool // the token also lacks permissions, so 403 means that the API checked these first
	severity      Severity
	sends         string
	gain          string
	flaw          string
	source        string
	tolerates     []int // statuses that correct APIs also answer
	mayAdmit      bool  // correct APIs may admit the request
	admits        bool  // it must be admitted; then tolerates are what correct APIs answer too
	also          []int // statuses that are equivalent to 401
	present       func(context.Context, *baselineToken) (credential, error)
	inspect       func(reply) finding
	fits          func(*Suite) bool // nil: the check applies to every API
}

func (c check) on(e endpoint, group Group) Case {
	expect := Expect{Status: 401, Also: c.also, Tolerates: c.tolerates, MayAdmit: c.mayAdmit}
	if c.admits {
		expect = e.expect
		expect.Tolerates = c.tolerates
	}
	return Case{
		ID: e.id + ": " + e.of(c.name), Endpoint: e.id, key: e.key(), Name: e.of(c.name), Means: c.means, Shows: c.shows, Group: group, Severity: c.severity,
		Sends: c.sends, Gain: c.gain, Flaw: c.flaw, Source: c.source,
		Expect: expect, stage: stageRest, inspect: c.inspect, alsoBlockedBy: c.alsoBlockedBy, lacks: c.lacks, unissued: c.unissued,
		present: func(ctx context.Context, run *runState) (credential, error) {
			g, err := run.baselineTokenFor(e)
			if err != nil {
				return credential{}, err
			}
			return c.present(ctx, g)
		},
	}
}

func checkIDs(cases []Case) error {
	seen := make(map[string]bool)
	for _, c := range cases {
		if seen[c.ID] {
			return fmt.Errorf("two cases are called %q", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

// wildcard returns a pattern in which * is any text, in either case of letters.
func wildcard(text string) *regexp.Regexp {
	parts := strings.Split(text, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("(?i)" + strings.Join(parts, ".*"))
}

// excuses reports whether the document permits a case to be skipped.
func (s *Suite) excuses(c Case) bool {
	return slices.ContainsFunc(s.Document.Excused, func(e stack.Excuse) bool {
		whole := func(text string) bool {
			at := wildcard(e.Case).FindStringIndex(text)
			return at != nil && at[0] == 0 && at[1] == len(text)
		}
		return whole(c.ID) || whole(c.Name)
	})
}

// IDs returns the ids of all cases, regardless of Only.
func (s *Suite) IDs() ([]string, error) {
	cases, err := s.expand()
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(cases))
	for i, c := range cases {
		ids[i] = c.ID
	}
	return ids, nil
}

// Matches reports whether a pattern of Only selects a case with this id.
func Matches(pattern, id string) bool { return wildcard(pattern).MatchString(id) }

// selected returns the cases that Only names. No such case is an error.
func (s *Suite) selected(cases []Case) ([]Case, error) {
	if s.leaves != nil {
		cases = slices.DeleteFunc(slices.Clone(cases), s.leaves)
	}
	if s.Only == "" {
		return cases, nil
	}
	pattern := wildcard(s.Only)
	chosen := slices.DeleteFunc(slices.Clone(cases), func(c Case) bool { return !pattern.MatchString(c.ID) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("conformance %s: %w matches %q", s.Document.Name, ErrNoCase, s.Only)
	}
	return chosen, nil
}
