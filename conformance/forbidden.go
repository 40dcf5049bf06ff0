package conformance

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// forbiddenCases check the content that a 403 must have, and the content that it must
// not have.
func (s *Suite) forbiddenCases(e endpoint) []Case {
	if !e.needsScope() && !e.needsRole() {
		return nil // a valid token cannot lack anything
	}
	// If the API refuses other tokens that lack the same permission, it has remembered
	// this one.
	asked := CauseScope
	if e.needsRole() {
		asked = CauseRole
	}
	checks := []check{
		{
			name: "forbidden-token", means: CauseStaleRoles, shows: CauseEcho, severity: Medium,
			sends:   "a valid token that does not meet the requirement, and looks for it in the answer",
			gain:    "tokens end up in logs and pages, where other people find them",
			flaw:    "the API puts the token into its answer",
			source:  "RFC 6750, section 5.2; OWASP: Error Handling",
			inspect: func(a reply) finding { return echoed(a) },
		},
		{
			name: "forbidden-trace", means: CauseStaleRoles, shows: CauseDebug, severity: Medium,
			sends:   "a valid token that does not meet the requirement, and looks for a stack trace",
			gain:    "the names and versions of the API's components",
			flaw:    "the API shows its internal error in the answer",
			source:  sourceDebug,
			inspect: func(a reply) finding { return untreated(a) },
		},
		{
			name: "forbidden-reveals", means: CauseStaleRoles, shows: CauseReveals, severity: Low,
			sends:  "a valid token that does not meet the requirement, and looks for the roles that would be enough",
			gain:   "a refused caller learns which role to obtain",
			flaw:   "the API tells refused callers which roles it accepts",
			source: "RFC 6750, section 3.1, which permits only the scope in the answer; OWASP: Error Handling",
			inspect: func(a reply) finding {
				return revealed(a, e.everyRole())
			},
		},
	}
	var cases []Case
	for _, c := range checks {
		c.present, c.alsoBlockedBy = s.notEnough(e), []CauseID{asked}
		made := c.on(e, Answers)
		made.Expect = Expect{Status: 403}
		cases = append(cases, made)
	}
	return cases
}

// notEnough presents a valid token that is not sufficient: a token that the issuer
// signs, or else the token of a user without roles.
func (s *Suite) notEnough(e endpoint) func(context.Context, *baselineToken) (credential, error) {
	return func(ctx context.Context, g *baselineToken) (credential, error) {
		lacks := unentitled(g, nil)
		if e.needsRole() && !e.several() {
			delete(lacks, "scp") // APIs check roles after scopes
		}
		c, err := g.present(ctx, lacks)
		if _, cannot := asSkipped(err); !cannot || !e.needsRole() {
			return c, err
		}
		who, cannot := s.refused(e, "whose roles are not enough", s.addUser("nobody"), func(u User) bool { return !e.satisfiedBy(u.Roles) })
		if cannot != nil {
			return credential{}, cannot
		}
		real, err := g.run.access(ctx, who, s.userProperties(e, who)...)
		if err != nil {
			return credential{}, err
		}
		return bearer(real.raw), nil
	}
}

// echoed returns a failure if an answer contains a part of the token.
func echoed(a reply) finding {
	if echoes(a) {
		return finding{wrong: "the answer contains the token, or a part of it"}
	}
	return finding{}
}

// untreated describes an answer that shows internals of the API.
func untreated(a reply) finding {
	switch {
	case debugMode(a.body) != "":
		return finding{wrong: "the answer is or contains " + debugMode(a.body)}
	case forDebugging.Match(searched(a.body)):
		return finding{wrong: "the answer has a member for debugging"}
	case libraryWords.Match(searched(a.body)):
		return finding{note: "the answer passes on a library's message"}
	}
	return finding{}
}

// revealed finds the roles in an answer. It is a failure if they are listed or quoted,
// and a note if one is a word of a sentence, which can be a coincidence.
func revealed(a reply, roles []string) finding {
	text := string(searched(a.body)) + "\n" + strings.Join(a.header.Values("WWW-Authenticate"), "\n")
	var named []string
	quoted := false
	for _, role := range roles {
		word := regexp.QuoteMeta(role)
		if !slices.Contains(named, role) && regexp.MustCompile(`(^|[^\w.-])`+word+`($|[^\w-])`).MatchString(text) {
			named = append(named, role)
		}
		quoted = quoted || regexp.MustCompile(`["'\x60\[(]`+word+`\\?["'\x60\])]`).MatchString(text)
	}
	switch {
	case len(named) > 1 || quoted:
		return finding{wrong: fmt.Sprintf("the answer names what would be enough: %s", strings.Join(named, ", "))}
	case len(named) == 1:
		return finding{note: fmt.Sprintf("the answer has the word %s, which is a role that would be enough", named[0])}
	}
	return finding{}
}
