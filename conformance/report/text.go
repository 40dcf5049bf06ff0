package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"provision/conformance"
	"provision/internal/display"
)

// Text writes a table for people: a line for each case, and beneath one that
// did not pass why. Where an endpoint has many cases, those that pass and are
// not of the core share a line by family. It writes as the results come.
type Text struct {
	Verbose bool // every case has a line of its own, however many there are

	w     io.Writer
	color bool

	width    int // of the widest case name
	endpoint string
	cases    map[string]int // by endpoint
	group    conformance.Group
	passed   int // of the family, not yet written
	took     time.Duration
	listed   bool // some of the family have lines of their own

	documents int // so far
	total     conformance.Summary
}

// many is more cases of an endpoint than people read line by line.
const many = 40

// NewText makes a table writer; color says whether w shows ANSI colours.
func NewText(w io.Writer, color bool) *Text { return &Text{w: w, color: color} }

// marks are what a line begins with, and its colour.
var marks = map[conformance.Outcome]struct{ word, color string }{
	conformance.Pass:  {"ok", "\x1b[32m"},
	conformance.Note:  {"note", "\x1b[36m"},
	conformance.Known: {"known", "\x1b[33m"},
	conformance.Fail:  {"FAIL", "\x1b[1;31m"},
	conformance.Skip:  {"skip", "\x1b[33m"},
	conformance.Error: {"ERROR", "\x1b[1;35m"},
}

const (
	reset = "\x1b[0m"
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
)

func (t *Text) Begin(p conformance.Plan) error {
	t.endpoint, t.width, t.cases = "", 0, make(map[string]int)
	for _, c := range p.Cases {
		t.cases[c.Endpoint]++
		t.width = max(t.width, utf8.RuneCountInString(c.Name))
		if t.cases[c.Endpoint] > many {
			t.width = max(t.width, len(conformance.Authentication)) // the widest family
		}
	}
	before := ""
	if t.documents++; t.documents > 1 {
		before = "\n"
	}
	_, err := fmt.Fprintf(t.w, "%s%s\n", before, t.paint(bold, fmt.Sprintf("%s: %s for %s at %s",
		p.Name, plural(len(p.Cases), "case"), p.Resource, display.Line(p.URL))))
	return err
}

func (t *Text) Result(r conformance.Result) error {
	var b bytes.Buffer
	if r.Endpoint != t.endpoint || r.Group != t.group {
		t.flush(&b)
		t.group = r.Group
	}
	if r.Endpoint != t.endpoint {
		t.endpoint = r.Endpoint
		fmt.Fprintf(&b, "\n%s\n", t.paint(bold, fmt.Sprintf("%-*s  expected  got", t.width+9, display.Line(r.Endpoint))))
	}
	if r.Outcome == conformance.Pass && r.Note == "" && !t.Verbose && !r.Core() && t.cases[r.Endpoint] > many {
		t.passed++
		t.took = max(t.took, r.Duration)
		_, err := t.w.Write(trimLines(b.Bytes()))
		return err
	}
	t.listed = true
	status, took := "", ""
	if r.Status != 0 {
		status, took = strconv.Itoa(r.Status), milliseconds(r.Duration)
	}
	mark := marks[r.Outcome]
	fmt.Fprintf(&b, "  %s  %-*s  %-8s  %-3s  %s\n",
		t.paint(mark.color, fmt.Sprintf("%-5s", mark.word)), t.width, display.Line(r.Name), r.Expect, status, t.paint(faint, fmt.Sprintf("%7s", took)))
	for _, line := range details(r) {
		fmt.Fprintf(&b, "         %s %s\n", t.paint(faint, fmt.Sprintf("%-8s", line.label)), line.text)
	}
	_, err := t.w.Write(trimLines(b.Bytes()))
	return err
}

// flush writes the line of a family's passed cases; the time is the longest.
func (t *Text) flush(b *bytes.Buffer) {
	if t.passed > 0 {
		number := plural(t.passed, "case")
		if t.listed {
			number = fmt.Sprintf("%d more", t.passed)
		}
		mark := marks[conformance.Pass]
		fmt.Fprintf(b, "  %s  %-*s  %-13s  %s\n", t.paint(mark.color, fmt.Sprintf("%-5s", mark.word)), t.width, t.group,
			number, t.paint(faint, fmt.Sprintf("%7s", milliseconds(t.took))))
	}
	t.passed, t.took, t.listed = 0, 0, false
}

func (t *Text) End(s conformance.Summary) error {
	var b bytes.Buffer
	t.flush(&b)
	t.endpoint = ""
	b.WriteByte('\n')
	for _, endpoint := range s.Unproven {
		fmt.Fprintf(&b, "%s: nobody was seen to be let in, so its refusals prove nothing\n", display.Line(endpoint))
	}
	fmt.Fprintf(&b, "%s\n", t.summary(s))
	t.total.Add(s)
	_, err := t.w.Write(b.Bytes())
	return err
}

// Close sums up where there was more than one document.
func (t *Text) Close() error {
	if t.documents < 2 {
		return nil
	}
	_, err := fmt.Fprintf(t.w, "\n%s: %s\n", t.paint(bold, "all "+plural(t.documents, "document")), t.summary(t.total))
	return err
}

func (t *Text) summary(s conformance.Summary) string {
	color := marks[conformance.Pass].color
	if !s.OK() {
		color = marks[conformance.Fail].color
	}
	return t.paint(color, counts(s)) + " in " + elapsed(s.Duration)
}

// counts is the summary in words; notes and errors are told where there are any.
func counts(s conformance.Summary) string {
	text := fmt.Sprintf("%d passed, %d failed%s, %d skipped", s.Passed, s.Failed, bySeverity(s), s.Skipped)
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

// bySeverity is " (1 critical, 2 high)", the worst first.
func bySeverity(s conformance.Summary) string {
	var parts []string
	for _, severity := range conformance.Severities {
		if n := s.FailedBySeverity[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
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

// elapsed is a duration as people say it.
func elapsed(d time.Duration) string {
	if d < time.Second {
		return milliseconds(d)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}

// trimLines takes the spaces off the ends of lines, which columns leave there.
func trimLines(b []byte) []byte {
	lines := bytes.Split(b, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}
