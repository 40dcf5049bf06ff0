package report

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/conformance"
)

func TestBaseline(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := NewBaseline(&b, time.Date(2026, 5, 2, 1, 0, 0, 0, time.UTC))
	feed(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := `# Known failures. State for each failure why it is tolerated, and until when.
failures:
  - endpoint: "GET /secure"
    case: "wrong-audience"
    reason: "expected 401, got 200; probably the API does not check the audience (aud)"
    until: 2026-06-01
  - endpoint: "GET /secure"
    case: "wrong-issuer"
    reason: "API-17"
    until: 2026-12-31
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := conformance.ReadBaseline("known.yaml", b.Bytes()); err != nil {
		t.Error(err)
	}
	b.Reset()
	if err := NewBaseline(&b, time.Now()).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conformance.ReadBaseline("known.yaml", b.Bytes()); err != nil {
		t.Errorf("of no failures: %v", err)
	}
}
