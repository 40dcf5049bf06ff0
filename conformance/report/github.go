package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"provision/conformance"
	"provision/internal/display"
)

// GitHub writes, when it is closed, the output for GitHub Actions: an annotation for
// each finding, sorted by severity, and a summary in Markdown.
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

// maxAnnotations of a kind are shown of one step.
const maxAnnotations = 10

// Close writes both.
func (g *GitHub) Close() error {
	for i, p := range g.problems() {
		if i == maxAnnotations {
			fmt.Fprintf(g.annotations, "::notice title=provision verify::%s\n", command(fmt.Sprintf("%d more: see the summary or a report", len(g.problems())-i)))
			break
		}
		if _, err := fmt.Fprintf(g.annotations, "::error file=%s,line=%d,title=%s::%s\n",
			property(display.Line(p.lead.File)), max(p.lead.Line, 1), property(display.Line(p.title)), command(strings.Join(p.lines, "\n"))); err != nil {
			return fmt.Errorf("write annotations: %w", err)
		}
	}
	return g.summarize()
}

// trouble is a finding, or a case that could not be run.
type trouble struct {
	lead     conformance.Result
	title    string
	severity string
	lines    []string
}

// problems returns the findings that the baseline does not accept, sorted by severity, and
// then the cases that could not be run.
func (g *GitHub) problems() []trouble {
	var all []trouble
	findings := slices.Clone(g.document.Summary.Findings)
	slices.SortStableFunc(findings, func(a, b conformance.Finding) int { return rank(a.Severity) - rank(b.Severity) })
	for _, f := range findings {
		if f.Known {
			continue
		}
		lines := []string{display.Line(f.Lead.ID + ": " + f.Lead.Reason)}
		if f.Gain != "" {
			lines = append(lines, display.Line(f.Gain))
		}
		lines = append(lines, "evidence: "+display.Line(caseList(f.Evidence)), "again: "+display.Line(f.Rerun))
		all = append(all, trouble{*f.Lead, f.Title, string(f.Severity), lines})
	}
	for _, run := range g.document.Runs {
		for _, r := range run.Results {
			if r.Outcome == conformance.Error {
				all = append(all, trouble{r.result(), r.ID, "error", []string{display.Line(r.Reason)}})
			}
		}
	}
	return all
}

func rank(s conformance.Severity) int { return slices.Index(conformance.Severities, s) }

var (
	commandEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func command(text string) string  { return commandEscapes.Replace(text) }
func property(text string) string { return propertyEscapes.Replace(text) }

func (g *GitHub) summarize() error {
	if g.summary == nil || len(g.document.Runs) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("### provision verify\n\n| document | target | findings | passed | failed | blocked | undecided | known | skipped | notes | errors |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, run := range g.document.Runs {
		s := run.Summary
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", markdown(run.Name), markdown(run.URL), strings.Trim(bySeverity(s), " ()"), s.Passed, s.Failed, max(s.Blocked-s.Undecided, 0), s.Undecided, s.Known, s.Skipped, s.Noted, s.Errors)
	}
	if problems := g.problems(); len(problems) > 0 {
		b.WriteString("\n| severity | finding | case | error |\n|---|---|---|---|\n")
		for _, p := range problems {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.severity, markdown(p.title), markdown(p.lead.ID), markdown(p.lead.Reason))
		}
	}
	b.WriteByte('\n')
	if _, err := io.WriteString(g.summary, b.String()); err != nil {
		return fmt.Errorf("write the job summary: %w", err)
	}
	return nil
}

// markdown escapes a text for a cell of a Markdown table.
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
