package adopt

import (
	"fmt"
	"strings"
	"unicode"
)

// namer gives each document of a kind a unique name.
type namer map[string]bool

// name derives the name of a document from the display name of an object.
func (n namer) name(text, otherwise string) string {
	base := slug(text)
	if base == "" {
		base = slug(otherwise)
	}
	name := base
	for i := 2; n[name]; i++ {
		end := fmt.Sprintf("-%d", i)
		name = strings.TrimRight(base[:min(len(base), 60-len(end))], "-") + end
	}
	n[name] = true
	return name
}

// slug returns a text in lower case with hyphens for all but letters and digits of
// ASCII, at most 60 characters long.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsMark(r):
			b.WriteString(latin[r])
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	return strings.Trim(s[:min(len(s), 60)], "-")
}

// latin are the letters of European languages that are not in ASCII.
var latin = map[rune]string{
	'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'å': "a", 'æ': "ae", 'ø': "o", 'é': "e", 'è': "e", 'ê': "e", 'ë': "e",
	'á': "a", 'à': "a", 'â': "a", 'ã': "a", 'ç': "c", 'í': "i", 'ì': "i", 'î': "i", 'ï': "i", 'ñ': "n", 'ó': "o", 'ò': "o",
	'ô': "o", 'õ': "o", 'ú': "u", 'ù': "u", 'û': "u", 'ý': "y", 'ÿ': "y", 'š': "s", 'ž': "z", 'č': "c", 'ř': "r", 'ł': "l",
}
