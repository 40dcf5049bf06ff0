package conformance

import (
	"cmp"
	"net/http"
	"slices"
)

// isElsewhere reports whether an answer means that the route does not exist. If the
// endpoint has admitted a caller, such an answer only hides the endpoint from other
// callers.
func (c Case) isElsewhere(status int) bool {
	missing := status == http.StatusNotFound || status == http.StatusMethodNotAllowed
	return missing && !(status == http.StatusNotFound && c.forbids() && c.stage >= stageRest)
}

// forbids reports whether the answer to the case may be the refusal of an authenticated caller.
func (c Case) forbids() bool {
	return c.Expect.Status == http.StatusForbidden || slices.Contains(c.Expect.Also, http.StatusForbidden)
}

// mayForbid reports whether correct APIs refuse this token as one that is not sufficient.
func (c Case) mayForbid(sent credential) bool {
	return c.forbids() || slices.Contains(c.Expect.Tolerates, http.StatusForbidden) || slices.Contains(sent.tolerates, http.StatusForbidden)
}

// processed are statuses that are about the content of a request or the state of an object.
var processed = []int{
	http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusLocked, http.StatusFailedDependency, http.StatusPreconditionRequired,
}

// causeOf returns the cause of an unexpected answer: the cause of the case, unless the answer
// shows another one.
func (c Case) causeOf(status int, shown bool) CauseID {
	admits := c.Expect.admits()
	switch {
	case shown:
		return cmp.Or(c.Shows, c.Means)
	case admits && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) && c.Group != Lifecycle && c.Group != Written:
		return CauseNoRoute
	case admits && success(status) && c.Group != Written:
		return CauseAnswer
	case admits, success(status), c.Group == Written:
		return c.Means
	case status >= http.StatusInternalServerError:
		return CauseCrash
	case c.isElsewhere(status):
		return CauseNoRoute
	case status >= 300 && status <= 399:
		return CauseRedirect
	case c.Expect.Status == http.StatusForbidden:
		return CauseNot403
	case status == http.StatusForbidden && c.lacks:
		return CauseOrder
	case c.Expect.Refused:
		return c.Means
	case c.stage >= stageRest && slices.Contains(processed, status):
		return CauseBeforeToken
	}
	return CauseNot401
}
