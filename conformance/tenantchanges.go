package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"provision/conformance/forge"
)

// TenantChanges are the changes of the tenant with which a run tests the API: key
// rollover and the removal of roles. The run reverts each change. The cases of a member that
// is nil are skipped.
type TenantChanges struct {
	Keys        KeyService
	Assignments AssignmentService
	Why         string // why a member is nil
	// Lock is held alone by the lifecycle cases of one run, and shared by all other cases of all
	// runs that use the tenant: otherwise other runs would report the changes as failures of the
	// API. If it is nil, this run is the only one.
	Lock TenantLock
	// Disruptive adds the cases after which a cache of the API may lack the issuer's keys
	// for minutes.
	Disruptive bool
}

// TenantLock coordinates runs that use the same tenant. Both methods wait for the lock, and return
// the function that releases it.
type TenantLock interface {
	Share(ctx context.Context) (release func(), err error)
	Alone(ctx context.Context) (release func(), err error)
}

// KeyService changes the issuer's signing keys, as key rollover does.
type KeyService interface {
	// Publish adds a key to the issuer's set. The key signs only tokens for which Sign
	// gets its kid. withdraw removes the key; it is nil for a key that existed before,
	// and may be called more than once.
	Publish(ctx context.Context) (kid string, withdraw func(context.Context) error, err error)
	// PublishOf adds a key to the key set of all tenants that is valid only for another tenant.
	PublishOf(ctx context.Context, tenantID string) (kid string, withdraw func(context.Context) error, err error)
	// Disturb changes the answers to requests for the key set, and counts the requests.
	Disturb(ctx context.Context, how KeyFault) (Disturbance, error)
}

// KeyFault is a changed answer to requests for the key set. The zero value changes
// nothing.
type KeyFault struct {
	Status  int           // a failure, instead of the key set
	Body    string        // with status 200, instead of the key set
	Latency time.Duration // before any answer
}

// Disturbance is an active KeyFault.
type Disturbance interface {
	Requests(ctx context.Context) (int, error) // for the key set, since it began
	End(ctx context.Context) error
}

// AssignmentService removes roles from users.
type AssignmentService interface {
	// Unassign removes all roles of the resource that the user, by object id, was
	// given directly. restore gives them back.
	Unassign(ctx context.Context, user string) (restore func(context.Context) error, err error)
}

// usualSkew is within the five minutes that libraries tolerate.
const usualSkew = 4 * time.Minute

const sourceKeys = "Microsoft: Access tokens, Signing key rollover; OpenID Connect Core, section 10.1.1"

// lifecycleCheck is a change of the tenant and what the API must do then: one line of the
// table. It runs at one endpoint of the API.
type lifecycleCheck struct {
	check
	changes bool // whether it changes the tenant
	present func(context.Context, *trial) (credential, error)
}

// trial is a lifecycle case that runs.
type trial struct {
	*runState
	c             Case
	e             endpoint
	baselineToken *baselineToken
}

// lifecycleCases run once, after all others and one by one, because some of them disturb
// the others.
func (s *Suite) lifecycleCases() []Case {
	e, ok := s.lifecycleEndpoint()
	if !ok {
		return nil
	}
	var cases []Case
	checks := slices.Concat(s.skewChecks(), keyChecks)
	if !homeOnly(s) {
		checks = append(checks, keyOfAnotherTenant)
	}
	if s.Changes.Disruptive {
		checks = append(checks, disruptiveChecks...)
	}
	for _, l := range checks {
		l.check.present = nil
		c := l.on(e, Lifecycle)
		c.stage = stageLifecycle
		if l.changes && s.Changes.Keys == nil {
			c.skip = skip("", "%s", s.whyUnchanged("the tenant's keys cannot be changed for a test"))
		}
		c.present = func(ctx context.Context, run *runState) (credential, error) {
			return run.runTrial(ctx, c, e, l.present)
		}
		cases = append(cases, c)
	}
	return slices.Concat(s.roleRemoved(), cases, []Case{s.stillValid(e)})
}

func (s *Suite) whyUnchanged(usual string) string {
	if s.Changes.Why != "" {
		return s.Changes.Why
	}
	return usual
}

// runTrial starts a lifecycle case with the token that the endpoint admits.
func (s *runState) runTrial(ctx context.Context, c Case, e endpoint, present func(context.Context, *trial) (credential, error)) (credential, error) {
	g, err := s.baselineTokenFor(e)
	if err != nil {
		return credential{}, err
	}
	if !s.isAdmitted(e.key()) {
		return credential{}, vacuous("it needs a caller who is admitted, but the API refuses all callers: see %s: valid", e.id)
	}
	l := &trial{s, c, e, g}
	admitted := l.admittedAgain
	if s.isLost { // do not wait again
		admitted = func(ctx context.Context) (reply, error) { return l.ask(ctx, bearer(g.raw)) }
	}
	if got, err := admitted(ctx); err == nil && !success(got.status) {
		s.lose()
		return credential{}, vacuous("the API refuses the valid token (%d) since the case before", got.status)
	}
	return present(ctx, l)
}

// lifecycleEndpoint returns a protected endpoint, if possible one that only reads, because
// its requests are repeated.
func (s *Suite) lifecycleEndpoint() (endpoint, bool) {
	var all []endpoint
	for _, stated := range s.Document.Endpoints {
		if e, err := s.endpoint(stated); err == nil && !e.public {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return endpoint{}, false
	}
	effort := func(e endpoint) (n int) {
		if !strings.HasPrefix(e.request, "GET ") {
			n++
		}
		if e.stated.Setup != nil || e.stated.Cleanup != nil {
			n += 2
		}
		return n
	}
	return slices.MinFunc(all, func(a, b endpoint) int { return effort(a) - effort(b) }), true
}

// ask sends the case's request with a credential other than the case's own.
func (l *trial) ask(ctx context.Context, with credential) (reply, error) {
	made, err := l.prepare(ctx, l.c)
	if err != nil {
		return reply{}, err
	}
	_, got, _, err := l.send(ctx, made.request, with)
	l.cleanUp(ctx, l.c, made, got)
	return got, err
}

// unknownKid presents a token that names a key which the issuer does not have: many
// APIs fetch the key set to look for the key. Nobody can verify the signature without the
// key: the token keeps the signature of the valid token, which does not match this header.
func (l *trial) unknownKid(n int) credential { return bearer(l.underUnknownKid(n).String()) }

func (l *trial) underUnknownKid(n int) forge.Token {
	return l.baselineToken.token.WithHeader("kid", fmt.Sprintf("%s%d%s", unknownKid, n, unique())).WithoutHeader("x5t")
}

// uninterrupted returns the context of requests that change the tenant: an interrupted
// request may have changed it, and nobody would know what to restore.
func (s *runState) uninterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
}

// restoring returns a function that reverts a change, and reports a failure to do so.
func (s *runState) restoring(restore func(context.Context) error) func(context.Context) string {
	return func(ctx context.Context) string {
		ctx, cancel := s.uninterrupted(ctx)
		defer cancel()
		if err := restore(ctx); err != nil {
			return "the change in the tenant was not reverted: " + plain(err).Error()
		}
		return ""
	}
}

// duration parses a duration of the document, which the stack package has checked.
func duration(text string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return otherwise
}
