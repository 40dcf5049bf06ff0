package faults

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// Request contains the properties of a request that a rule can match.
type Request struct {
	Method string
	Path   string // with the version, without the query
	Client string // the caller's appId, "" where it is not known
}

// Verdict is the fault that is injected into a request. The zero value changes nothing.
type Verdict struct {
	Latency    time.Duration
	Removed    <-chan struct{} // closed when the rule is removed, which ends the latency
	Status     int             // 0: the status without the fault
	Code       string
	Message    string
	RetryAfter time.Duration
	Body       string // "": a default body for Status
	Done       bool   // carry it out first
	Drop       bool   // close the connection
}

// Injector holds the fault rules of a tenant. It is safe for concurrent use. The zero
// value has no rules.
type Injector struct {
	mu    sync.Mutex
	rules []*armed
}

// Add adds rules after the existing ones.
func (in *Injector) Add(rules ...Rule) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, r := range rules {
		in.rules = append(in.rules, arm(r))
	}
}

// Reset removes all rules.
func (in *Injector) Reset() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.remove(func(*armed) bool { return true })
}

// Remove removes the rules with a name and reports whether there were any.
func (in *Injector) Remove(name string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	before := len(in.rules)
	in.remove(func(r *armed) bool { return r.Name == name })
	return len(in.rules) < before
}

func (in *Injector) remove(which func(*armed) bool) {
	in.rules = slices.DeleteFunc(in.rules, func(r *armed) bool {
		if !which(r) {
			return false
		}
		close(r.removed)
		return true
	})
}

// Decide returns the fault for a request, if any, and counts the request.
func (in *Injector) Decide(q Request) Verdict {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, r := range in.rules {
		if !r.matches(q) {
			continue
		}
		if r.Next > 0 && r.fired >= r.Next {
			continue // it has applied as often as it may
		}
		if r.seen++; r.seen <= r.Skip {
			continue
		}
		r.fired++
		return Verdict{time.Duration(r.Latency), r.removed, r.Status, r.Code, r.Message, time.Duration(r.RetryAfter), r.Body, r.Done, r.Drop}
	}
	return Verdict{}
}

// Fired is the number of requests that a rule applied to.
type Fired struct {
	Rule
	Fired int  `json:"fired"`
	Spent bool `json:"spent"` // it will not apply again
}

// Report lists the rules with the number of times that each applied.
func (in *Injector) Report() []Fired {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := make([]Fired, len(in.rules))
	for i, r := range in.rules {
		all[i] = Fired{r.Rule, r.fired, r.Next > 0 && r.fired >= r.Next}
		if all[i].Name == "" {
			all[i].Name = strconv.Itoa(i + 1)
		}
	}
	return all
}
