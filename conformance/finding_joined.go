package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// checksNoClaims joins the failures of an API that checks neither issuer nor audience into one
// flaw. Such an API does not check the claims at all, or ignores the error of its library.
func checksNoClaims(failed []*Result) {
	claims := []struct{ name, claim string }{{"wrong-issuer", "iss"}, {"wrong-audience", "aud"}, {"expired", "exp"}, {"not-yet-valid", "nbf"}}
	var all []*Result
	var unchecked []string
	for i, one := range claims {
		at := slices.IndexFunc(failed, func(r *Result) bool { return r.Name == one.name && r.cause == r.Means })
		if at < 0 && i < 2 {
			return
		}
		if at >= 0 {
			all, unchecked = append(all, failed[at]), append(unchecked, one.claim)
		}
	}
	for _, r := range all {
		r.cause, r.Cause = CauseClaims, fmt.Sprintf("the API checks the signature of a token but not its claims (%s)", strings.Join(unchecked, ", "))
	}
}

// requiresEither joins the failures of an API that requires the scope or the role, instead of both,
// into one flaw: it accepts a token without the one and a token without the other, but refuses a
// token with neither.
func requiresEither(results []*Result) {
	for _, neither := range results {
		if neither.Name != "no-scope-no-role" || neither.Outcome != Pass {
			continue
		}
		accepted := func(id CauseID, name func(string) bool) *Result {
			i := slices.IndexFunc(results, func(r *Result) bool {
				return r.Outcome == Fail && r.cause == id && r.way() == neither.way() && r.wronglyAdmitted() && name(r.Name)
			})
			if i < 0 {
				return nil
			}
			return results[i]
		}
		scope := accepted(CauseScope, func(name string) bool { return strings.HasPrefix(name, "missing-") })
		role := accepted(CauseRole, func(name string) bool { return name == "no-role" })
		if scope == nil || role == nil {
			continue
		}
		for _, r := range []*Result{scope, role} {
			r.cause, r.Cause = CauseEither, CauseEither.Title()
		}
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
