package openapi

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits for values that are derived from a schema.
const (
	maxItems = 100
	maxText  = 10_000
)

// formats contains examples for each format of JSON Schema and OpenAPI, the usual one first.
var formats = map[string][]string{
	"uuid": {"00000000-0000-4000-8000-000000000001"}, "date": {"2026-01-01"}, "date-time": {"2026-01-01T00:00:00Z"}, "time": {"12:00:00Z"}, "duration": {"P1D"},
	"email": {"ada@contoso.example", "a@b.co"}, "idn-email": {"ada@contoso.example", "a@b.co"},
	"uri": {"https://contoso.example/", "http://a.co/"}, "url": {"https://contoso.example/", "http://a.co/"}, "iri": {"https://contoso.example/", "http://a.co/"},
	"uri-reference": {"/orders", "/"}, "hostname": {"contoso.example", "a.co"}, "idn-hostname": {"contoso.example", "a.co"},
	"ipv4": {"192.0.2.1", "10.0.0.1"}, "ipv6": {"2001:db8::1", "::1"}, "byte": {"eA=="}, "json-pointer": {"/a"}, "regex": {"^a$"}, "password": {"correct-Horse-7-battery"},
}

// lengthened are the formats of which a value can have any length: more characters go before it or
// after it.
var lengthened = map[string]struct{ before, after string }{
	"email": {before: "a"}, "idn-email": {before: "a"}, "hostname": {before: "a"}, "idn-hostname": {before: "a"},
	"uri": {after: "x"}, "url": {after: "x"}, "iri": {after: "x"}, "uri-reference": {after: "x"}, "json-pointer": {after: "x"}, "password": {after: "x"},
	"byte": {before: "eHh4"},
}

// sampleText returns a text with the schema's format, pattern and length. Another variant is
// another text, where the schema admits several that this function can make.
func sampleText(schema object, variant int) string {
	least, most := int(number(schema["minLength"], 0)), int(number(schema["maxLength"], maxText))
	pattern := text(schema["pattern"])
	matches := func(string) bool { return true }
	if compiled, err := regexp.Compile(pattern); err == nil {
		matches = compiled.MatchString
	}
	fits := func(s string) bool {
		n := utf8.RuneCountInString(s)
		return n >= least && n <= most && matches(s)
	}
	format := text(schema["format"])
	for _, s := range formats[format] {
		with := lengthened[format]
		for n := 0; n < variant || len(s) < min(least, maxText); n++ {
			if with.before+with.after == "" {
				break
			}
			s = with.before + s + with.after
		}
		if format == "uuid" {
			s = fmt.Sprintf("%s%012d", s[:24], variant+1)
		}
		if fits(s) {
			return s
		}
	}
	if pattern != "" {
		for more := range 40 { // repeat each repetition once more, until the text is long enough
			if s, ok := matching(pattern, variant+more); ok && fits(s) {
				return s
			}
		}
	}
	s := strings.Repeat("x", min(max(1, least), max(most, 0), maxText))
	if variant == 0 || s == "" {
		return s
	}
	number := strconv.Itoa(variant)
	if len(s)+len(number) <= most {
		return s + number
	}
	return s[:max(0, len(s)-len(number))] + number
}

// matching returns a text that a pattern matches, with a number of additional
// repetitions; ok is false if none was found. JSON Schema's patterns have the
// syntax of ECMA-262, and most are also valid in Go.
func matching(pattern string, more int) (s string, ok bool) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return "", false
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	write(&b, parsed.Simplify(), more)
	return b.String(), b.Len() <= maxText && compiled.MatchString(b.String())
}

func write(b *strings.Builder, re *syntax.Regexp, more int) {
	if b.Len() > maxText {
		return
	}
	repeat := func(n int) {
		for range n {
			write(b, re.Sub[0], more)
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(oneOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCapture:
		write(b, re.Sub[0], more)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub, more)
		}
	case syntax.OpAlternate:
		write(b, re.Sub[0], more)
	case syntax.OpStar:
		repeat(more)
	case syntax.OpPlus:
		repeat(1 + more)
	case syntax.OpQuest:
		repeat(min(1, more))
	case syntax.OpRepeat:
		n := re.Min + more
		if re.Max >= 0 {
			n = min(n, re.Max)
		}
		repeat(n)
	}
}

// oneOf returns a character of a class: if possible a letter, a digit or a character of URLs.
func oneOf(ranges []rune) rune {
	for _, want := range "aA1x_- " {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= want && want <= ranges[i+1] {
				return want
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < ranges[i]+128; r++ {
			if r > ' ' && r != 0x7f {
				return r
			}
		}
	}
	if len(ranges) > 0 {
		return ranges[0]
	}
	return 'x'
}

// sampleNumber returns a number within the schema's bounds. Another variant is another number.
func sampleNumber(schema object, kind string, variant int) any {
	step := number(schema["multipleOf"], 0)
	if step <= 0 && kind == "integer" {
		step = 1
	}
	lower, hasLower := math.Inf(-1), false
	if v, ok := schema["minimum"]; ok {
		lower, hasLower = number(v, 0), true
	}
	above := false
	switch v := schema["exclusiveMinimum"].(type) {
	case bool: // OpenAPI 3.0
		above = v
	case nil:
	default:
		if n := number(v, 0); !hasLower || n >= lower {
			lower, hasLower, above = n, true, true
		}
	}
	upper := number(schema["maximum"], math.Inf(1))
	below := schema["exclusiveMaximum"] == true
	if v, isBool := schema["exclusiveMaximum"].(bool); schema["exclusiveMaximum"] != nil && !isBool && !v {
		upper, below = number(schema["exclusiveMaximum"], upper), true
	}
	n := 1.0
	if hasLower {
		n = math.Max(lower, math.Min(n, upper))
	} else if n > upper {
		n = upper
	}
	if step > 0 {
		n = math.Ceil(n/step) * step
		if n > upper {
			n = math.Floor(upper/step) * step
		}
	}
	width := step
	if width <= 0 {
		width = math.Min(1, (upper-n)/2)
	}
	if above && n <= lower {
		n += width
	}
	if below && n >= upper {
		if step <= 0 && hasLower {
			n = (lower + upper) / 2
		} else {
			n -= math.Max(step, 1)
		}
	}
	if other := n + float64(variant)*width; other < upper || other == upper && !below {
		n = other
	}
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return int(n)
	}
	return n
}

// number converts a parsed value of any type to a number. It returns otherwise if v is not a number.
func number(v any, otherwise float64) float64 {
	switch v := v.(type) {
	case nil:
		return otherwise
	case json.Number:
		if n, err := v.Float64(); err == nil {
			return n
		}
		return otherwise
	}
	if n, err := strconv.ParseFloat(fmt.Sprint(v), 64); err == nil {
		return n
	}
	return otherwise
}
