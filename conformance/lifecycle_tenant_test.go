package conformance

import (
	"strings"
	"testing"

	"provision/stack"
)

// A key in the common key set that belongs to another tenant signs only for that tenant.
func TestKeyOfAnotherTenant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys  func(*keyCache)
		never bool // the API has all keys from the start
		wants Outcome
	}{
		"the issuer of a key is compared":           {nil, false, Pass},
		"any key of the set will do":                {func(k *keyCache) { k.anyIssuer = true }, false, Fail},
		"any key, fetched for every request":        {func(k *keyCache) { k.anyIssuer, k.always = true, true }, false, Fail},
		"the key set is never fetched again":        {func(k *keyCache) { k.never = true }, false, Pass},
		"the API has the keys in its configuration": {nil, true, Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			api := validator{issuer: s.issuer()}
			if !test.never {
				api.keys = s.cache(test.keys).find
			}
			suite := quickstart(s, serve(t, api))
			suite.Document.Tenants = stack.Tenants{Any: true}
			suite.Tenants = []OtherTenant{{Name: "partner.onmicrosoft.com", ID: partner}}
			suite.leaves = func(c Case) bool { return c.Name != "keys-tenant" && c.stage != stageFirst && c.stage != stageBase }
			r := run(t, suite)
			if got := r.result(t, "GET /secure: keys-tenant"); got.Outcome != test.wants {
				t.Errorf("%s %s %s", got.Outcome, got.Reason, got.Note)
			}
			if f := r.summary.Findings; test.wants == Fail && (len(f) != 1 || f[0].Cause != CauseKeyTenant) {
				t.Errorf("findings %+v", f)
			}
			if len(s.next) > 0 {
				t.Errorf("left in the key set: %v", s.next)
			}
		})
	}
	s := startTenant(t)
	api := admitting(s.issuer(), func(iss, tid string) bool { return strings.HasPrefix(iss, s.URL) })
	api.keys = s.cache(func(k *keyCache) { k.anyIssuer = true }).find
	open := quickstart(s, serve(t, api))
	open.Document.Tenants = stack.Tenants{Any: true}
	open.Tenants = []OtherTenant{{Name: "partner.onmicrosoft.com", ID: partner}}
	if f := run(t, without(open, Headers, Routes, Signature)).summary.Findings; len(f) != 1 || f[0].Cause != CauseIssuer {
		t.Errorf("an API that does not compare issuer and tenant: %+v", f)
	}
	suite := quickstart(startTenant(t), nil)
	cases, err := Expand(suite)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Name == "keys-tenant" {
			t.Error("an API of one tenant has a key set of its own, and the case")
		}
	}
}
