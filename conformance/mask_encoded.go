package conformance

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// encodings are the forms of some secrets in base64, base64url and hex.
type encodings struct{ base64s, hexes []string }

// encode works out the encodings of secrets, once for all texts of an exchange.
func encode(secrets []string) encodings {
	var base64s, hexes []string
	for _, secret := range secrets {
		for _, part := range append(strings.Split(secret, "."), secret) {
			if len(part) < 12 {
				continue // shorter ones are words and numbers
			}
			base64s = append(base64s, inBase64(part)...)
			hexes = append(hexes, hex.EncodeToString([]byte(part)))
		}
	}
	return encodings{base64s, hexes}
}

// mask removes the encodings from a text: alone or within other text, divided by line
// breaks or separators, and truncated ones.
func (e encodings) mask(text string) string {
	text = maskWithin(text, e.base64s, func(text string, i int) int {
		switch {
		case text[i] == '\n' || text[i] == '\r':
			return 1
		case strings.HasPrefix(text[i:], `\n`), strings.HasPrefix(text[i:], `\r`): // in JSON
			return 2
		case strings.HasPrefix(text[i:], `\/`):
			return 1
		}
		return 0
	}, false)
	return maskWithin(text, e.hexes, func(text string, i int) int {
		switch {
		case strings.HasPrefix(text[i:], `\x`), strings.HasPrefix(text[i:], "0x"), strings.HasPrefix(text[i:], `\n`):
			return 2
		case strings.HasPrefix(text[i:], `\\x`):
			return 3
		case strings.ContainsRune(" \n\r\t:,-%", rune(text[i])):
			return 1
		}
		return 0
	}, true)
}

// inBase64 returns the three base64 forms of a text, without its ends, one for each
// position in the encoded text.
func inBase64(text string) (all []string) {
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
		// The first and the last digit also contain bits of the neighboring text.
		encoded = encoded[(before*8+5)/6 : len(encoded)-1]
		all = append(all, encoded, strings.NewReplacer("+", "-", "/", "_").Replace(encoded))
		if escaped := url.QueryEscape(encoded); escaped != encoded {
			all = append(all, escaped)
		}
	}
	return all
}

// maskWithin masks the patterns as far as the text matches them. skip returns the
// number of bytes at a position that only separate digits.
func maskWithin(text string, patterns []string, skip func(text string, i int) int, anyCase bool) string {
	const enough = 16
	if len(text) < enough {
		return text
	}
	var digits strings.Builder
	var at []int // where each digit stands in the text
	for i := 0; i < len(text); {
		if n := skip(text, i); n > 0 {
			i += n
			continue
		}
		digits.WriteByte(text[i])
		at = append(at, i)
		i++
	}
	plain := digits.String()
	if anyCase {
		plain = lowerASCII(plain)
	}
	type span struct{ from, to int }
	var found []span
	for _, pattern := range patterns {
		if len(pattern) < enough {
			continue
		}
		for from := 0; ; {
			i := strings.Index(plain[from:], pattern[:enough])
			if i < 0 {
				break
			}
			from += i
			n := enough
			for n < len(pattern) && from+n < len(plain) && plain[from+n] == pattern[n] {
				n++
			}
			found = append(found, span{at[from], at[from+n-1] + 1})
			from += n
		}
	}
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	var b strings.Builder
	end := 0
	for _, s := range found {
		if s.from >= end {
			b.WriteString(text[end:s.from] + masked)
		}
		end = max(end, s.to)
	}
	return b.String() + text[end:]
}

// lowerASCII returns the bytes in lower case, with the same length.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
