package display

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line returns s as one line without anything that a terminal or a CI system
// obeys: control characters, line breaks, and invisible and bidirectional
// formatting characters are escaped, and commands of CI systems are disarmed.
// A byte that is no UTF-8 becomes U+FFFD.
func Line(s string) string {
	var b strings.Builder
	var c commands
	for _, r := range s {
		if r == '\n' || r == '\t' || unsafe(r) || c.completes(r) {
			b.WriteString(escape(r))
			c.follow('\\')
			continue
		}
		b.WriteRune(r)
		c.follow(r)
	}
	return b.String()
}

// unsafe reports whether r must not reach a terminal or a log. Line breaks and tabs
// occur in a text of several lines and are not unsafe.
func unsafe(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r):
		return true // C0, DEL and C1, of which ESC and CSI begin terminal sequences
	case r < utf8.RuneSelf:
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escape returns r as \uXXXX.
func escape(r rune) string {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// commands recognizes the prefixes of CI commands in the runes that it follows.
// Its zero value is at the beginning of a line.
type commands struct {
	mark  string // the longest end of the text that is the beginning of a mark
	begun int    // 0: only white space on this line so far; 1: and one colon; 2: anything else
}

// marks are the prefixes that a CI system looks for anywhere in a line.
var marks = []string{"##[", "##vso["}

// completes reports whether r is the last character of a command's prefix.
func (c *commands) completes(r rune) bool {
	return r == ':' && c.begun == 1 || r == '[' && (c.mark == "##" || c.mark == "##vso")
}

// follow processes the next rune of the text.
func (c *commands) follow(r rune) {
	switch {
	case r == '\n':
		c.begun = 0
	case c.begun == 0 && unicode.IsSpace(r):
	case c.begun == 0 && r == ':':
		c.begun = 1
	default:
		c.begun = 2
	}
	c.mark = longestStart(c.mark + string(unicode.ToLower(r)))
}

// longestStart returns the longest end of s with which one of marks begins.
func longestStart(s string) string {
	for ; s != ""; s = s[1:] {
		for _, m := range marks {
			if strings.HasPrefix(m, s) {
				return s
			}
		}
	}
	return ""
}
