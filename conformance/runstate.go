package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"provision/conformance/forge"
)

// runState contains the state that the cases of one run share: the tokens, each requested once,
// and whether the API accepted them.
type runState struct {
	*Suite
	mu             sync.Mutex
	grants         map[subject]*grant
	baselineTokens map[string]*baselineToken // by endpoint
	signed         map[string]string         // by the issuer: tokens by their header and claims

	insufficient map[string]*insufficient // by endpoint
	callbacks    *callbackListener        // nil: not needed yet

	client    *http.Client
	anew      *http.Client // a connection for each request
	http1     *http.Client // the same, never over HTTP/2
	sends     atomic.Int64 // requests to the API, with the repeated ones
	pace      *pace
	hidden    []string // secrets that every request carries
	endpoints map[string]endpoint
	// entitled contains functions that get the token that each protected endpoint must accept.
	entitled map[string]func(context.Context, *runState) (*baselineToken, error)

	admitted map[string][]byte // the answers of endpoints to admitted callers

	lastLifecycle string // the previous lifecycle case
	isLost        bool   // the valid token is refused
	fetchesLate   bool   // the API did not fetch the key set again although it had the time
	lostAfter     string // the case after which the API refuses the token; "": unknown

	published published // for the lifecycle cases; zero: no lifecycle case is chosen

	probed     sync.Once
	answersAll bool // the API also answers 2xx at routes that do not exist
}

// newRunState returns the state of a run of all cases of a suite. Expand has checked
// the suite.
func newRunState(s *Suite, all []Case) *runState {
	n := &runState{Suite: s, grants: make(map[subject]*grant), baselineTokens: make(map[string]*baselineToken), signed: make(map[string]string), insufficient: make(map[string]*insufficient), admitted: make(map[string][]byte),
		client: s.Target.client(s.Concurrency), anew: s.Target.client(0), http1: s.Target.http1(), pace: &pace{sleep: s.sleep}, hidden: hide(s.Target.Header),
		endpoints: make(map[string]endpoint), entitled: make(map[string]func(context.Context, *runState) (*baselineToken, error)),
	}
	if n.pace.sleep == nil {
		n.pace.sleep = sleep
	}
	if s.Target.Rate > 0 {
		n.pace.least = time.Duration(float64(time.Second) / s.Target.Rate)
		n.pace.interval = n.pace.least
	}
	for _, stated := range s.Document.Endpoints {
		if e, err := s.endpoint(stated); err == nil {
			n.endpoints[e.id] = e
		}
	}
	for _, c := range all {
		if c.stage == stageBase && n.entitled[c.Endpoint] == nil {
			n.entitled[c.Endpoint] = c.admit
		}
	}
	return n
}

// grant is a sign-in, which is repeated only if it was interrupted: the cleanup after an
// interrupt needs the token.
type grant struct {
	mu   sync.Mutex
	done bool
	signedIn
}

// signedIn is the result of a sign-in.
type signedIn struct {
	access, id string
	err        error
}

// shared returns the grant with this name, and creates it if necessary.
func (s *runState) shared(who subject) *grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[who]
	if g == nil {
		g = &grant{}
		s.grants[who] = g
	}
	return g
}

// signIn returns the result of the first sign-in that is not interrupted.
func (g *grant) signIn(ctx context.Context, now func() signedIn) signedIn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.done {
		g.signedIn = now()
		g.done = g.err == nil || !errors.Is(ctx.Err(), context.Canceled)
	}
	return g.signedIn
}

func (s *runState) grant(ctx context.Context, who subject) signedIn {
	return s.shared(who).signIn(ctx, func() (got signedIn) {
		if who.application != "" {
			got.access, got.err = s.Tokens.Application(ctx, who.application)
		} else {
			client, _ := s.application(who.client)
			got.access, got.id, got.err = s.Tokens.User(ctx, who.client, who.user, s.asked(client))
		}
		if got.err != nil {
			got.err = s.explain(who, got.err)
		}
		return got
	})
}

// explain distinguishes an unavailable token from a failure.
func (s *runState) explain(who subject, err error) error {
	var refused *AADSTSError
	switch {
	case errors.Is(err, ErrUnavailable):
		return skip("", "a token of %s: %v", who, err)
	case errors.As(err, &refused) && (refused.Code == notAssignedUser || refused.Code == notAssignedApplication):
		return skip("", "the tenant itself refuses %s a token: assignment is required (AADSTS%d)", who, refused.Code)
	}
	return fmt.Errorf("get a token of %s: %w", who, err)
}

// access returns the access token of who, after the suite has checked it.
func (s *runState) access(ctx context.Context, who subject, properties ...property) (*baselineToken, error) {
	g := s.grant(ctx, who)
	if g.err != nil {
		return nil, g.err
	}
	properties = append([]property{isAppOnly(who.application != "")}, properties...)
	token, claims, err := s.examine(who.String(), g.access, properties...)
	if err != nil {
		return nil, err
	}
	return &baselineToken{run: s, who: who, raw: g.access, token: token, claims: claims}, nil
}

// baselineToken is a token that an endpoint must accept. Other tokens are made from it.
type baselineToken struct {
	run      *runState
	endpoint string
	who      subject
	raw      string
	token    forge.Token
	claims   claimSet
	admitted bool // the endpoint has accepted the token
	note     string
}

// baselineTokenFor returns the token from which the endpoint's forged tokens are made.
func (s *runState) baselineTokenFor(e endpoint) (*baselineToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.baselineTokens[e.key()]; g != nil {
		return g, nil
	}
	return nil, skip("", "it starts from a token that the API accepts, and none is available: see %s: %s", e.id, e.of("valid"))
}

func (s *runState) setBaselineToken(c Case, g *baselineToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.endpoint = c.Endpoint
	s.baselineTokens[c.base()] = g
}

func (s *runState) setAdmitted(c Case, answer []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baselineTokens[c.base()].admitted = true
	if _, known := s.admitted[c.Endpoint]; !known {
		s.admitted[c.Endpoint] = answer
	}
}

func (s *runState) isAdmitted(base string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.baselineTokens[base]
	return g != nil && g.admitted
}

// sign returns a token in which the issuer signed the valid token's claims with changes; nil
// removes a claim. It checks that nothing else differs, so that the token has exactly one defect.
func (g *baselineToken) sign(ctx context.Context, changes map[string]any) (string, error) {
	return g.signWith(ctx, nil, changes)
}

// signWith does the same with another header.
func (g *baselineToken) signWith(ctx context.Context, header, changes map[string]any) (string, error) {
	want := maps.Clone(map[string]any(g.claims))
	for name, value := range changes {
		if value == nil {
			delete(want, name)
		} else {
			want[name] = value
		}
	}
	raw, err := g.run.sign(ctx, header, want)
	if errors.Is(err, ErrUnavailable) {
		return "", skip("", "only the issuer could sign such a token, and %v", err)
	}
	if err != nil {
		return "", fmt.Errorf("have the issuer sign a token: %w", err)
	}
	_, got, err := decode(raw)
	if err != nil {
		return "", fmt.Errorf("have the issuer sign a token: %w", err)
	}
	if !sameJSON(got, want) {
		return "", errors.New("have the issuer sign a token: its claims are not the ones asked for")
	}
	return raw, nil
}

// sign lets the issuer sign claims. It requests each set of claims only once.
func (s *runState) sign(ctx context.Context, header map[string]any, claims claimSet) (string, error) {
	key, err := json.Marshal([]any{header, claims})
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	s.mu.Lock()
	raw, known := s.signed[string(key)]
	s.mu.Unlock()
	if known {
		return raw, nil
	}
	if raw, err = s.Tokens.Sign(ctx, header, maps.Clone(map[string]any(claims))); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed[string(key)] = raw
	return raw, nil
}

// dates are claims relative to the issuer's clock.
func (g *baselineToken) date(offset time.Duration) int64 { return g.run.Clock().Add(offset).Unix() }

// sameJSON compares two values by their encoding, so that equal numbers of different
// Go types are equal.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
