package conformance

import (
	"context"
	"net/http"
	"strings"
)

// noTokenAgain sends the request that the API has just admitted once more, without the token. A
// cache that identifies answers by their path returns the answer for the first caller.
func noTokenAgain(e endpoint) []Case {
	if !strings.HasPrefix(e.request, http.MethodGet+" ") {
		return nil
	}
	c := noToken(e)
	c.ID, c.Name, c.key, c.Means, c.stage = e.id+": no-token-again", "no-token-again", e.key(), CauseShared, stageRest
	c.Sends = "the valid token, and then the same request without it"
	c.Source = "RFC 9111, section 3.5; CWE-524"
	c.Gain = "anybody gets the answers for other callers, and the API does not check whether they may"
	c.Flaw = CauseShared.Title()
	c.try = func(ctx context.Context, r *runner, c Case) (Result, error) {
		s, result := r.state, Result{Case: c}
		g, err := s.baselineTokenFor(e)
		switch {
		case err != nil:
			return result, err
		case !s.isAdmitted(e.key()):
			return result, vacuous("a refusal proves nothing because the endpoint admits no caller: see %s: valid", e.id)
		case r.isOpen(e.id):
			return result, vacuous("the endpoint admits all requests without a token: see %s: no-token", e.id)
		}
		made, err := s.prepare(ctx, c)
		if err != nil {
			return result, err
		}
		defer s.cleanUp(ctx, c, made, reply{})
		if _, _, _, err := s.send(ctx, made.request, bearer(g.raw)); err != nil {
			return result, err
		}
		went, got, elapsed, err := s.send(ctx, made.request, credential{})
		result.Exchange, result.Duration = went.exchange(), elapsed
		if err != nil {
			return result, err
		}
		result.Status = went.status
		result.verdict(c.judge(got, credential{}, true))
		return result, nil
	}
	return []Case{c}
}
