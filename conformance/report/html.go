package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"provision/conformance"
	"provision/internal/display"
)

// HTML collects runs and writes, when it is closed, one page without external
// resources: a matrix of cases and endpoints for each document, with the requests and
// answers of each cell.
type HTML struct {
	collected
	About
	w io.Writer
}

// NewHTML makes a page writer.
func NewHTML(w io.Writer) *HTML { return &HTML{collected: collect(), w: w} }

//go:embed report.html
var pageSource string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"plural": plural, "severities": bySeverity, "lines": lines, "headers": headerLines, "pretty": pretty, "link": sourceURL, "statusText": http.StatusText, "elapsed": elapsed, "words": words,
}).Parse(pageSource))

// pageFinding is a finding as the page shows it.
type pageFinding struct {
	conformance.Finding
	Number   int
	Document string
	Details  []detail // without the token
	Token    []detail
	Lead     string // the element that contains its first case; "" if that case is not in the matrix
}

// Label returns the label of a line of the details.
func (d detail) Label() string { return d.label }

// Text returns the text of the line.
func (d detail) Text() string { return d.text }

// element returns the id of the element that contains a case.
func (m matrix) element(id string) string {
	for _, g := range m.Groups {
		for _, row := range g.Rows {
			for _, c := range row.Cells {
				if c != nil && c.Case.ID == id {
					return c.ID
				}
			}
		}
	}
	return ""
}

// About explains a family of cases.
func (g matrixGroup) About() string {
	return map[conformance.Group]string{
		conformance.Authentication: "is a token required, and where is it read",
		conformance.Signature:      "did the issuer sign the token",
		conformance.Claims:         "is the token meant for this API, now",
		conformance.Authorization:  "may the caller do this",
		conformance.Answers:        "what a refusal says about the API and the token",
		conformance.Routes:         "the same request in other spellings, without a token",
		conformance.Headers:        "headers that only a proxy may set",
		conformance.Lifecycle:      "keys are rolled over, clocks differ, roles are removed",
		conformance.Written:        "cases that the document states itself",
	}[g.Name]
}

// matrix is a run as the page shows it.
type matrix struct {
	Run
	Endpoints []string
	Groups    []matrixGroup
}

type matrixGroup struct {
	Name conformance.Group
	Rows []matrixRow
}

// Sends describes the request of the case. It explains the name of the case.
func (r matrixRow) Sends() string {
	for _, c := range r.Cells {
		if c != nil {
			return c.Result.Sends
		}
	}
	return ""
}

// matrixRow is one case at each endpoint; nil: it is not tried there.
type matrixRow struct {
	Name  string
	Cells []*cell
}

type cell struct {
	Result
	ID      string // of the element with the details
	Belongs string // the finding that the case is evidence of, or that blocks it
}

// Close writes the page.
func (h *HTML) Close() error {
	data := struct {
		About
		Summary  conformance.Summary
		Findings []pageFinding
		Outcomes []outcomeCount
		Matrices []matrix
	}{About: h.About, Summary: h.document.Summary, Outcomes: outcomes(h.document.Summary)}
	for i, run := range h.document.Runs {
		m := newMatrix(i, run)
		data.Matrices = append(data.Matrices, m)
		for _, f := range run.Findings {
			shown := pageFinding{Finding: f, Number: len(data.Findings) + 1, Document: run.Name, Lead: m.element(f.Evidence[0])}
			for _, d := range findingDetails(f) {
				if d.label == "header" || d.label == "claims" {
					shown.Token = append(shown.Token, d)
				} else {
					shown.Details = append(shown.Details, d)
				}
			}
			data.Findings = append(data.Findings, shown)
		}
	}
	if err := page.Execute(h.w, data); err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	return nil
}

func newMatrix(n int, run Run) matrix {
	m := matrix{Run: run}
	// Public endpoints have few cases, so their columns are the last ones.
	var public []string
	for _, r := range run.Results {
		switch {
		case slices.Contains(m.Endpoints, r.Endpoint), slices.Contains(public, r.Endpoint):
		case r.Name == "public":
			public = append(public, r.Endpoint)
		default:
			m.Endpoints = append(m.Endpoints, r.Endpoint)
		}
	}
	m.Endpoints = append(m.Endpoints, public...)
	column := make(map[string]int)
	for i, endpoint := range m.Endpoints {
		column[endpoint] = i
	}
	for i, r := range run.Results {
		g := slices.IndexFunc(m.Groups, func(g matrixGroup) bool { return g.Name == r.Group })
		if g < 0 {
			g = len(m.Groups)
			m.Groups = append(m.Groups, matrixGroup{Name: r.Group})
		}
		group := &m.Groups[g]
		row := slices.IndexFunc(group.Rows, func(one matrixRow) bool { return one.Name == r.Name })
		if row < 0 {
			row = len(group.Rows)
			group.Rows = append(group.Rows, matrixRow{r.Name, make([]*cell, len(m.Endpoints))})
		}
		group.Rows[row].Cells[column[r.Endpoint]] = &cell{r, fmt.Sprintf("r%d-%d", n, i), run.belongs(r)}
	}
	m.failuresFirst()
	return m
}

// failuresFirst moves the families and cases that failed to the front.
func (m matrix) failuresFirst() {
	failed := func(r matrixRow) bool {
		return slices.ContainsFunc(r.Cells, func(c *cell) bool {
			return c != nil && (c.Outcome == conformance.Fail || c.Outcome == conformance.Error)
		})
	}
	front := func(first bool) int {
		if first {
			return 0
		}
		return 1
	}
	for _, g := range m.Groups {
		slices.SortStableFunc(g.Rows, func(a, b matrixRow) int { return front(failed(a)) - front(failed(b)) })
	}
	slices.SortStableFunc(m.Groups, func(a, b matrixGroup) int {
		return front(slices.ContainsFunc(a.Rows, failed)) - front(slices.ContainsFunc(b.Rows, failed))
	})
}

// outcomeCount is one of the switches above the matrix.
type outcomeCount struct {
	Outcome conformance.Outcome
	Count   int
	Words   string
}

func outcomes(s conformance.Summary) []outcomeCount {
	all := []outcomeCount{
		{conformance.Fail, s.Failed, fmt.Sprintf("%d failed", s.Failed)}, {conformance.Blocked, s.Blocked, blockedCases(s)}, {conformance.Error, s.Errors, plural(s.Errors, "error")},
		{conformance.Known, s.Known, fmt.Sprintf("%d known to fail", s.Known)}, {conformance.Skip, s.Skipped, fmt.Sprintf("%d skipped", s.Skipped)},
		{conformance.Note, s.Noted, plural(s.Noted, "note")}, {conformance.Pass, s.Passed, fmt.Sprintf("%d passed", s.Passed)},
	}
	return slices.DeleteFunc(all, func(c outcomeCount) bool { return c.Count == 0 })
}

// Mark returns the symbol that a cell shows for its outcome in addition to the colour.
func (c cell) Mark() string {
	return map[conformance.Outcome]string{
		conformance.Blocked: "·", conformance.Pass: "✓", conformance.Fail: "✗", conformance.Error: "!", conformance.Known: "≈", conformance.Note: "i", conformance.Skip: "–",
	}[c.Outcome]
}

// Label returns the same for users of screen readers.
func (c cell) Label() string {
	label := c.Case.ID + ": " + string(c.Outcome)
	if c.Status > 0 {
		label += ", answered " + strconv.Itoa(c.Status)
	}
	return label
}

// Search returns the text that the filter searches.
func (c cell) Search() string {
	return lines(strings.ToLower(strings.Join([]string{c.Case.ID, string(c.Group), string(c.Severity), string(c.Outcome), strconv.Itoa(c.Status), c.Sends, c.Reason, c.Cause}, " ")))
}

// lines escapes a text for a page and keeps its line breaks.
func lines(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// words are the words of a command. The page does not break them, unless one is wider than a line.
func words(command string) []string { return strings.Fields(lines(command)) }

func headerLines(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			fmt.Fprintf(&b, "%s: %s\n", display.Line(name), display.Line(value))
		}
	}
	return b.String()
}

// pretty indents JSON. It does not change other text.
func pretty(raw any) string {
	text := fmt.Sprintf("%s", raw)
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") == nil {
		text = b.String()
	}
	return lines(text)
}
