package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Rule is a fault and the requests that it applies to.
type Rule struct {
	Name   string `json:"name,omitempty"`   // for Fired; default: its position
	Method string `json:"method,omitempty"` // "" is any; "write" is any but GET and HEAD
	Path   string `json:"path,omitempty"`   // * stands for anything; "" is any, e.g. /v1.0/applications*
	Client string `json:"client,omitempty"` // the caller's appId; "" is any

	Skip int `json:"skip,omitempty"` // the number of matching requests before it applies
	Next int `json:"next,omitempty"` // then the number of requests that it applies to; 0: all of them

	Latency Duration `json:"latency,omitempty"` // before the answer

	// Status, if set, replaces the status of the answer.
	Status     int      `json:"status,omitempty"`
	Code       string   `json:"code,omitempty"`
	Message    string   `json:"message,omitempty"`
	RetryAfter Duration `json:"retryAfter,omitempty"` // sent in whole seconds
	// Body is the unchanged answer, with Status or else 200: like the page of a proxy,
	// or of a service that has failed.
	Body string `json:"body,omitempty"`

	// Done executes the request before the false answer is sent: an ambiguous write.
	Done bool `json:"done,omitempty"`
	// Drop closes the connection without an answer.
	Drop bool `json:"drop,omitempty"`
}

// Duration is written as time.ParseDuration reads it, as in "80ms".
type Duration time.Duration

func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

func (d *Duration) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("a duration is a text such as \"80ms\"")
	}
	parsed, err := time.ParseDuration(s)
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a duration such as 80ms", s)
	}
	*d = Duration(parsed)
	return nil
}

// Parse reads a JSON list of rules, as a file or the management API gives it.
func Parse(raw []byte) ([]Rule, error) {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	var rules []Rule
	if err := decoder.Decode(&rules); err != nil {
		return nil, fmt.Errorf("read faults: %w", err)
	}
	for i, r := range rules {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("read faults: rule %d: %w", i+1, err)
		}
	}
	return rules, nil
}

func (r Rule) check() error {
	switch {
	case r.Status != 0 && (r.Status < 400 || r.Status > 599):
		return fmt.Errorf("status %d is not a failure; use 400 to 599", r.Status)
	case r.Status == 0 && r.Latency == 0 && !r.Drop && r.Body == "":
		return fmt.Errorf("nothing happens; set latency, status, body or drop")
	case r.Drop && (r.Status != 0 || r.Body != ""):
		return fmt.Errorf("a dropped connection has no status and no body")
	case r.Done && r.Status == 0 && !r.Drop && r.Body == "":
		return fmt.Errorf("done needs a status, body or drop to answer instead")
	case r.Next < 0 || r.Skip < 0:
		return fmt.Errorf("next and skip count from 0")
	case !slices.Contains([]string{"", "write", http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}, r.Method):
		return fmt.Errorf("method %q is not known", r.Method)
	}
	return nil
}

// defaults are Graph's codes and messages for common failures.
var defaults = map[int][2]string{
	http.StatusNotFound:            {"Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present."},
	http.StatusConflict:            {"Directory_ConcurrencyViolation", "The request conflicts with another request in progress."},
	http.StatusTooManyRequests:     {"TooManyRequests", "Too many requests."},
	http.StatusInternalServerError: {"InternalServerError", "The service met an error it did not expect."},
	http.StatusBadGateway:          {"BadGateway", "The service could not be reached."},
	http.StatusServiceUnavailable:  {"ServiceUnavailable", "The service is not available for a moment."},
	http.StatusGatewayTimeout:      {"GatewayTimeout", "The service did not answer in time."},
}

// armed is a rule with its counters.
type armed struct {
	Rule
	path  *regexp.Regexp
	seen  int // requests that matched
	fired int // requests that it applied to

	removed chan struct{} // closed when the rule is removed
}

func arm(r Rule) *armed {
	a := &armed{Rule: r, removed: make(chan struct{})}
	if r.Path != "" {
		a.path = regexp.MustCompile("(?i)^" + strings.ReplaceAll(regexp.QuoteMeta(r.Path), `\*`, ".*") + "$")
	}
	if r.Body != "" && r.Status == 0 {
		a.Status = http.StatusOK
	}
	if d, ok := defaults[r.Status]; ok {
		if a.Code == "" {
			a.Code = d[0]
		}
		if a.Message == "" {
			a.Message = d[1]
		}
	}
	return a
}

func (a *armed) matches(q Request) bool {
	switch {
	case a.Method == "write" && (q.Method == http.MethodGet || q.Method == http.MethodHead):
		return false
	case a.Method != "" && a.Method != "write" && a.Method != q.Method:
		return false
	case a.Client != "" && !strings.EqualFold(a.Client, q.Client):
		return false
	}
	return a.path == nil || a.path.MatchString(q.Path)
}
