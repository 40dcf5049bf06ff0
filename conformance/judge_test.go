package conformance

import (
	"testing"
)

func TestCompareJSON(t *testing.T) {
	t.Parallel()
	want := map[string]any{"status": "ok", "n": 3, "who": map[string]any{"roles": []any{"a", "b"}}}
	for body, says := range map[string]string{
		`{"status":"ok","n":3.0,"who":{"roles":["a","b"],"more":1},"x":null}`: "",
		`{"status":"OK","n":3,"who":{"roles":["a","b"]}}`:                     `the answer's status is not "ok"`,
		`{"n":3,"who":{"roles":["a","b"]}}`:                                   "the answer lacks status",
		`{"status":"ok","n":3,"who":{"roles":["b","a"]}}`:                     `the answer's who.roles is not ["a","b"]`,
		`{"status":"ok","n":3,"who":{}}`:                                      "the answer lacks who.roles",
		`{"status":"ok","n":3,"who":7}`:                                       "the answer's who is not an object",
		`[]`:                                                                  "the answer is not a json object",
		`<html>`:                                                              "the answer is not json",
	} {
		if got := compareJSON(want, []byte(body)); got != says {
			t.Errorf("%s: got %q, want %q", body, got, says)
		}
	}
}

// An API that hides its endpoints answers 404 where another API may answer 403.
func TestHiddenInsteadOfForbidden(t *testing.T) {
	t.Parallel()
	admitted, refused := Expect{Tolerates: []int{403}}, Expect{Status: 401}
	for _, test := range []struct {
		what   string
		expect Expect
		sent   credential
		want   Outcome
	}{
		{"403", Expect{Status: 403}, credential{}, Note},
		{"200 or 403", admitted, credential{}, Note},
		{"401, or 403 for this token", refused, credential{tolerates: []int{403}}, Note},
		{"401", refused, credential{}, Fail},
	} {
		c := Case{Expect: test.expect, stage: stageRest}
		if got := c.judge(reply{status: 404}, test.sent, true); got.outcome != test.want {
			t.Errorf("404 where %s is expected: %s %s", test.what, got.outcome, got.reason)
		}
	}
}
