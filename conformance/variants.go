package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// variant is one of the tokens that a case sends one after another because they
// look for the same flaw: the valid token's claims with changes, signed by the
// issuer.
type variant struct {
	says    string
	changes change
	// single are the variants that this one combines.
	single []variant
	// tolerates are statuses that correct APIs answer to it too: a note.
	tolerates []int
}

// variantCheck is a case of several such tokens. If admits is set, the API must admit
// all of them, otherwise none.
type variantCheck struct {
	name, sends, gain, flaw, source string
	means                           CauseID
	severity                        Severity
	admits                          bool
	variants                        func(endpoint, *baselineToken) []variant
}

// on returns the case for an endpoint.
func (v variantCheck) on(e endpoint, group Group) Case {
	c := Case{
		ID: e.id + ": " + e.of(v.name), Endpoint: e.id, key: e.key(), Name: e.of(v.name), Means: v.means, Group: group, Severity: v.severity,
		Sends: v.sends, Gain: v.gain, Flaw: v.flaw, Source: v.source, Expect: Expect{Status: http.StatusForbidden, Also: []int{http.StatusUnauthorized}}, stage: stageRest,
	}
	if v.admits {
		c.Expect = Expect{Status: e.expect.Status}
	}
	c.try = func(ctx context.Context, r *runner, c Case) (Result, error) {
		t := &variantTrial{runner: r, e: e, result: Result{Case: c}}
		return t.run(ctx, v)
	}
	return c
}

// variantTrial is the execution of such a case.
type variantTrial struct {
	*runner
	e             endpoint
	baselineToken *baselineToken
	result        Result
	wrong, notes  []string
	sent          int
}

func (t *variantTrial) run(ctx context.Context, v variantCheck) (Result, error) {
	g, err := t.state.baselineTokenFor(t.e)
	if err != nil {
		return t.result, err
	}
	if !t.state.isAdmitted(t.e.key()) {
		return t.result, vacuous("it needs a caller who is admitted, but the API refuses all callers: see %s: valid", t.e.id)
	}
	t.baselineToken = g
	if err := t.sendAll(ctx, v.variants(t.e, g)); err != nil {
		return t.result, err
	}
	switch note := joinNotes(append(t.notes, t.openNote(t.result.Case))...); {
	case len(t.wrong) > 0:
		t.result.Outcome, t.result.Cause = Fail, t.result.Flaw
		t.result.Reason = fmt.Sprintf("expected %s: %s", t.result.Expect, strings.Join(t.wrong, "; "))
	case t.sent == 0:
		return t.result, skip("", "the endpoint accepts every such token")
	case len(t.notes) > 0:
		t.result.Outcome, t.result.Note = Note, note
	default:
		t.result.Outcome, t.result.Note = Pass, note
	}
	return t.result, nil
}

func (t *variantTrial) sendAll(ctx context.Context, variants []variant) error {
	for _, v := range variants {
		if len(t.wrong) >= maxNamed {
			return nil
		}
		wrong, err := t.send(ctx, v)
		if err != nil {
			return err
		}
		if wrong == "" {
			continue
		}
		before := len(t.wrong)
		if err := t.sendAll(ctx, v.single); err != nil {
			return err
		}
		if len(t.wrong) == before {
			t.wrong = append(t.wrong, wrong)
		}
	}
	return nil
}

// send sends one token and describes the error in the answer.
func (t *variantTrial) send(ctx context.Context, v variant) (wrong string, err error) {
	admits := t.result.Expect.admits()
	c, err := t.baselineToken.present(ctx, v.changes)
	if err != nil {
		return "", err
	}
	if !admits {
		_, err := unlessAdmitted(t.e, func(context.Context, *runState) (credential, error) { return c, nil })(ctx, t.state)
		if _, accepted := asSkipped(err); accepted {
			return "", nil
		}
	}
	scene, err := t.state.prepare(ctx, t.result.Case)
	if err != nil {
		return "", err
	}
	went, got, elapsed, err := t.state.send(ctx, scene.request, c)
	t.sent++
	t.result.Duration += elapsed
	t.state.cleanUp(ctx, t.result.Case, scene, got)
	if t.isGone(ctx, err) {
		t.result.Exchange, t.result.Status = went.exchange(), 0
		return "", err
	}
	var nobody *unreachable
	if errors.As(err, &nobody) && ctx.Err() == nil {
		got, err = reply{}, nil
	}
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("%s (%d)", v.says, got.status)
	switch {
	case admits && t.result.Expect.met(got.status), !admits && got.status < http.StatusInternalServerError && !success(got.status):
	case slices.Contains(v.tolerates, got.status), !admits && !success(got.status):
		t.notes = append(t.notes, said)
	default:
		wrong = said
	}
	if t.result.Exchange == nil || wrong != "" && len(t.wrong) == 0 {
		t.result.Exchange, t.result.Status = went.exchange(), got.status
	}
	return wrong, nil
}
