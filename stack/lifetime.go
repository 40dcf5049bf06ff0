package stack

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DefaultLifetime is the lifetime of a secret if its manifest sets none.
const DefaultLifetime = 180 * 24 * time.Hour

// Lifetime reads a duration like time.ParseDuration, or in days, such as 90d. "" is
// DefaultLifetime. Entra accepts up to two years.
func Lifetime(s string) (time.Duration, error) {
	if s == "" {
		return DefaultLifetime, nil
	}
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 90d or 12h", s)
	}
	switch {
	case d <= 0:
		return 0, fmt.Errorf("%q is not longer than 0", s)
	case d > 2*365*24*time.Hour:
		return 0, fmt.Errorf("%q is longer than 730d, the maximum", s)
	}
	return d, nil
}

// inWords is a duration as a text: "90 days", "12 hours", "P90D".
var inWords = regexp.MustCompile(`(?i)^\s*P?T?(\d{1,6})\s*(|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?|y|yrs?|years?)\s*$`)

// DurationHint returns a hint about how to write a duration that read does not accept, or returns "" if
// text does not look like a duration.
func DurationHint(text string, read func(string) (time.Duration, error)) string {
	m := inWords.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return ""
	}
	var forms []string // the largest unit comes first
	switch unit := strings.ToLower(m[2]); {
	case unit == "":
		forms = []string{fmt.Sprintf("%dd", n)}
	case unit == "months" || unit == "month":
		forms = days(30 * n)
	case unit[0] == 's':
		forms = []string{fmt.Sprintf("%ds", n)}
	case unit[0] == 'm':
		forms = []string{fmt.Sprintf("%dm", n)}
	case unit[0] == 'h':
		forms = []string{fmt.Sprintf("%dh", n)}
	case unit[0] == 'd':
		forms = days(n)
	case unit[0] == 'w':
		forms = days(7 * n)
	default:
		forms = days(365 * n)
	}
	for _, form := range forms {
		if _, err := read(form); err == nil {
			return "write it as " + form
		}
	}
	return ""
}

func days(n int) []string { return []string{fmt.Sprintf("%dd", n), fmt.Sprintf("%dh", 24*n)} }

// Soon returns the time before the end of a credential from which it is reported: 30 days, or a
// third of a lifetime that is shorter than 90 days. A start that is not known counts as long ago.
func Soon(start, end time.Time) time.Duration { return SoonWithin(30*24*time.Hour, start, end) }

// SoonWithin is Soon for another time than 30 days: a new credential is never due, even if its whole
// lifetime is shorter than most.
func SoonWithin(most time.Duration, start, end time.Time) time.Duration {
	if start.IsZero() {
		return most
	}
	return min(most, max(0, end.Sub(start)/3))
}
