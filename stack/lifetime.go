package stack

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultLifetime is a secret's where its manifest states none.
const DefaultLifetime = 180 * 24 * time.Hour

// Lifetime reads a duration as time.ParseDuration does, or in days as in 90d.
// "" is DefaultLifetime. Entra takes up to two years.
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
	if d <= 0 || d > 2*365*24*time.Hour {
		return 0, fmt.Errorf("%q is not between 0 and 730d", s)
	}
	return d, nil
}
