package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// outputCommand is the default command that prints the settings of an API.
const outputCommand = "provision output --for-api"

// hiddenNote is the note on an endpoint that admits no caller because it answers 404
// to callers without permission.
const hiddenNote = "404 where 403 is better: the API hides the endpoint from callers who are signed in and not entitled; if it must, state refusals: {forbidden: {status: 404}} in the document"

// verdict is the assessment of an answer.
type verdict struct {
	outcome Outcome
	reason  string // why the answer is wrong
	cause   string // the probable cause of the failure
	note    string
	means   CauseID // of a failure, or of a note that --strict counts as one
	vacuous bool    // skipped, because nobody is admitted
	// forbidden is set if 403 is as good an answer as the expected one.
	forbidden bool
}

// verdict copies a verdict to the result.
func (r *Result) verdict(v verdict) {
	r.Outcome, r.Reason, r.Cause, r.cause, r.vacuous, r.forbidden = v.outcome, v.reason, v.cause, v.means, v.vacuous, v.forbidden
}

// judge compares an answer with the expectation of the case. proven reports whether the endpoint
// accepts the valid token: if not, a refusal proves nothing.
func (c Case) judge(a reply, sent credential, proven bool) verdict {
	found := finding{}
	if sent.inspect != nil {
		found = sent.inspect(a)
	}
	if c.inspect != nil && found == (finding{}) {
		found = c.inspect(a)
	}
	if sent.afterwards != nil && found == (finding{}) {
		found = sent.afterwards()
	}
	if c.Group == Written && a.stated != 0 {
		a.status, a.shows = a.stated, false // the user who wrote the case states the answer
	}
	if a.unclear && c.Expect.Status >= http.StatusBadRequest && !c.Expect.MayAdmit && c.Group != Written {
		a.status = unstated
	}
	for _, kind := range a.kinds {
		if c.Expect.met(kind) {
			a.status = kind
		}
	}
	if shows := debugMode(a.body); shows != "" && !success(a.status) && (!c.Expect.admits() || c.Means == CauseSpelling) && c.Group != Written {
		return debugVerdict(a, shows)
	}
	switch {
	case found.wrong != "":
		return verdict{outcome: Fail, reason: found.wrong, cause: c.Flaw, means: c.causeOf(a.status, true)}
	case a.shows && !c.Expect.admits():
		return verdict{outcome: Fail, reason: fmt.Sprintf("the refusal (%d) has what only an admitted request may get", a.stated),
			cause: "the API refuses after it has put the answer together, and sends both; " + c.Flaw, means: c.causeOf(http.StatusOK, false)}
	case c.Expect.met(a.status):
		if wrong := c.Expect.unmet(a.body); wrong != "" {
			return verdict{outcome: Fail, reason: wrong, cause: "the endpoint does not give the answer that the document expects", means: c.causeOf(a.status, false)}
		}
		if found.note != "" {
			return c.unlessVacuous(proven, verdict{outcome: Note, note: found.note, means: cmp.Or(c.Shows, c.Means)})
		}
		return c.unlessVacuous(proven, verdict{outcome: Pass})
	case sent.either && slices.Contains(sent.tolerates, a.status):
		return c.unlessVacuous(proven, verdict{outcome: Pass, note: sent.toleratedNote})
	case c.Expect.MayAdmit && success(a.status):
		return c.unlessVacuous(proven, verdict{outcome: Note, note: c.Flaw, means: c.Means})
	case sent.toleratedNote != "" && slices.Contains(sent.tolerates, a.status):
		return c.unlessVacuous(proven, verdict{outcome: Note, note: sent.toleratedNote, means: c.Means})
	case c.Expect.tolerated(a.status) || slices.Contains(sent.tolerates, a.status):
		return c.unlessVacuous(proven, verdict{outcome: Note, note: fmt.Sprintf("%d where %s is better: correct APIs differ here", cmp.Or(a.stated, a.status), c.Expect), means: c.causeOf(a.status, false)})
	case c.unissued && a.status >= http.StatusInternalServerError:
		return verdict{outcome: Note, note: fmt.Sprintf("the API breaks (%d) on a token that only the issuer could make, and never makes", a.status), means: CauseCrash}
	case a.status == http.StatusNotFound && c.stage >= stageRest && c.mayForbid(sent):
		return c.unlessVacuous(proven, verdict{outcome: Note, note: hiddenNote, means: CauseNot403})
	case sent.catchAll && success(a.status):
		return verdict{outcome: Note, note: "the target answers routes that do not exist with a success, so this answer proves nothing", means: c.Means}
	}
	return verdict{outcome: Fail, reason: c.unexpected(a), cause: c.cause(a.status), means: c.causeOf(a.status, false), forbidden: c.mayForbid(sent)}
}

// unexpected describes an unexpected answer.
func (c Case) unexpected(a reply) string {
	switch {
	case a.status == unstated:
		return fmt.Sprintf("expected the refusal that the document states, got %d", a.stated)
	case a.stated != 0 && a.stated != a.status:
		return fmt.Sprintf("expected %s, got the refusal that the document states for %d (status %d)", c.Expect, a.status, a.stated)
	}
	return fmt.Sprintf("expected %s, got %d", c.Expect, a.status)
}

// debugVerdict is the verdict on a refusal that shows internals of the API. It takes
// precedence over other faults.
func debugVerdict(a reply, shows string) verdict {
	v := verdict{outcome: Fail, means: CauseDebug}
	status := cmp.Or(a.stated, a.status)
	v.reason = fmt.Sprintf("the answer (%d) is or contains %s", status, shows)
	v.cause = "the API refuses requests with " + shows + ": it runs in debug mode"
	if status >= http.StatusInternalServerError {
		v.cause = "the API fails and shows " + shows + ": it runs in debug mode, and does not handle this error"
	}
	if debugger.Match(searched(a.body)) {
		v.means, v.cause = CauseDebugger, "the API runs in debug mode with an interactive debugger (EVALEX), which runs the code that a caller sends"
	}
	return v
}

// nameBreakdown changes the cause of a failure of a case with several requests if the answer shows
// that the API failed or is in debug mode, which is not the flaw of the case.
func (r *Result) nameBreakdown() {
	if r.Outcome != Fail || r.Expect.admits() || r.Status < http.StatusInternalServerError || r.Exchange == nil {
		return
	}
	r.cause = CauseCrash
	if body := []byte(r.Exchange.Body); debugMode(body) != "" {
		v := debugVerdict(reply{status: r.Status, body: body}, debugMode(body))
		r.Cause, r.cause = v.cause, v.means
	}
}

// strictly turns a note into a failure.
func (v verdict) strictly() verdict {
	if v.outcome != Note {
		return v
	}
	return verdict{outcome: Fail, reason: "a note, which --strict counts as a failure", cause: v.note, means: v.means}
}

// strictly does the same to a result if the run is strict.
func (s *runState) strictly(r Result) Result {
	if s.Strict && r.Outcome == Note {
		v := verdict{outcome: Note, note: r.Note}.strictly()
		r.Outcome, r.Reason, r.Cause, r.Note, r.Severity, r.Gain = v.outcome, v.reason, v.cause, "", Low, ""
	}
	return r
}

func (c Case) unlessVacuous(proven bool, v verdict) verdict {
	if proven || c.Expect.admits() || c.stage < stageRest || c.Group == Written {
		return v
	}
	return verdict{outcome: Skip, vacuous: true, reason: fmt.Sprintf("the API refused it, but it refuses all callers, so this proves nothing: see %s: valid", c.Endpoint)}
}

// cause returns the probable meaning of an unexpected status.
func (c Case) cause(status int) string {
	want := c.Expect.Status
	switch {
	case c.Group == Lifecycle && c.Expect.admits():
		return c.Flaw
	case status >= 500:
		const failed = "the API failed on this request: it does not handle an internal error"
		if c.Expect.admits() {
			return failed
		}
		return failed + "; the answer must be 401 or 403"
	case status == http.StatusTooManyRequests:
		return "the target limits the rate of requests: run the cases one at a time"
	case status == http.StatusNotFound:
		return "the API has no such route: check the url and the request of the endpoint"
	case status == http.StatusMethodNotAllowed:
		return "the target has this route for other methods only"
	case status >= 300 && status <= 399:
		return "the API redirects, as a web page does to its sign-in; an API answers 401"
	}
	switch {
	case c.Expect.admits() && (c.Name == "public" && status == http.StatusUnauthorized || c.Means == CauseTenantRefused || c.Means == CauseApplicationRefused):
		return c.Flaw
	case c.Expect.admits() && status == http.StatusUnauthorized:
		return "the API refuses a valid token: its issuer, audience or key set URL is probably that of another tenant or token version; `" + outputCommand + "` prints the settings that it needs"
	case c.Expect.admits() && status == http.StatusForbidden:
		return "the API requires more than the document states, or reads scopes and roles incorrectly: scp is one string with spaces, roles is a list, and both are case-sensitive"
	case want == http.StatusUnauthorized && status == http.StatusForbidden && c.stage == stageFirst:
		return "the API answers 403 to an unauthenticated caller; only 401 tells a client to sign in (older versions of FastAPI's HTTPBearer do this)"
	case want == http.StatusUnauthorized && status == http.StatusForbidden && (c.Group == Claims || c.Group == Signature || c.Group == Authorization):
		return "the API believed the token and only then found it not enough: " + c.Flaw
	case want == http.StatusUnauthorized && status == http.StatusForbidden:
		return "the API answers 403 where it cannot know the caller; 401 tells a client to sign in again"
	case want == http.StatusForbidden && status == http.StatusUnauthorized:
		return "the API answers 401 to a valid token: it confuses missing permission with missing authentication, and clients sign in again without success"
	}
	if c.Shows != "" { // Flaw describes what the answer shows
		return c.Means.Title()
	}
	return c.Flaw
}

// compareJSON describes the expected members that the body lacks, or returns "".
func compareJSON(want map[string]any, body []byte) string {
	got, err := readJSON(body)
	if err != nil {
		return "the answer is not json"
	}
	return lacks("", want, got)
}

// onlyPointers reports whether all expected members are JSON Pointers.
func onlyPointers(members map[string]any) bool {
	for name := range members {
		if !strings.HasPrefix(name, "/") {
			return false
		}
	}
	return true
}

// lacks compares the expected members one by one and ignores other members. path is the position
// in the answer, such as who.roles.
func lacks(path string, want, got any) string {
	members, ok := want.(map[string]any)
	if !ok {
		if sameJSON(want, got) {
			return ""
		}
		w, _ := json.Marshal(want)
		return fmt.Sprintf("the answer's %s is not %s", path, w)
	}
	object, ok := got.(map[string]any)
	if !ok && !(path == "" && onlyPointers(members)) {
		if path == "" {
			return "the answer is not a json object"
		}
		return fmt.Sprintf("the answer's %s is not an object", path)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		inner := strings.TrimPrefix(path+"."+name, ".")
		if strings.HasPrefix(name, "/") && path == "" {
			found := pointed(name, got)
			if !slices.ContainsFunc(found, func(v any) bool { return lacks(name, members[name], v) == "" }) {
				w, _ := json.Marshal(members[name])
				return fmt.Sprintf("the answer has no %s at %s", w, name)
			}
			continue
		}
		value, ok := object[name]
		if !ok {
			return "the answer lacks " + inner
		}
		if wrong := lacks(inner, members[name], value); wrong != "" {
			return wrong
		}
	}
	return ""
}
