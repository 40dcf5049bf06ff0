package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// rule is a parsed membership rule: it reports whether a user is a member.
type rule func(*User) bool

// parseRule parses a membership rule: comparisons of a user's properties, combined
// with -not, -and, -or and parentheses, or "Direct Reports for" a manager. A rule for
// devices is accepted and has no members, because the local tenant has no devices.
// Source: learn.microsoft.com/entra/identity/users/groups-dynamic-membership.
func parseRule(text string) (rule, error) {
	if found := directReports.FindStringSubmatch(text); found != nil {
		manager := found[1]
		return func(u *User) bool { return same(u.ManagerID, manager) }, nil
	}
	words, err := ruleWords(text)
	if err != nil {
		return nil, err
	}
	p := &ruleParser{words: words}
	r, err := p.or()
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("nothing is expected at %s", p.words[0].text)
	}
	return r, err
}

var directReports = regexp.MustCompile(`(?i)^\s*Direct Reports for ["']([0-9a-f-]{36})["']\s*$`)

// ruleWord is a quoted text, a bracket, or a name, an operator or a constant.
type ruleWord struct {
	text   string
	quoted bool
}

var ruleLexeme = regexp.MustCompile("^(?:\"((?:[^\"`]|`.)*)\"|'((?:[^'`]|`.)*)'|([()\\[\\],])|([^\\s()\\[\\],\"']+))")

func ruleWords(text string) (words []ruleWord, err error) {
	for rest := strings.TrimSpace(text); rest != ""; {
		found := ruleLexeme.FindStringSubmatch(rest)
		if found == nil {
			return nil, fmt.Errorf("%s cannot be read", rest)
		}
		quoted := rest[0] == '"' || rest[0] == '\''
		word := found[1] + found[2] + found[3] + found[4]
		if quoted {
			word = escaped.ReplaceAllString(word, "$1")
		}
		words = append(words, ruleWord{word, quoted})
		rest = strings.TrimSpace(rest[len(found[0]):])
	}
	return words, nil
}

// escaped matches an escaped quotation mark: a backtick and the next character.
var escaped = regexp.MustCompile("`(.)")

type ruleParser struct{ words []ruleWord }

// next consumes the next word if it is one of the given words. The hyphen before an
// operator is optional.
func (p *ruleParser) next(any ...string) (string, bool) {
	if len(p.words) == 0 || p.words[0].quoted {
		return "", false
	}
	word := strings.TrimPrefix(strings.ToLower(p.words[0].text), "-")
	if !slices.Contains(any, word) {
		return "", false
	}
	p.words = p.words[1:]
	return word, true
}

func (p *ruleParser) or() (rule, error) {
	left, err := p.and()
	for err == nil {
		if _, ok := p.next("or"); !ok {
			break
		}
		var right rule
		first := left
		if right, err = p.and(); err == nil {
			left = func(u *User) bool { return first(u) || right(u) }
		}
	}
	return left, err
}

func (p *ruleParser) and() (rule, error) {
	left, err := p.not()
	for err == nil {
		if _, ok := p.next("and"); !ok {
			break
		}
		var right rule
		first := left
		if right, err = p.not(); err == nil {
			left = func(u *User) bool { return first(u) && right(u) }
		}
	}
	return left, err
}

func (p *ruleParser) not() (rule, error) {
	if _, ok := p.next("not"); ok {
		r, err := p.not()
		return func(u *User) bool { return !r(u) }, err
	}
	if _, ok := p.next("("); ok {
		r, err := p.or()
		if err != nil {
			return nil, err
		}
		return r, p.close(")")
	}
	return p.comparison()
}

func (p *ruleParser) close(bracket string) error {
	if _, ok := p.next(bracket); !ok {
		return fmt.Errorf("a %s is missing", bracket)
	}
	return nil
}

// comparison parses a property, an operator and a value. For a property with several
// values it also parses -any or -all and a comparison of each value, which is called
// _.
func (p *ruleParser) comparison() (rule, error) {
	if len(p.words) == 0 || p.words[0].quoted {
		return nil, fmt.Errorf("a property such as user.department is missing")
	}
	name := strings.ToLower(p.words[0].text)
	p.words = p.words[1:]
	values, device := ruleProperties[strings.TrimPrefix(name, "user.")], strings.HasPrefix(name, "device.")
	switch {
	case device:
		values = func(*User) []string { return nil }
	case !strings.HasPrefix(name, "user.") || values == nil:
		return nil, fmt.Errorf("the property %s is not supported", name)
	}
	member := func(holds func([]string) bool) rule {
		return func(u *User) bool { return !device && holds(values(u)) }
	}
	quantifier, quantified := p.next("any", "all")
	if !quantified {
		holds, err := p.test()
		return member(holds), err
	}
	if _, ok := p.next("("); !ok {
		return nil, fmt.Errorf("a ( is missing after -%s", quantifier)
	}
	if _, ok := p.next("_"); !ok {
		return nil, fmt.Errorf("a _ is missing after -%s", quantifier)
	}
	holds, err := p.test()
	if err != nil {
		return nil, err
	}
	each := func(value string) bool { return holds([]string{value}) }
	if quantifier == "all" {
		return member(func(all []string) bool {
			return !slices.ContainsFunc(all, func(v string) bool { return !each(v) })
		}), p.close(")")
	}
	return member(func(all []string) bool { return slices.ContainsFunc(all, each) }), p.close(")")
}

// test parses an operator and its operand. The returned function gets the values of a
// property, or none if the property is null.
func (p *ruleParser) test() (func([]string) bool, error) {
	operator, ok := p.next("eq", "ne", "startswith", "notstartswith", "endswith", "notendswith", "contains", "notcontains", "match", "notmatch", "in", "notin")
	if !ok {
		return nil, fmt.Errorf("an operator such as -eq is missing")
	}
	base, negated := strings.TrimPrefix(operator, "not"), strings.HasPrefix(operator, "not") || operator == "ne"
	if operator == "ne" {
		base = "eq"
	}
	wanted, null, err := p.value(base == "in")
	if err != nil {
		return nil, err
	}
	holds := func(have []string) bool {
		return slices.ContainsFunc(have, func(v string) bool {
			return slices.ContainsFunc(wanted, func(w string) bool { return ruleTests[base](strings.ToLower(v), strings.ToLower(w)) })
		})
	}
	switch {
	case null && base != "eq":
		return nil, fmt.Errorf("null is compared with -eq or -ne")
	case null:
		holds = func(have []string) bool { return len(have) == 0 }
	case base == "match":
		pattern, err := regexp.Compile("(?i)" + wanted[0])
		if err != nil {
			return nil, fmt.Errorf("the pattern %s cannot be read", wanted[0])
		}
		holds = func(have []string) bool { return slices.ContainsFunc(have, pattern.MatchString) }
	}
	return func(have []string) bool { return holds(have) != negated }, nil
}

var ruleTests = map[string]func(value, wanted string) bool{
	"eq": func(v, w string) bool { return v == w }, "in": func(v, w string) bool { return v == w },
	"startswith": strings.HasPrefix, "endswith": strings.HasSuffix, "contains": strings.Contains,
}

// value parses a text, true, false, null, a number, or a list of texts.
func (p *ruleParser) value(list bool) (values []string, null bool, err error) {
	if _, ok := p.next("["); ok != list {
		return nil, false, fmt.Errorf("a list [\"…\"] is only possible with -in and -notIn")
	}
	for {
		if len(p.words) == 0 {
			return nil, false, fmt.Errorf("a value is missing")
		}
		word := p.words[0]
		p.words = p.words[1:]
		switch lower := strings.ToLower(word.text); {
		case word.quoted, lower == "true", lower == "false", ruleNumber.MatchString(lower):
			values = append(values, word.text)
		case (lower == "null" || lower == "$null") && !list:
			return nil, true, nil
		default:
			return nil, false, fmt.Errorf("%s is not a value: write texts in quotes", word.text)
		}
		if !list {
			return values, false, nil
		}
		if _, more := p.next(","); !more {
			return values, false, p.close("]")
		}
	}
}

var ruleNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
