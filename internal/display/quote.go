package display

import (
	"fmt"
	"regexp"
	"strings"
)

// plainWord matches a word that no shell interprets.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// ShellQuote returns a word as a shell reads it. Line does not change the result. A word with
// control characters or similar has the form $'…' of POSIX.1-2024, which bash, zsh and ksh also read.
func ShellQuote(word string) string {
	switch {
	case Line(word) != word:
		return escapedWord(word)
	case plainWord.MatchString(word):
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// escapedWord returns a word in the form $'…', with octal escapes for all bytes except those of plain words and spaces.
func escapedWord(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(word) {
		if c := word[i : i+1]; c == " " || c != ":" && plainWord.MatchString(c) {
			b.WriteString(c)
			continue
		}
		fmt.Fprintf(&b, `\%03o`, word[i])
	}
	b.WriteString("'")
	return b.String()
}
