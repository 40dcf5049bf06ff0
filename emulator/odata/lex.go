package odata

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The kinds of a filter's tokens.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenString
	tokenNumber
	tokenGUID
	tokenTime
	tokenBool
	tokenNull
	tokenPunctuation // ( ) , : /
)

type token struct {
	kind     tokenKind
	text     string // as written; of a string, its value
	position int
}

var (
	guidPattern   = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`)
	timePattern   = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?`)
	numberPattern = regexp.MustCompile(`^-?\d+(\.\d+)?`)
	namePattern   = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_.]*`)
)

// scan splits a filter into tokens. Source: OData 4.01 ABNF.
func scan(filter string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(filter); {
		rest := filter[i:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t':
			i++
		case strings.IndexByte("(),:/", rest[0]) >= 0:
			tokens = append(tokens, token{tokenPunctuation, rest[:1], i})
			i++
		case rest[0] == '\'':
			text, length, ok := Quoted(rest)
			if !ok {
				return nil, badSyntax("Invalid filter clause: There is an unterminated string literal at position %d in '%s'.", i, filter)
			}
			tokens = append(tokens, token{tokenString, text, i})
			i += length
		default:
			t := word(rest)
			if t.text == "" {
				return nil, syntaxError(filter, i)
			}
			t.position = i
			tokens = append(tokens, t)
			i += len(t.text)
		}
	}
	return append(tokens, token{tokenEnd, "", len(filter)}), nil
}

// Quoted reads the string literal at the beginning of a text, in which two quotes stand
// for one.
func Quoted(s string) (text string, length int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

func word(s string) token {
	if m := guidPattern.FindString(s); m != "" {
		return token{kind: tokenGUID, text: m}
	}
	if m := timePattern.FindString(s); m != "" {
		return token{kind: tokenTime, text: m}
	}
	if m := numberPattern.FindString(s); m != "" {
		return token{kind: tokenNumber, text: m}
	}
	m := namePattern.FindString(s)
	switch m {
	case "true", "false":
		return token{kind: tokenBool, text: m}
	case "null":
		return token{kind: tokenNull, text: m}
	}
	return token{kind: tokenName, text: m}
}

func syntaxError(filter string, position int) error {
	return badSyntax("Invalid filter clause: Syntax error at position %d in '%s'.", position, filter)
}

// literal returns the value of a token: string, float64, bool, time.Time, guid or nil;
// ok is false for a token that is no literal.
func (t token) literal() (value any, ok bool) {
	switch t.kind {
	case tokenString:
		return t.text, true
	case tokenGUID:
		return guid(t.text), true
	case tokenNumber:
		n, err := strconv.ParseFloat(t.text, 64)
		return n, err == nil
	case tokenBool:
		return t.text == "true", true
	case tokenNull:
		return nil, true
	case tokenTime:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
			if instant, err := time.Parse(layout, t.text); err == nil {
				return instant, true
			}
		}
	}
	return nil, false
}

// guid is a GUID written without quotes.
type guid string
