package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"provision/conformance"
	"provision/internal/display"
)

// Text prints a table while the results arrive, and the findings with the summary when
// it is closed. If an endpoint has many cases, passed cases that are not core cases
// share a line for each family. The failures of a finding after the first one also
// share a line.
type Text struct {
	Verbose bool // every case has its own line, however many there are
	Notes   bool // notes are shown; otherwise they are counted

	w     io.Writer
	color bool

	width    int // of the widest case name
	endpoint string
	cases    map[string]int  // by endpoint
	headed   map[string]bool // by endpoint: it has a heading
	group    conformance.Group
	family   map[conformance.Outcome]*tally // of the family, not yet written
	stopped  bool                           // the run ended before there was a table
	listed   bool                           // some of the family have their own lines
	shown    []string                       // findings with a line in this family
	reasons  []string                       // of skipped cases with a line at this endpoint
	blocks   bool                           // blocked cases have a line
	folded   bool                           // skipped cases share lines, so that the reasons are summed up at the end

	documents int // so far
	ended     *conformance.Summary
	total     conformance.Summary
}

// tally are cases that share a line; the time is the longest.
type tally struct {
	n    int
	took time.Duration
}

// many is the number of cases of an endpoint above which passed cases share lines.
const many = 40

// NewText makes a table writer; color is true if w shows ANSI colors.
func NewText(w io.Writer, color bool) *Text { return &Text{w: w, color: color} }

// marks are the word at the beginning of a line and its color.
var marks = map[conformance.Outcome]struct{ word, color string }{
	conformance.Pass:    {"ok", "\x1b[32m"},
	conformance.Note:    {"note", "\x1b[36m"},
	conformance.Known:   {"known", "\x1b[33m"},
	conformance.Fail:    {"FAIL", "\x1b[1;31m"},
	conformance.Blocked: {"block", "\x1b[33m"},
	conformance.Skip:    {"skip", "\x1b[33m"},
	conformance.Error:   {"ERROR", "\x1b[1;35m"},
}

const (
	reset = "\x1b[0m"
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
)

// Begin writes the heading of a document.
func (t *Text) Begin(p conformance.Plan) error {
	var b bytes.Buffer
	t.flushSummary(&b)
	t.endpoint, t.width, t.cases, t.family = "", 0, make(map[string]int), make(map[conformance.Outcome]*tally)
	t.headed = make(map[string]bool)
	for _, c := range p.Cases {
		t.cases[c.Endpoint]++
		t.width = max(t.width, utf8.RuneCountInString(c.Name))
		if t.cases[c.Endpoint] > many {
			t.width = max(t.width, len(conformance.Authentication)) // the widest family
		}
	}
	if t.documents++; t.documents > 1 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s\n", t.paint(bold, fmt.Sprintf("%s: %s for %s at %s", p.Name, plural(len(p.Cases), "case"), p.Resource, display.Line(p.URL))))
	t.stopped = p.Stopped != ""
	_, err := t.w.Write(b.Bytes())
	return err
}

// Result writes the line of a case, or counts it among the cases that share a line.
func (t *Text) Result(r conformance.Result) error {
	var b bytes.Buffer
	if t.stopped && !t.Verbose {
		return nil // the finding already contains it
	}
	if r.Endpoint != t.endpoint || r.Group != t.group {
		t.flush(&b)
		t.group = r.Group
	}
	if r.Endpoint != t.endpoint {
		t.endpoint, t.reasons = r.Endpoint, nil
		heading := display.Line(r.Endpoint)
		if t.headed[r.Endpoint] { // its cases that run after the cases of all endpoints
			heading += ", " + string(r.Group)
		}
		t.headed[r.Endpoint] = true
		fmt.Fprintf(&b, "\n%s\n", t.paint(bold, fmt.Sprintf("%-*s  expected  got", t.width+9, heading)))
	}
	if outcome, shared := t.shares(r); shared {
		if t.family[outcome] == nil {
			t.family[outcome] = &tally{}
		}
		t.family[outcome].n++
		t.family[outcome].took = max(t.family[outcome].took, r.Duration)
		_, err := t.w.Write(trimLines(b.Bytes()))
		return err
	}
	t.listed = true
	status, took := "", ""
	if r.Status != 0 {
		status, took = strconv.Itoa(r.Status), milliseconds(r.Duration)
	}
	mark := marks[r.Outcome]
	t.blocks = t.blocks || r.Outcome == conformance.Blocked
	fmt.Fprintf(&b, "  %s  %-*s  %-8s  %-3s  %s\n",
		t.paint(mark.color, fmt.Sprintf("%-5s", mark.word)), t.width, display.Line(r.Name), r.Expect, status, t.paint(faint, fmt.Sprintf("%7s", took)))
	for _, line := range details(r, t.Notes || t.Verbose) {
		t.line(&b, 9, line)
	}
	_, err := t.w.Write(trimLines(b.Bytes()))
	return err
}

// shares reports whether a result has no line of its own, and with which outcome it
// is counted.
func (t *Text) shares(r conformance.Result) (outcome conformance.Outcome, shared bool) {
	if t.Verbose {
		return "", false
	}
	crowded := t.cases[r.Endpoint] > many
	switch r.Outcome {
	case conformance.Pass:
		return r.Outcome, crowded && !r.Core() && (r.Note == "" || !t.Notes)
	case conformance.Note:
		return r.Outcome, crowded && !t.Notes // the summary counts it
	case conformance.Blocked:
		return r.Outcome, crowded
	case conformance.Skip:
		again := r.Add == "" && slices.Contains(t.reasons, r.Reason)
		t.reasons = append(t.reasons, r.Reason)
		t.folded = t.folded || crowded && again
		return r.Outcome, crowded && again
	case conformance.Fail, conformance.Known:
		again := slices.Contains(t.shown, r.Finding)
		t.shown = append(t.shown, r.Finding)
		return r.Outcome, crowded && again && !r.Core()
	}
	return "", false
}

// line writes one labelled line below a case or a finding.
func (t *Text) line(b *bytes.Buffer, indent int, d detail) {
	fmt.Fprintf(b, "%*s%s %s\n", indent, "", t.paint(faint, fmt.Sprintf("%-8s", d.label)), d.text)
}

// flush writes the lines that cases of a family share.
func (t *Text) flush(b *bytes.Buffer) {
	for _, outcome := range []conformance.Outcome{conformance.Fail, conformance.Known, conformance.Blocked, conformance.Skip, conformance.Note, conformance.Pass} {
		shared := t.family[outcome]
		if shared == nil {
			continue
		}
		number := plural(shared.n, "case")
		if t.listed {
			number = fmt.Sprintf("%d more", shared.n)
		}
		t.blocks = t.blocks || outcome == conformance.Blocked
		mark := marks[outcome]
		fmt.Fprintf(b, "  %s  %-*s  %-13s  %s\n", t.paint(mark.color, fmt.Sprintf("%-5s", mark.word)), t.width, t.group,
			number, t.paint(faint, fmt.Sprintf("%7s", milliseconds(shared.took))))
	}
	clear(t.family)
	t.shown, t.listed = nil, false
}

// End writes the endpoints that admit no caller.
func (t *Text) End(s conformance.Summary) error {
	var b bytes.Buffer
	t.flush(&b)
	t.endpoint = ""
	b.WriteByte('\n')
	for _, endpoint := range s.Unproven {
		if t.stopped {
			break
		}
		fmt.Fprintf(&b, "%s: no caller was admitted, so its refusals prove nothing\n", display.Line(endpoint))
	}
	t.ended = &s
	t.total.Add(s)
	_, err := t.w.Write(b.Bytes())
	return err
}

// flushSummary writes the summary of a document after which another one comes.
func (t *Text) flushSummary(b *bytes.Buffer) {
	if t.ended != nil {
		fmt.Fprintf(b, "%s\n", t.summary(*t.ended))
	}
	t.ended = nil
}

// Close writes the findings of all documents, and sums up.
func (t *Text) Close() error {
	if t.documents == 0 {
		return nil
	}
	var b bytes.Buffer
	if t.documents > 1 {
		t.flushSummary(&b)
		b.WriteByte('\n')
	}
	if t.blocks {
		b.WriteString("block: the case proves nothing until the finding that blocks it is fixed\n\n")
	}
	for i, f := range t.total.Findings {
		t.finding(&b, i+1, f)
	}
	if t.documents > 1 {
		fmt.Fprintf(&b, "%s: %s\n", t.paint(bold, "all "+plural(t.documents, "document")), t.summary(t.total))
	}
	t.flushSummary(&b)
	if t.folded {
		t.skips(&b)
	}
	if n := t.total.Undeclared; n > 0 {
		fmt.Fprintf(&b, "%s could not be tried: declare what they need, or excuse them in the document (excused)\n", plural(n, "skipped case"))
	}
	_, err := t.w.Write(trimLines(b.Bytes()))
	return err
}

// skips writes the number of cases that were tried, and why the others were not: the
// most frequent reason first.
func (t *Text) skips(b *bytes.Buffer) {
	s := t.total
	fmt.Fprintf(b, "tried %d %% of %s; the others were skipped:\n", 100*(s.Planned-s.Skipped)/max(s.Planned, 1), plural(s.Planned, "case"))
	reasons := slices.SortedFunc(maps.Keys(s.SkippedBecause), func(a, b string) int {
		return cmp.Or(s.SkippedBecause[b]-s.SkippedBecause[a], strings.Compare(a, b))
	})
	for _, reason := range reasons {
		fmt.Fprintf(b, "  %6d  %s\n", s.SkippedBecause[reason], display.Line(reason))
	}
}

// finding prints a finding and its remedy.
func (t *Text) finding(b *bytes.Buffer, n int, f conformance.Finding) {
	color := marks[conformance.Fail].color
	if f.Known {
		color = marks[conformance.Known].color
	}
	fmt.Fprintf(b, "%s %s\n", t.paint(color, fmt.Sprintf("finding %d, %s:", n, f.Severity)), t.paint(bold, display.Line(f.Title)))
	if f.Stopped {
		t.line(b, 2, detail{"again", display.Line(f.Rerun)})
		b.WriteByte('\n')
		return
	}
	for _, line := range findingDetails(f) {
		t.line(b, 2, line)
	}
	width := 0
	for _, r := range f.Likely() {
		width = max(width, len(r.Library))
	}
	for i, r := range f.Likely() {
		label := "missing"
		if i > 0 {
			label = ""
		}
		t.line(b, 2, detail{label, fmt.Sprintf("%-*s  %s", width, r.Library, display.Line(r.Line))})
	}
	t.line(b, 2, detail{"again", display.Line(f.Rerun)})
	b.WriteByte('\n')
}

func (t *Text) summary(s conformance.Summary) string {
	color := marks[conformance.Pass].color
	if !s.OK() {
		color = marks[conformance.Fail].color
	}
	text := t.paint(color, counts(s)) + " in " + elapsed(s.Duration)
	if s.Noted > 0 && !t.Notes {
		text += "; --notes shows the notes"
	}
	return text
}

// counts is the summary in words. It leaves out most counts that are zero.
func counts(s conformance.Summary) string {
	text := fmt.Sprintf("%d passed, %d failed%s", s.Passed, s.Failed, bySeverity(s))
	if blocked := blockedCases(s); blocked != "" {
		text += ", " + blocked
	}
	text += fmt.Sprintf(", %d skipped", s.Skipped)
	if s.Known > 0 {
		text += fmt.Sprintf(", %d known to fail", s.Known)
	}
	if s.Noted > 0 {
		text += ", " + plural(s.Noted, "note")
	}
	if s.Errors > 0 {
		text += ", " + plural(s.Errors, "error")
	}
	return text
}

// blockedCases counts the cases that findings block, and those that only known failures block.
func blockedCases(s conformance.Summary) string {
	var parts []string
	if n := s.Blocked - s.Undecided; n > 0 {
		parts = append(parts, fmt.Sprintf("%d blocked", n))
	}
	if s.Undecided > 0 {
		parts = append(parts, fmt.Sprintf("%d undecided because of known failures", s.Undecided))
	}
	return strings.Join(parts, ", ")
}

// bySeverity is " (3 findings: 1 critical, 2 high)", the worst first.
func bySeverity(s conformance.Summary) string {
	var parts []string
	all := 0
	for _, severity := range conformance.Severities {
		if n := s.FindingsBySeverity[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
			all += n
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + plural(all, "finding") + ": " + strings.Join(parts, ", ") + ")"
}

func (t *Text) paint(color, text string) string {
	if !t.color {
		return text
	}
	return color + text + reset
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// elapsed returns a duration in a readable form.
func elapsed(d time.Duration) string {
	if d < time.Second {
		return milliseconds(d)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}

// trimLines removes the spaces at the ends of lines, which the columns leave.
func trimLines(b []byte) []byte {
	lines := bytes.Split(b, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}
