package stack

import (
	"fmt"
	"regexp"
	"strings"
)

// excerpt returns the line of a file at a position, with a caret below the column. A
// tab is shown as an arrow.
func excerpt(raw []byte, pos Position) string {
	lines := strings.Split(string(raw), "\n")
	if pos.Line < 1 || pos.Line > len(lines) {
		return ""
	}
	const most = 100 // columns of a line, around the caret
	text := []rune(strings.TrimRight(strings.ReplaceAll(lines[pos.Line-1], "\t", "→"), "\r"))
	column := min(max(pos.Column, 1), len(text)+1)
	cut := max(0, column-most)
	text, column = text[cut:min(len(text), cut+most+20)], column-cut
	number := fmt.Sprint(pos.Line)
	return fmt.Sprintf("  %s | %s\n  %s | %s^", number, string(text), strings.Repeat(" ", len(number)), strings.Repeat(" ", column-1))
}

// unquotedReference matches a value within braces or brackets that contains a reference and is not in quotes.
var unquotedReference = regexp.MustCompile(`[{,\[]\s*(?:[\w.-]+: +)?([^\s"',{}\[\]]*\$\{[^}]*\}[^\s"',{}\[\]]*)`)

// unquotedRequest matches a request with a path parameter that is not in quotes.
var unquotedRequest = regexp.MustCompile(`: +([A-Z]+ /[^\s"',{}]*\{\w+\}(?:/[^\s"',{}]*|\{\w+\})*)`)

// syntax explains a message of the YAML parser about a place.
func syntax(raw []byte, pos Position, said string) (at Position, message, hint string) {
	lines := strings.Split(string(raw), "\n")
	line := func(n int) string {
		if n < 1 || n > len(lines) {
			return ""
		}
		return lines[n-1]
	}
	for _, n := range []int{pos.Line, pos.Line - 1} {
		indentation := line(n)[:len(line(n))-len(strings.TrimLeft(line(n), " \t"))]
		if i := strings.IndexByte(indentation, '\t'); i >= 0 && strings.TrimSpace(line(n)) != "" {
			return Position{pos.File, n, i + 1}, "not YAML: the indentation contains a tab", "YAML requires spaces; configure your editor to insert spaces"
		}
	}
	character := ""
	if text := []rune(line(pos.Line)); pos.Column >= 1 && pos.Column <= len(text) {
		character = string(text[pos.Column-1])
	}
	switch {
	case character == "\t":
		return pos, "not YAML: a tab where YAML requires spaces", "replace it with spaces"
	case strings.Contains(said, "cannot start any token"):
		return pos, fmt.Sprintf("not YAML: a value cannot begin with %s", character), "write the value in quotes"
	case strings.Contains(said, "mapping values are not allowed"):
		return pos, "not YAML: " + said, "put a value that contains a colon and a space in quotes, and each key on its own line"
	case strings.Contains(said, "did not find expected") && unquotedRequest.MatchString(line(pos.Line)):
		return pos, "not YAML: a path with braces begins a mapping", fmt.Sprintf("write the request in quotes: %q", unquotedRequest.FindStringSubmatch(line(pos.Line))[1])
	case strings.Contains(said, "did not find expected") && unquotedReference.MatchString(line(pos.Line)):
		return pos, "not YAML: ${ begins a mapping", fmt.Sprintf("write the value in quotes: %q", unquotedReference.FindStringSubmatch(line(pos.Line))[1])
	case strings.Contains(said, "did not find expected"), strings.Contains(said, "unexpected end of stream"):
		hint = "check the indentation here, and check for an unclosed quote or bracket above"
	}
	return pos, "not YAML: " + said, hint
}
