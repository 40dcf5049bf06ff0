package stack

import (
	"slices"
	"strings"
	"time"
)

// The tags of the applications of a stack that is a separate environment.
const (
	EnvironmentMark = "provision:environment=" // the suffix
	ExpiresMark     = "provision:expires="     // RFC 3339: when `provision gc` can delete the stack
)

// Marks returns the tags that every application of the stack carries.
func (s *Stack) Marks() []string {
	marks := []string{Mark(s.Name)}
	if s.Environment != "" {
		marks = append(marks, EnvironmentMark+s.Environment)
	}
	if !s.Expires.IsZero() {
		marks = append(marks, ExpiresMark+s.Expires.UTC().Format(time.RFC3339))
	}
	return marks
}

// MergedTags adds the tags that a stack declares to the tags of a live application. A
// new time of expiry replaces the former one, and the marks of protection that are no longer
// declared are removed.
func MergedTags(live, declared []any) []any {
	expires := func(tag any) bool {
		text, ok := tag.(string)
		return ok && strings.HasPrefix(text, ExpiresMark)
	}
	renewed := slices.ContainsFunc(declared, expires)
	var merged []any
	for _, tag := range slices.Concat(live, declared) {
		former := (renewed && expires(tag) || IsPreventMark(tag)) && !slices.Contains(declared, tag)
		if !slices.Contains(merged, tag) && !former {
			merged = append(merged, tag)
		}
	}
	return merged
}

// Lifespan is the environment and the expiry of a stack, read from the tags of its applications.
type Lifespan struct {
	Stack       string
	Environment string    // the suffix, "" where the applications do not agree on one
	Expires     time.Time // the latest of its applications; zero if one of them has none
}

// LifespanOf reads the tags of each application of a stack. Because other users can
// write tags, a value counts only if all applications and the stack's name agree.
func LifespanOf(stack string, tags [][]string) Lifespan {
	l := Lifespan{Stack: stack}
	for i, of := range tags {
		environment, expires := "", time.Time{}
		for _, tag := range of {
			if name, ok := strings.CutPrefix(tag, EnvironmentMark); ok && ValidName(name) && strings.HasSuffix(stack, "-"+name) {
				environment = name
			}
			if text, ok := strings.CutPrefix(tag, ExpiresMark); ok {
				if t, err := time.Parse(time.RFC3339, text); err == nil && t.After(expires) {
					expires = t
				}
			}
		}
		if i == 0 {
			l.Environment, l.Expires = environment, expires
			continue
		}
		if environment != l.Environment {
			l.Environment = ""
		}
		if expires.IsZero() || l.Expires.IsZero() {
			l.Expires = time.Time{}
		} else if expires.After(l.Expires) {
			l.Expires = expires
		}
	}
	return l
}
