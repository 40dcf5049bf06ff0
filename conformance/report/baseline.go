package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"provision/conformance"
	"provision/internal/display"
)

// Baseline collects runs and writes, when it is closed, the baseline
// (conformance.ReadBaseline) that accepts their failures. Failures that are
// already in the baseline keep their reason and expiry date.
type Baseline struct {
	collected
	w     io.Writer
	until string
}

// NewBaseline makes one whose new entries hold for 30 days.
func NewBaseline(w io.Writer, now time.Time) *Baseline {
	return &Baseline{collect(), w, now.UTC().AddDate(0, 0, 30).Format(time.DateOnly)}
}

// Close writes it.
func (b *Baseline) Close() error {
	var entries strings.Builder
	seen := make(map[string]bool)
	for _, run := range b.document.Runs {
		for _, r := range run.Results {
			known := conformance.KnownFailure{Reason: r.Reason + "; probably " + r.Cause, Until: b.until}
			switch {
			case r.Outcome == conformance.Known:
				known = *r.Known
			case r.Outcome != conformance.Fail:
				continue
			}
			if seen[r.ID] {
				continue // documents of one API may have an endpoint in common
			}
			seen[r.ID] = true
			fmt.Fprintf(&entries, "\n  - endpoint: %s\n    case: %s\n    reason: %s\n    until: %s", scalar(r.Endpoint), scalar(r.Name), scalar(known.Reason), known.Until)
		}
	}
	if len(seen) == 0 {
		entries.WriteString(" []")
	}
	if _, err := fmt.Fprintf(b.w, "# Known failures. State for each failure why it is tolerated, and until when.\nfailures:%s\n", entries.String()); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	return nil
}

// scalar returns a text that YAML takes for nothing else: JSON is YAML.
func scalar(text string) string {
	raw, _ := json.Marshal(display.Line(text))
	return string(raw)
}
