package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// opening tries, at every endpoint, the cases that the others depend on. If no caller
// is admitted anywhere, the run stops.
func (r *runner) opening(ctx context.Context) {
	for _, cases := range r.endpoints {
		r.cases.Go(func() {
			for _, stage := range []stage{stageFirst, stageBase} {
				for _, c := range cases {
					if c.stage == stage {
						result, _ := r.try(ctx, c)
						r.mu.Lock()
						r.early[c.ID] = &result
						r.mu.Unlock()
					}
				}
			}
		})
	}
	r.cases.Wait()
	if ctx.Err() == nil && r.isClosed() {
		r.explain(ctx)
		r.halt("the run stopped before it: no endpoint admits a caller")
	}
	for _, result := range r.early {
		r.deliver(*result)
	}
}

// isClosed reports whether the endpoint should admit a caller and did not.
func (r *runner) isClosed() bool {
	refused := false
	for _, result := range r.early {
		if result.stage != stageBase {
			continue
		}
		if r.state.isAdmitted(result.base()) {
			return false
		}
		refused = refused || result.Outcome == Fail
	}
	return refused
}

// halt ends all cases that have not begun.
func (r *runner) halt(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.halted = cmp.Or(r.halted, why)
}

func (r *runner) isHalted() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.halted
}

// explain finds the reason why nobody is admitted, and adds it to the results.
func (r *runner) explain(ctx context.Context) {
	var closed []*Result
	for _, cases := range r.endpoints {
		for _, c := range cases {
			if result := r.early[c.ID]; result != nil && result.stage == stageBase && result.Outcome == Fail {
				closed = append(closed, result)
			}
		}
	}
	first := closed[0]
	why, rightURL := "", ""
	switch {
	case first.Status == http.StatusNotFound:
		why, rightURL = r.misplaced(ctx, *first)
	case first.Status == http.StatusUnauthorized || first.Status >= http.StatusInternalServerError:
		why = r.explainMisconfiguration(ctx, *first)
	}
	for _, result := range closed {
		if why != "" && result.Status == first.Status {
			result.Cause, result.rightURL = why, rightURL
		}
	}
}

// unasked returns the results of tokens that were refused everywhere, if their cases were
// not selected and the run stops because of them.
func (r *runner) unasked() []*Result {
	var all []*Result
	for _, cases := range r.endpoints {
		for _, c := range cases {
			result := r.early[c.ID]
			if _, wanted := r.slots[c.ID]; !wanted && result != nil && c.stage == stageBase && result.Outcome == Fail && r.isHalted() != "" {
				all = append(all, result)
			}
		}
	}
	return all
}

// statedURL stands for the URL in a command, if it is not known.
const statedURL = "URL"

// misplaced looks for the routes of the document below other paths, and returns the URL of the
// routes.
func (r *runner) misplaced(ctx context.Context, result Result) (why, rightURL string) {
	target, err := url.Parse(r.state.Target.URL)
	if err != nil {
		return "", ""
	}
	why = fmt.Sprintf("below %s the API does not have any route of the document", target.Redacted())
	stated := strings.TrimSuffix(target.EscapedPath(), "/")
	prefixes := []string{"/api", "/v1", "/api/v1"}
	for at := stated; at != ""; at = strings.TrimSuffix(path.Dir(at), "/") {
		prefixes = append(prefixes, strings.TrimSuffix(path.Dir(at), "/"), at+"/api", at+"/v1")
	}
	_, route, _ := strings.Cut(result.Endpoint, " ")
	if e, ok := r.state.endpoints[result.Endpoint]; ok {
		_, route, _ = strings.Cut(e.request, " ")
	}
	if strings.ContainsAny(route, "{$") {
		return why, statedURL
	}
	for _, prefix := range prefixes {
		_, got, _, err := r.state.send(ctx, request{method: http.MethodGet, path: "/"}, credential{target: prefix + route})
		if err == nil && (got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || success(got.status)) && prefix != stated {
			right := *target
			right.Path, right.RawPath = prefix, ""
			return fmt.Sprintf("%s; they are below %s: correct --url", why, right.Redacted()), right.String()
		}
	}
	return why + ": correct --url, or the requests of the endpoints", statedURL
}

// explainMisconfiguration examines an API that refuses the valid tokens, and finds out
// which tokens it accepts: tokens with another audience or issuer, or no tokens at all,
// because it has other keys.
func (r *runner) explainMisconfiguration(ctx context.Context, result Result) string {
	s := r.state
	e := s.endpoints[result.Endpoint]
	g, err := s.baselineTokenFor(e)
	if err != nil {
		return ""
	}
	l := &trial{s, result.Case, e, g}
	taken := func(changes change) bool {
		c, err := g.present(ctx, changes)
		if err != nil {
			return false
		}
		got, err := l.ask(ctx, c)
		return err == nil && (success(got.status) || got.status == http.StatusForbidden)
	}
	settings := "`" + cmp.Or(s.OutputCommand, outputCommand) + "` prints the settings that it needs"
	aud, iss := g.claims.text("aud"), g.claims.text("iss")
	audiences := slices.DeleteFunc(slices.Compact(append(slices.Clone(s.Resource.Audiences), s.Resource.AppID, "api://"+s.Resource.AppID)), func(other string) bool { return other == aud })
	for _, client := range s.Applications {
		audiences = append(audiences, client.AppID)
	}
	issuer := otherVersion(iss)
	for _, other := range audiences {
		if taken(change{"aud": other}) {
			return fmt.Sprintf("the API expects the audience (aud) %q, and its tokens have %q: %s", other, aud, settings)
		}
	}
	version := map[string]string{"1.0": "2.0", "2.0": "1.0"}[g.claims.text("ver")]
	if taken(change{"iss": issuer}) || taken(change{"iss": issuer, "ver": version}) {
		return fmt.Sprintf("the API expects the issuer (iss) %q of tokens of the other version, and its tokens have %q: %s", issuer, iss, settings)
	}
	for _, other := range audiences {
		if taken(change{"iss": issuer, "ver": version, "aud": other}) {
			return fmt.Sprintf("the API expects the issuer (iss) %q and the audience (aud) %q of tokens of the other version, and its tokens have %q and %q: %s", issuer, other, iss, aud, settings)
		}
	}
	if result.Status >= http.StatusInternalServerError {
		return fmt.Sprintf("the API fails (%d) on every token of the tenant, whatever its audience and issuer: its log shows the error, for example a claim that it requires and that the token does not have", result.Status)
	}
	return r.findOtherKeys(ctx, l, settings)
}

// findOtherKeys examines an API that accepts no token of the issuer.
func (r *runner) findOtherKeys(ctx context.Context, l *trial, settings string) string {
	const stale = "its cache of keys is stale: it contains an empty or an old key set. Wait until the cache expires (PyJWKClient: 5 minutes, jose: 30 seconds), or restart the API"
	otherwise := fmt.Sprintf("the API refuses every token of the tenant, whatever its audience and issuer: either it fetches its keys from elsewhere or checks another issuer or audience (%s), or %s", settings, stale)
	if l.Changes.Keys == nil {
		return otherwise
	}
	d, err := l.disturb(ctx, KeyFault{})
	if err != nil {
		return otherwise
	}
	defer d.restore(ctx)
	if l.nudge(ctx) != nil {
		return otherwise
	}
	n, err := d.Requests(ctx)
	switch again, askErr := l.ask(ctx, bearer(l.baselineToken.raw)); {
	case err != nil || askErr != nil:
		return otherwise
	case success(again.status):
		return "the API refused the valid token until a token of an unknown key made it fetch the issuer's keys: " + stale
	case n == 0:
		return fmt.Sprintf("the API refuses every token of the tenant and does not ask it for its keys, also where a token names an unknown one: either its key set URL is that of another tenant (%s), or %s", settings, stale)
	}
	return fmt.Sprintf("the API fetches the keys of this tenant and still refuses every token of it: it checks another issuer or audience: %s", settings)
}

// isDown is the reason of a halted run: the target no longer answers.
const isDown = "the run stopped before it: the API does not answer any more"

// isGone reports whether the target, which closed the connection with this error, no
// longer answers any request. Then the run stops.
func (r *runner) isGone(ctx context.Context, err error) bool {
	if !wasCut(err) {
		return false
	}
	for n := range 4 {
		if r.isHalted() == isDown {
			return true
		}
		if r.state.pace.wait(ctx) != nil {
			return false
		}
		_, _, _, err := r.state.once(ctx, request{method: http.MethodGet, path: noSuchRoute}, credential{}, true)
		if err == nil || !wasCut(err) || ctx.Err() != nil {
			return false
		}
		if r.state.pace.sleep(ctx, (1<<n)*50*time.Millisecond) != nil {
			return false
		}
	}
	r.halt(isDown)
	return true
}

// down returns the verdict on a request after which the target is gone.
func down(err error) verdict {
	return verdict{
		outcome: Fail, reason: "the connection was closed without an answer, and the API does not answer any more: " + plain(err).Error(),
		cause: CauseDown.Title(), means: CauseDown,
	}
}

// unanswered returns the verdict on a request for which the target repeatedly closes the
// connection.
func (r *runner) unanswered(ctx context.Context, c Case, presented credential, err error) verdict {
	switch {
	case r.isGone(ctx, err):
		return down(err)
	case presented.mayCut:
		return verdict{outcome: Note, note: "the target closed the connection instead of answering", means: c.Means}
	}
	return verdict{
		outcome: Fail, reason: "the connection was closed without an answer, also when the request was sent again: " + plain(err).Error(),
		cause: "the API fails on this request: an internal error ends the connection",
		means: c.causeOf(http.StatusInternalServerError, false),
	}
}
