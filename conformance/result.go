package conformance

import (
	"encoding/json"
	"net/http"
	"time"
)

// Outcome is how a case ended.
type Outcome string

// The outcomes.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"    // the API answered wrongly
	Known   Outcome = "known"   // it failed, as the baseline expects
	Note    Outcome = "note"    // correct APIs differ here, and this answer is one of the correct ones
	Skip    Outcome = "skip"    // it could not be tried, or would prove nothing
	Blocked Outcome = "blocked" // it has no meaning while the finding exists
	Error   Outcome = "error"   // the setup is broken: no verdict on the API
)

// Result is the result of one case, with the requests and answers.
type Result struct {
	Case
	Outcome  Outcome
	Status   int           // of the answer; 0: none was got
	Duration time.Duration // of the request alone
	Reason   string        // why the case was skipped or failed
	Add      string        // the manifest lines that would make a skipped case possible
	Cause    string        // the probable meaning of a failure
	Finding  string        // of a failure: the finding that it belongs to; of a blocked case: the finding that blocks it
	Note     string        // further information
	Known    *KnownFailure // of a Known outcome
	Exchange *Exchange     // nil: nothing was sent

	cause     CauseID // of a failure
	vacuous   bool    // the request was refused while nobody is admitted
	forbidden bool    // 403 would be as good as the expected status
	rightURL  string  // where the API has its routes; "": at the target's URL
}

// StatusMet reports whether the answer has the expected status, so that a failure is about its
// content.
func (r Result) StatusMet() bool { return r.Status != 0 && r.Expect.met(r.Status) }

// Exchange is a request and its answer, without the secrets in them.
type Exchange struct {
	Method         string      `json:"method"`
	URL            string      `json:"url"`
	RequestHeader  http.Header `json:"requestHeader"`
	RequestBody    string      `json:"requestBody,omitempty"` // its first 2 KiB
	Token          *Decoded    `json:"token,omitempty"`
	Status         int         `json:"status,omitempty"`
	ResponseHeader http.Header `json:"responseHeader,omitempty"`
	Body           string      `json:"body,omitempty"` // its first 2 KiB
	Truncated      bool        `json:"truncated,omitempty"`
}

// Decoded is the header and claims of the presented token, without its signature.
type Decoded struct {
	Header json.RawMessage `json:"header"`
	Claims json.RawMessage `json:"claims"`
}

// Plan describes a run before it starts.
type Plan struct {
	Name     string // of the document
	Resource string
	URL      string
	Cases    []Case
	// Stopped is the reason why the run ended before most cases were tried, for example
	// that no caller is admitted anywhere, or "".
	Stopped string
}

// Summary counts outcomes: Planned = Passed + Noted + Failed + Known + Blocked +
// Errors + Skipped.
type Summary struct {
	Planned int `json:"planned"`
	Passed  int `json:"passed"`
	Noted   int `json:"noted"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Errors  int `json:"errors"`
	Known   int `json:"known,omitempty"`
	Blocked int `json:"blocked,omitempty"` // have no meaning while a finding exists
	// Undecided counts the blocked cases that only known failures block: they are neither
	// passed nor failed, and do not change the exit code.
	Undecided int           `json:"undecided,omitempty"`
	Began     time.Time     `json:"-"`
	Duration  time.Duration `json:"-"`
	// FailedBySeverity adds up to Failed.
	FailedBySeverity map[Severity]int `json:"failedBySeverity,omitempty"`
	// Findings are the flaws that the failures show, each of them once, sorted by
	// severity. Findings that the baseline accepts come last.
	Findings []Finding `json:"-"`
	// FindingsBySeverity counts the findings that the baseline does not know.
	FindingsBySeverity map[Severity]int `json:"findingsBySeverity,omitempty"`
	// SkippedBecause counts the skipped cases by their reason.
	SkippedBecause map[string]int `json:"skippedBecause,omitempty"`
	// Unproven are the protected endpoints that did not admit any caller in the run, so
	// that their refusals prove nothing.
	Unproven []string `json:"unproven,omitempty"`
	// Undeclared counts the skipped cases for which the document could declare a user
	// or application, but does not and does not excuse it.
	Undeclared int `json:"undeclared,omitempty"`
	// Protected counts the endpoints that must refuse some callers.
	Protected int `json:"protected,omitempty"`
}

// Proved reports whether the passed cases prove anything: every protected endpoint
// admitted a caller, and no case was skipped that a declaration in the document could have
// made possible.
func (s Summary) Proved() bool { return len(s.Unproven) == 0 && s.Undeclared == 0 }

// OK reports whether no case failed and no error occurred. Notes do not count, unless
// Suite.Strict turns them into failures.
func (s Summary) OK() bool { return len(s.FindingsBySeverity) == 0 && s.Failed == 0 && s.Errors == 0 }

// Add adds another run's counts.
func (s *Summary) Add(other Summary) {
	s.Planned += other.Planned
	s.Passed += other.Passed
	s.Noted += other.Noted
	s.Failed += other.Failed
	s.Skipped += other.Skipped
	s.Errors += other.Errors
	s.Known += other.Known
	s.Blocked += other.Blocked
	s.found(other.Findings)
	for severity, n := range other.FailedBySeverity {
		s.failed(severity, n)
	}
	s.lasts(other)
	for reason, n := range other.SkippedBecause {
		s.skippedBecause(reason, n)
	}
	s.Unproven = append(s.Unproven, other.Unproven...)
	s.Undeclared += other.Undeclared
	s.Protected += other.Protected
}

// lasts extends the duration of the runs. Runs may overlap if the times at which they
// began are known.
func (s *Summary) lasts(other Summary) {
	if s.Began.IsZero() || other.Began.IsZero() {
		s.Began, s.Duration = other.Began, s.Duration+other.Duration
		return
	}
	end, otherEnd := s.Began.Add(s.Duration), other.Began.Add(other.Duration)
	if other.Began.Before(s.Began) {
		s.Began = other.Began
	}
	if otherEnd.After(end) {
		end = otherEnd
	}
	s.Duration = end.Sub(s.Began)
}

// found adds findings.
func (s *Summary) found(findings []Finding) {
	s.Findings = append(s.Findings, findings...)
	for _, f := range findings {
		if f.Known {
			s.Undecided += len(f.Blocked)
			continue
		}
		if s.FindingsBySeverity == nil {
			s.FindingsBySeverity = make(map[Severity]int)
		}
		s.FindingsBySeverity[f.Severity]++
	}
}

func (s *Summary) skippedBecause(reason string, n int) {
	if s.SkippedBecause == nil {
		s.SkippedBecause = make(map[string]int)
	}
	s.SkippedBecause[reason] += n
}

func (s *Summary) failed(severity Severity, n int) {
	if s.FailedBySeverity == nil {
		s.FailedBySeverity = make(map[Severity]int)
	}
	s.FailedBySeverity[severity] += n
}

func (s *Summary) count(r Result) {
	switch r.Outcome {
	case Pass:
		s.Passed++
	case Note:
		s.Noted++
	case Fail:
		s.Failed++
		s.failed(r.Severity, 1)
	case Known:
		s.Known++
	case Skip:
		s.Skipped++
		s.skippedBecause(r.Reason, 1)
	case Blocked:
		s.Blocked++
	case Error:
		s.Errors++
	}
}

// Handler receives a run in progress: Begin, then a Result for each case in the order
// of the plan, then End. Several runs may follow one another.
type Handler interface {
	Begin(Plan) error
	Result(Result) error
	End(Summary) error
}

// Handlers passes a run on to each of them.
type Handlers []Handler

// Begin passes the plan on.
func (h Handlers) Begin(p Plan) error {
	return h.each(func(one Handler) error { return one.Begin(p) })
}

// Result passes a result on.
func (h Handlers) Result(r Result) error {
	return h.each(func(one Handler) error { return one.Result(r) })
}

// End passes the summary on.
func (h Handlers) End(s Summary) error {
	return h.each(func(one Handler) error { return one.End(s) })
}

func (h Handlers) each(do func(Handler) error) error {
	for _, one := range h {
		if err := do(one); err != nil {
			return err
		}
	}
	return nil
}
