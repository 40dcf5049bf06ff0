package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/emulator/faults"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	get := faults.Request{Method: "GET", Path: "/v1.0/applications", Client: "me"}
	post := faults.Request{Method: "POST", Path: "/v1.0/applications", Client: "me"}
	token := faults.Request{Method: "POST", Path: "/t/oauth2/v2.0/token"}
	for name, c := range map[string]struct {
		rules []faults.Rule
		sent  []faults.Request
		want  []int // the expected statuses; 0: no fault
	}{
		"the next two":          {[]faults.Rule{{Status: 503, Next: 2}}, []faults.Request{get, post, get}, []int{503, 503, 0}},
		"skipping one":          {[]faults.Rule{{Status: 503, Skip: 1, Next: 1}}, []faults.Request{get, get, get}, []int{0, 503, 0}},
		"writes alone":          {[]faults.Rule{{Status: 429, Method: "write"}}, []faults.Request{get, post}, []int{0, 429}},
		"one method":            {[]faults.Rule{{Status: 429, Method: "GET"}}, []faults.Request{get, post}, []int{429, 0}},
		"a path":                {[]faults.Rule{{Status: 500, Path: "/V1.0/app*"}}, []faults.Request{get, token}, []int{500, 0}},
		"a path is whole":       {[]faults.Rule{{Status: 500, Path: "/v1.0/app"}}, []faults.Request{get}, []int{0}},
		"a client":              {[]faults.Rule{{Status: 500, Client: "ME"}}, []faults.Request{get, token}, []int{500, 0}},
		"the first that is met": {[]faults.Rule{{Status: 500, Next: 1}, {Status: 502}}, []faults.Request{get, get}, []int{500, 502}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w faults.Injector
			w.Add(c.rules...)
			var got []int
			for _, q := range c.sent {
				got = append(got, w.Decide(q).Status)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultsOfAVerdict(t *testing.T) {
	t.Parallel()
	var w faults.Injector
	w.Add(faults.Rule{Status: 429, RetryAfter: faults.Duration(3 * time.Second), Latency: faults.Duration(time.Millisecond), Done: true})
	want := faults.Verdict{Latency: time.Millisecond, Status: 429, Code: "TooManyRequests", Message: "Too many requests.", RetryAfter: 3 * time.Second, Done: true}
	got := w.Decide(faults.Request{Method: "GET"})
	removed := got.Removed
	got.Removed = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
	w.Reset()
	select {
	case <-removed:
	default:
		t.Error("who waits does not learn that the rule is removed")
	}
	if diff := cmp.Diff(faults.Verdict{}, w.Decide(faults.Request{Method: "GET"})); diff != "" {
		t.Errorf("after the reset (-want +got):\n%s", diff)
	}
}

func TestReportListsUnusedFaults(t *testing.T) {
	t.Parallel()
	var w faults.Injector
	w.Add(faults.Rule{Name: "a", Status: 500, Next: 1}, faults.Rule{Status: 502, Path: "/never"})
	w.Decide(faults.Request{Method: "GET", Path: "/x"})
	report := w.Report()
	if !report[0].Spent || report[0].Fired != 1 || report[1].Fired != 0 || report[1].Name != "2" {
		t.Errorf("report %+v, want the first rule spent and the second never met", report)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	rules, err := faults.Parse([]byte(`[{"path": "/v1.0/*", "latency": "80ms"}, {"status": 404, "next": 2, "done": true}]`))
	if err != nil || len(rules) != 2 || rules[0].Latency != faults.Duration(80*time.Millisecond) {
		t.Fatalf("Parse = %+v, %v", rules, err)
	}
	for raw, want := range map[string]string{
		`{}`:                                "read faults",
		`[{"stats": 500}]`:                  "unknown field",
		`[{"status": 200}]`:                 "not a failure",
		`[{"latency": 80}]`:                 "80ms",
		`[{}]`:                              "nothing happens",
		`[{"drop":true,"status":500}]`:      "no status",
		`[{"latency":"1s","done":true}]`:    "done needs",
		`[{"status":500,"next":-1}]`:        "count from 0",
		`[{"status":500,"method":"FETCH"}]`: "not known",
	} {
		if _, err := faults.Parse([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %v, want an error that says %q", raw, err, want)
		}
	}
}
