package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"provision/conformance"
)

// Text writes a table for people: a line for each case, and beneath one that
// did not pass why. It writes as the results come.
type Text struct {
	w     io.Writer
	color bool

	width    int // of the widest case name
	endpoint string
}

// NewText makes a table writer; color says whether w shows ANSI colours.
func NewText(w io.Writer, color bool) *Text { return &Text{w: w, color: color} }

// marks are what a line begins with, and its colour.
var marks = map[conformance.Outcome]struct{ word, color string }{
	conformance.Pass:  {"ok", "\x1b[32m"},
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
	t.endpoint, t.width = "", 0
	for _, c := range p.Cases {
		t.width = max(t.width, utf8.RuneCountInString(c.Name))
	}
	_, err := fmt.Fprintf(t.w, "%s\n", t.paint(bold, fmt.Sprintf("%s: %s for %s at %s",
		p.Name, plural(len(p.Cases), "case"), p.Resource, printable(p.URL))))
	return err
}

func (t *Text) Result(r conformance.Result) error {
	var b bytes.Buffer
	if r.Endpoint != t.endpoint {
		t.endpoint = r.Endpoint
		fmt.Fprintf(&b, "\n%s\n", t.paint(bold, fmt.Sprintf("%-*s  expected  got", t.width+9, printable(r.Endpoint))))
	}
	status, took := "", ""
	if r.Status != 0 {
		status, took = strconv.Itoa(r.Status), milliseconds(r.Duration)
	}
	mark := marks[r.Outcome]
	fmt.Fprintf(&b, "  %s  %-*s  %-8s  %-3s  %s\n",
		t.paint(mark.color, fmt.Sprintf("%-5s", mark.word)), t.width, printable(r.Name), r.Expect, status, t.paint(faint, fmt.Sprintf("%7s", took)))
	for _, line := range details(r) {
		fmt.Fprintf(&b, "         %s %s\n", t.paint(faint, fmt.Sprintf("%-8s", line.label)), line.text)
	}
	_, err := t.w.Write(trimLines(b.Bytes()))
	return err
}

func (t *Text) End(s conformance.Summary) error {
	var b bytes.Buffer
	b.WriteByte('\n')
	for _, endpoint := range s.Unproven {
		fmt.Fprintf(&b, "%s: nobody was seen to be let in, so its refusals prove nothing\n", printable(endpoint))
	}
	color := marks[conformance.Pass].color
	if !s.OK() {
		color = marks[conformance.Fail].color
	}
	fmt.Fprintf(&b, "%s in %s\n", t.paint(color, counts(s)), elapsed(s.Duration))
	_, err := t.w.Write(b.Bytes())
	return err
}

// counts is the summary in words; errors are told where there are any.
func counts(s conformance.Summary) string {
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", s.Passed, s.Failed, s.Skipped)
	if s.Errors > 0 {
		text += ", " + plural(s.Errors, "error")
	}
	return text
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
