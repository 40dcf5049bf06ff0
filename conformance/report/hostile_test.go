package report

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestReportsHaveNoControlCharacters: CI logs and terminals show report files unchanged, and
// answers of the API are text from elsewhere.
func TestReportsHaveNoControlCharacters(t *testing.T) {
	t.Parallel()
	for name, format := range Formats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			w := format(&b, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC))
			feed(t, w)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if i := strings.IndexFunc(b.String(), func(r rune) bool {
				return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
			}); i >= 0 {
				t.Errorf("the report contains %q", b.String()[max(0, i-40):i+4])
			}
		})
	}
}
