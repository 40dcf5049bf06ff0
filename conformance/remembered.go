package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
)

// rememberedCases send tokens of a user who has never called the API, and of a new client: tokens
// that lack a scope or a role, a token that is entitled, and the first tokens again. An API that
// decides only by the token answers them as before. Other cases cannot tell an API with a cache of
// decisions from one without a check, because their users are entitled in earlier cases.
func (s *Suite) rememberedCases(e endpoint) []Case {
	if e.owner || !e.users || len(e.groups) > 0 || !e.needsScope() && !e.needsRole() || !strings.HasPrefix(e.request, http.MethodGet+" ") {
		return nil
	}
	c := claim("decided-before", High, "", "", "", nil).on(e, Authorization)
	c.Means, c.Expect = CauseRemembered, Expect{Status: http.StatusForbidden}
	c.Sends = "tokens of a new user and a new client that are not entitled, a token of the same user and client that is, and the first ones again"
	c.Gain = "users and clients keep access after their roles or scopes were removed, and every client of an entitled user has access"
	c.Flaw = CauseRemembered.Title()
	c.Source = sourceRoles
	c.present = nil
	c.try = func(ctx context.Context, r *runner, c Case) (Result, error) {
		t := &memoryTrial{r.state, e, c, Result{Case: c}}
		g, err := r.state.baselineTokenFor(e)
		switch {
		case err != nil:
			return t.result, err
		case !r.state.isAdmitted(e.key()):
			return t.result, vacuous("a refusal proves nothing because the endpoint admits no caller: see %s: %s", e.id, e.of("valid"))
		case r.isOpen(e.id):
			return t.result, vacuous("the endpoint admits all requests without a token: see %s: no-token", e.id)
		case g.claims.appOnly():
			return t.result, skip("", "it starts from the token of a user, and the API accepts none here")
		}
		t.result.Outcome = Pass
		for _, newClient := range []bool{true, false} {
			known, err := t.try(ctx, g, newClient)
			if err != nil || known {
				return t.result, err
			}
		}
		t.result.Note = "the API admits only users whom it knows, so a new one proves nothing"
		return t.result, nil
	}
	return []Case{c}
}

// memoryTrial is such a case while it runs.
type memoryTrial struct {
	*runState
	e      endpoint
	c      Case
	result Result
}

// newCaller returns the claims that identify a user, and a client, that have never called.
func newCaller(newClient bool) change {
	name := "new-" + unique()
	who := change{"oid": newID(), "sub": name, "name": name, "sid": newID(), "uti": unique()}
	for _, claim := range []string{"preferred_username", "upn", "unique_name", "email"} {
		who[claim] = name + "@contoso.example"
	}
	if newClient {
		id := newID()
		who["azp"], who["appid"] = id, id
	}
	return who
}

func newID() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // it never fails
	return fmt.Sprintf("4be5e9ca-0000-4000-8000-%x", b)
}

// try tells whether the API admits the new caller. If it does, the result has the verdict.
func (t *memoryTrial) try(ctx context.Context, g *baselineToken, newClient bool) (bool, error) {
	who := newCaller(newClient)
	var lacking []change
	if t.e.needsRole() { // first, because the token without the scope shows the roles to the API
		lacking = append(lacking, change{"roles": nil})
	}
	if t.e.needsScope() {
		lacking = append(lacking, change{"scp": "another.scope"})
	}
	lacks := func(i int) (reply, error) { return t.ask(ctx, g, who, lacking[i]) }
	refused := make([]bool, len(lacking))
	for i := range lacking {
		got, err := lacks(i)
		if err != nil {
			return false, err
		}
		refused[i] = got.status == http.StatusForbidden || got.status == http.StatusNotFound
	}
	got, err := t.ask(ctx, g, who, nil)
	if err != nil {
		return false, err
	}
	if !success(got.status) {
		return t.remembersRefusal(ctx, g, newClient)
	}
	for i := range lacking {
		if !refused[i] {
			continue // another case reports it
		}
		again, err := lacks(i)
		if err != nil {
			return false, err
		}
		if success(again.status) {
			t.fail("the API refused the token, and accepts it after it has accepted another token of the same user or client")
			return true, nil
		}
	}
	return true, nil
}

// remembersRefusal tells whether the API admits another new caller, who has not been refused
// before.
func (t *memoryTrial) remembersRefusal(ctx context.Context, g *baselineToken, newClient bool) (bool, error) {
	result := t.result
	got, err := t.ask(ctx, g, newCaller(newClient), nil)
	if err != nil || !success(got.status) {
		return false, err
	}
	t.result.Exchange, t.result.Status = result.Exchange, result.Status
	t.fail("the API refuses an entitled token, because it has refused another token of the same user or client")
	return true, nil
}

func (t *memoryTrial) fail(wrong string) {
	t.result.Outcome, t.result.Reason, t.result.Cause, t.result.cause = Fail, wrong, t.c.Flaw, t.c.Means
}

// ask sends the endpoint's request with a token of the caller.
func (t *memoryTrial) ask(ctx context.Context, g *baselineToken, who, lacks change) (reply, error) {
	changes := change{}
	for _, all := range []change{who, lacks} {
		for name, value := range all {
			if _, has := g.claims[name]; has || value == nil {
				changes[name] = value
			}
		}
	}
	c, err := g.present(ctx, changes)
	if err != nil {
		return reply{}, err
	}
	made, err := t.prepare(ctx, t.c)
	if err != nil {
		return reply{}, err
	}
	went, got, elapsed, err := t.send(ctx, made.request, c)
	t.cleanUp(ctx, t.c, made, got)
	t.result.Duration += elapsed
	if err == nil {
		t.result.Exchange, t.result.Status = went.exchange(), went.status
	}
	return got, err
}
