package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"provision/conformance"
	"provision/internal/display"
)

// GitHub writes, when it is closed, what GitHub Actions shows beside a job: an
// annotation for each failure, the worst first, and a summary in Markdown.
// Source: GitHub "Workflow commands for GitHub Actions".
type GitHub struct {
	collected
	annotations, summary io.Writer
}

// NewGitHub makes one. annotations is the log of the step, of which the runner
// reads both standard output and standard error; summary may be nil.
func NewGitHub(annotations, summary io.Writer) *GitHub {
	return &GitHub{collect(), annotations, summary}
}

// mostAnnotations of a kind are shown of one step.
const mostAnnotations = 10

// Close writes both.
func (g *GitHub) Close() error {
	var failed []Result
	for _, run := range g.document.Runs {
		for _, r := range run.Results {
			if r.Outcome == conformance.Fail || r.Outcome == conformance.Error {
				failed = append(failed, r)
			}
		}
	}
	slices.SortStableFunc(failed, func(a, b Result) int { return rank(a) - rank(b) })
	for i, r := range failed {
		if i == mostAnnotations {
			fmt.Fprintf(g.annotations, "::notice title=provision verify::%s\n", command(plural(len(failed)-i, "failure")+" more: see the summary or a report"))
			break
		}
		text := display.Line(r.Reason)
		if r.Cause != "" {
			text += "\nprobably " + display.Line(r.Cause)
		}
		if _, err := fmt.Fprintf(g.annotations, "::error file=%s,line=%d,title=%s::%s\n",
			property(display.Line(r.File)), max(r.Line, 1), property(display.Line(r.ID)), command(text)); err != nil {
			return fmt.Errorf("write annotations: %w", err)
		}
	}
	return g.summarize(failed)
}

func rank(r Result) int {
	if r.Outcome == conformance.Error {
		return len(conformance.Severities)
	}
	return slices.Index(conformance.Severities, r.Severity)
}

var (
	commandEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func command(text string) string  { return commandEscapes.Replace(text) }
func property(text string) string { return propertyEscapes.Replace(text) }

func (g *GitHub) summarize(failed []Result) error {
	if g.summary == nil || len(g.document.Runs) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("### provision verify\n\n| document | target | passed | failed | known | skipped | notes | errors |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	for _, run := range g.document.Runs {
		s := run.Summary
		fmt.Fprintf(&b, "| %s | %s | %d | %d%s | %d | %d | %d | %d |\n", markdown(run.Name), markdown(run.URL), s.Passed, s.Failed, bySeverity(s), s.Known, s.Skipped, s.Noted, s.Errors)
	}
	if len(failed) > 0 {
		b.WriteString("\n| case | severity | what is wrong | probably |\n|---|---|---|---|\n")
		for _, r := range failed {
			severity := string(r.Severity)
			if r.Outcome == conformance.Error {
				severity = "error"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", markdown(r.ID), severity, markdown(r.Reason), markdown(r.Cause))
		}
	}
	b.WriteByte('\n')
	if _, err := io.WriteString(g.summary, b.String()); err != nil {
		return fmt.Errorf("write the job summary: %w", err)
	}
	return nil
}

// markdown is a text in a cell of a table, as it is.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range display.Line(text) {
		if strings.ContainsRune("\\`*_{}[]()<>#+-.!|~&$:@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
