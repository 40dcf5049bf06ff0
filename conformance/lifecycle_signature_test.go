package conformance

import "testing"

// An API that does not check signatures has one finding, however it handles the key set.
func TestNoSignatureIsOneFinding(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	s := startTenant(t)
	r := run(t, quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: mutation{trusts: func(map[string]any, []string) bool { return true }}})))
	if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseSignature {
		t.Errorf("findings %+v", f)
	}
}
