package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/sync/semaphore"

	"provision/conformance"
	"provision/protected"
	"provision/stack"
)

// verification is the run of one document.
type verification struct {
	suite conformance.Suite // without Target
	// bundled starts the API that is verified; nil: there is one at url.
	bundled    func() (url string, stop func(), err error)
	url        string
	reach      reach
	connection *connection
	p          protected.API
}

// prepareVerifications returns the runs of all documents, with the facts that they need from the
// tenant.
func (a *app) prepareVerifications(ctx context.Context, s *connection, all []protected.API, stacks []*stack.Stack, others *probes, o verifyOptions) (runs []verification, err error) {
	if s.users, err = a.users(s); err != nil {
		return nil, err
	}
	lock := a.tenantLock(s)
	for _, p := range all {
		f, err := s.readFacts(ctx, p, stacks)
		if err != nil {
			return nil, err
		}
		tokens, err := s.readTenantTokens(ctx, p, f)
		if err != nil {
			return nil, err
		}
		users, err := s.people(p, a.passwordNeeded())
		if err != nil {
			return nil, err
		}
		clients, err := s.readClients(ctx, p, f)
		if err != nil {
			return nil, err
		}
		for i, tenant := range f.Others {
			f.Others[i].SignIn = others.signIn(tenant, f, tokens)
		}
		changes := tenantChangesOf(s, f, lock, o.life)
		for _, document := range p.Documents {
			if document, err = s.hosted(ctx, p.Stack, document); err != nil {
				return nil, err
			}
			document = withRelativePositions(document)
			v := verification{url: cmp.Or(o.reach.url, document.URL), reach: o.reach, connection: s, p: p}
			if v.url == "" {
				if document.Scenario == "" {
					document = bundled(document)
				}
				v.bundled = func() (string, func(), error) { return s.startBundledAPI(p, f, document) }
			}
			v.suite = conformance.Suite{
				Document: document,
				Issuer:   f.Issuer, Resource: f.Resource,
				Users: users, Groups: f.Groups, Tenants: f.Others, Applications: clients, Tokens: tokens, Changes: changes,
				OutputCommand: a.command("output", "--for-api", "--application", p.Name()),
				Rerun:         a.rerun(p),
				Only:          o.only, Strict: o.strict, Baseline: o.baseline, Clock: s.now,
			}
			runs = append(runs, v)
		}
	}
	return runs, nil
}

// sideBySide is the number of bundled APIs that are verified in parallel.
const sideBySide = 4

// verifyAll runs the verifications and reports them in their order. Bundled APIs, which share only
// the local tenant, are verified in parallel, and other APIs one after another.
func verifyAll(ctx context.Context, runs []verification, handler conformance.Handler) (total conformance.Summary, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if len(runs) == 1 {
		return runs[0].run(ctx, handler)
	}
	limit := semaphore.NewWeighted(sideBySide)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel() // first, so that the wait is short
	wait := make([]func() (conformance.Summary, error), len(runs))
	for i, v := range runs {
		if v.bundled == nil {
			wait[i] = func() (conformance.Summary, error) { return v.run(ctx, handler) }
			continue
		}
		var recording conformance.Recording
		var summary conformance.Summary
		var failed error
		done := make(chan struct{})
		running.Go(func() {
			defer close(done)
			if failed = limit.Acquire(ctx, 1); failed == nil {
				defer limit.Release(1)
				summary, failed = v.run(ctx, &recording)
			}
		})
		wait[i] = func() (conformance.Summary, error) {
			<-done
			return summary, errors.Join(recording.Replay(handler), failed)
		}
	}
	for _, one := range wait {
		summary, err := one()
		if err != nil {
			return total, err
		}
		total.Add(summary)
	}
	return total, nil
}

// run verifies the document.
func (v verification) run(ctx context.Context, handler conformance.Handler) (conformance.Summary, error) {
	url := v.url
	if v.bundled != nil {
		var stop func()
		var err error
		if url, stop, err = v.bundled(); err != nil {
			return conformance.Summary{}, err
		}
		defer stop()
	}
	if err := v.reach.await(ctx, v.connection.targetClient(v.reach), url); err != nil {
		return conformance.Summary{}, err
	}
	suite := v.suite
	suite.Target = v.connection.targetOf(v.reach, url, suite.Document)
	summary, err := conformance.Run(ctx, &suite, handler)
	switch {
	case errors.Is(err, conformance.ErrNoCase) && suite.Only != "":
		return conformance.Summary{}, nil // another document may have what --only asks for
	case errors.As(err, new(*net.OpError)):
		return summary, v.reach.unreachable(fmt.Errorf("verify %s: %w", v.p.Name(), err), url)
	case err != nil: // its text can contain what the API sent
		return summary, fmt.Errorf("verify %s: %w", v.p.Name(), briefError{cut(err.Error(), 1000), err})
	}
	return summary, nil
}
