package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Group is a family of cases.
type Group string

const (
	Authentication Group = "authentication" // is there a token, and in the right place
	Signature      Group = "signature"      // did the issuer sign it
	Claims         Group = "claims"         // is it meant for this API, now
	Authorization  Group = "authorization"  // may its bearer do this
	Answers        Group = "answers"        // the content of a refusal
	Routes         Group = "routes"         // other spellings of the request
	Headers        Group = "headers"        // headers that only a proxy may set
	Lifecycle      Group = "life"           // the issuer's keys change, clocks differ, roles are taken away
	Written        Group = "written"        // by hand, in the document
)

// Severity is how bad it is when the case fails.
type Severity string

const (
	Critical Severity = "critical" // anybody gets in
	High     Severity = "high"     // the API accepts a token of the wrong type
	Medium   Severity = "medium"   // a token is good for longer or wider than it should be
	Low      Severity = "low"      // the contract is broken, but no unauthorized caller is admitted
)

// Severities are all of them, the worst first.
var Severities = []Severity{Critical, High, Medium, Low}

// Case is one request and the answer that it must get.
type Case struct {
	ID       string   `json:"id"`       // "GET /secure: wrong-audience"; stable
	Endpoint string   `json:"endpoint"` // "GET /secure"
	Name     string   `json:"name"`     // "wrong-audience"
	Group    Group    `json:"group"`
	Means    CauseID  `json:"means"`           // the flaw that a failure is about
	Shows    CauseID  `json:"shows,omitempty"` // the flaw that inspect looks for in the content of the answer
	Severity Severity `json:"severity"`
	Sends    string   `json:"sends"` // the token and the other content of the request
	Expect   Expect   `json:"expect"`
	Source   string   `json:"source,omitempty"` // where it is required
	Gain     string   `json:"gain,omitempty"`   // the advantage of an attacker if the case fails
	Flaw     string   `json:"flaw,omitempty"`   // the probable meaning of a failure
	File     string   `json:"file,omitempty"`   // of the manifest that states the endpoint
	Line     int      `json:"line,omitempty"`

	key         string // of the endpoint's alternative; "" for the first or only one
	request     string // of a written case; "" means the expectation of the endpoint
	body        any    // a written case's own; nil: the endpoint's
	contentType string

	skip *skipped // the case is already known to be impossible
	// stage orders the cases of an endpoint: first the cases without a token, then the
	// case that must be admitted, then all others, and at the end the cases that disturb
	// others.
	stage stage
	// Exactly one of the two functions is set. It returns what the request presents: admit
	// for a caller that must be admitted, present for all others.
	admit   func(context.Context, *runState) (*baselineToken, error)
	present func(context.Context, *runState) (credential, error)
	// inspect looks at the answer beyond its status; nil: the status is all.
	inspect       func(reply) finding
	alsoBlockedBy []CauseID // in addition to the blockers of Means
	unissued      bool      // only the issuer could make it, and never does
	lacks         bool      // the presented token is not entitled either
	reveals       bool      // a successful answer is a failure if an admitted request gets the same one
	// try is a case of several requests, instead of admit and present.
	try func(context.Context, *runner, Case) (Result, error)
}

type stage int

const (
	stageFirst stage = iota
	stageBase
	stageRest
	stageLifecycle // sent after all other cases of all endpoints, one by one
	stageEnd       // sent after the lifecycle cases
)

// Expect is the answer that a case must get.
type Expect struct {
	Status    int            `json:"status,omitempty"`    // 0: any 2xx
	JSON      map[string]any `json:"json,omitempty"`      // members that the answer has, with these values
	Contains  string         `json:"contains,omitempty"`  // text that the answer has
	Refused   bool           `json:"refused,omitempty"`   // any refusal: no 2xx and no 5xx; Status is 0
	Also      []int          `json:"also,omitempty"`      // statuses that are equivalent
	Tolerates []int          `json:"tolerates,omitempty"` // statuses that correct APIs answer too; they give a note
	MayAdmit  bool           `json:"mayAdmit,omitempty"`  // correct APIs also admit the request; this gives a note
}

func (e Expect) String() string {
	if e.Refused && slices.Contains(e.Also, http.StatusOK) {
		return "no 5xx"
	}
	if e.Refused {
		return "no 2xx"
	}
	if e.Status == 0 {
		return "2xx"
	}
	return fmt.Sprint(e.Status)
}

// admits reports whether the API must admit the request.
func (e Expect) admits() bool { return !e.Refused && e.Status < http.StatusMultipleChoices }

// met reports whether a status is the expected one or equivalent to it.
func (e Expect) met(status int) bool {
	switch {
	case slices.Contains(e.Also, status):
		return true
	case e.Refused:
		return !success(status) && status < http.StatusInternalServerError
	case e.Status == 0:
		return success(status)
	}
	return status == e.Status
}

// tolerated reports whether correct APIs differ in this case and a correct API may
// answer this status.
func (e Expect) tolerated(status int) bool {
	return slices.Contains(e.Tolerates, status) || e.MayAdmit && success(status)
}

func success(status int) bool { return status >= 200 && status <= 299 }

// skipped is why a case cannot be tried.
type skipped struct {
	reason  string
	add     string // the manifest lines that would make it possible
	vacuous bool   // the case would prove nothing: the API admits nobody, or everybody
}

func (s *skipped) Error() string { return s.reason }

func skip(add, reason string, args ...any) *skipped {
	return &skipped{reason: fmt.Sprintf(reason, args...), add: add}
}

// vacuous skips a case that would prove nothing, because a finding blocks it.
func vacuous(reason string, args ...any) *skipped {
	return &skipped{reason: fmt.Sprintf(reason, args...), vacuous: true}
}

// credential contains the credential of a request, and the differences from the
// endpoint's request.
type credential struct {
	authorization []string // values of the Authorization header
	secrets       []string // the tokens among it, to be masked
	either        bool     // a tolerated answer is equivalent to the expected one
	tolerates     []int    // statuses that correct APIs also answer to this token
	toleratedNote string   // its meaning; "": APIs differ
	note          string

	method, path string      // empty: the endpoint's
	target       string      // the request target behind the host, sent unchanged instead of path
	query        string      // added to the path
	header       http.Header // added
	body         string      // with a Content-Type in header

	// respell changes the endpoint's request itself; nil: it stays.
	respell func(spoken) credential
	may429  bool // the case accepts the answer 429
	mayCut  bool // a target may close the connection instead of answering

	// afterwards checks other effects of the request; nil: no check.
	afterwards func() finding
	inspect    func(reply) finding // looks at the answer, as the case's own; nil: nothing
	// restore reverts the changes that the request needed, and returns the changes that it
	// could not revert. It is nil if nothing was changed.
	restore func(context.Context) string
	// catchAll reports that the target answers 2xx for routes that do not exist.
	catchAll bool
}

// finding describes an error in the content of an answer. The zero value means that
// there is no error.
type finding struct {
	wrong string // a failure
	note  string // where correct APIs differ
}

func asSkipped(err error) (*skipped, bool) {
	var s *skipped
	return s, errors.As(err, &s)
}

func bearer(token string) credential {
	return credential{authorization: []string{"Bearer " + token}, secrets: []string{token}}
}
