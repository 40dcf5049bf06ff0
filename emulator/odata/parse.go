package odata

import (
	"slices"
	"strings"
)

// Filter is a parsed $filter.
type Filter interface{ isNode() }

// The nodes of a parsed filter.
type (
	// comparison is PATH OP LITERAL with eq, ne, ge, le, gt or lt, or one of
	// the functions startswith, endswith and contains.
	comparison struct {
		path  []string
		op    string
		value any
	}
	// membership is PATH in (LITERAL, …).
	membership struct {
		path   []string
		values []any
	}
	// quantifier is PATH/any(VARIABLE:BODY), or PATH/any() when body is nil.
	quantifier struct {
		path     []string
		variable string
		body     Filter
	}
	// counting is PATH/$count OP NUMBER.
	counting struct {
		path  []string
		op    string
		value any
	}
	junction struct {
		op   string // and, or
		a, b Filter
	}
	negation struct{ a Filter }
)

func (comparison) isNode() {}
func (membership) isNode() {}
func (quantifier) isNode() {}
func (counting) isNode()   {}
func (junction) isNode()   {}
func (negation) isNode()   {}

// maxFilterDepth bounds the nesting of a filter, and with it the size of the stack.
const maxFilterDepth = 64

var (
	comparers = []string{"eq", "ne", "ge", "le", "gt", "lt"}
	functions = []string{"startswith", "endswith", "contains"}
)

type parser struct {
	filter string
	tokens []token
	depth  int
}

// ParseFilter reads a $filter. Names of properties are case-sensitive; operators and
// functions are not.
func ParseFilter(filter string) (Filter, error) {
	tokens, err := scan(filter)
	if err != nil {
		return nil, err
	}
	p := &parser{filter: filter, tokens: tokens}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) unexpected() error { return syntaxError(p.filter, p.peek().position) }

// word takes the next token if it is one of the names, in any case.
func (p *parser) word(names ...string) (string, bool) {
	t := p.peek()
	if name := strings.ToLower(t.text); t.kind == tokenName && slices.Contains(names, name) {
		p.next()
		return name, true
	}
	return "", false
}

func (p *parser) punctuation(c string) bool {
	if t := p.peek(); t.kind == tokenPunctuation && t.text == c {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(c string) error {
	if !p.punctuation(c) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) or() (Filter, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxFilterDepth {
		return nil, badSyntax("Invalid filter clause: The node count limit of '%d' has been exceeded.", maxFilterDepth)
	}
	return p.chain("or", p.and)
}

func (p *parser) and() (Filter, error) { return p.chain("and", p.unary) }

func (p *parser) chain(op string, operand func() (Filter, error)) (Filter, error) {
	a, err := operand()
	if err != nil {
		return nil, err
	}
	for {
		if _, ok := p.word(op); !ok {
			return a, nil
		}
		b, err := operand()
		if err != nil {
			return nil, err
		}
		a = junction{op, a, b}
	}
}

func (p *parser) unary() (Filter, error) {
	negative := false
	for {
		if _, ok := p.word("not"); !ok {
			break
		}
		negative = !negative
	}
	a, err := p.primary()
	if err != nil || !negative {
		return a, err
	}
	return negation{a}, nil
}

func (p *parser) primary() (Filter, error) {
	if p.punctuation("(") {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	}
	if len(p.tokens) > 1 && p.tokens[1].kind == tokenPunctuation && p.tokens[1].text == "(" {
		if name, ok := p.word(functions...); ok {
			return p.function(name)
		}
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	switch last := path[len(path)-1]; {
	case last == "any" || last == "all":
		return p.quantifier(path[:len(path)-1], last)
	case last == "$count" && len(path) > 1:
		op, value, err := p.comparison()
		return counting{path[:len(path)-1], op, value}, err
	}
	if _, ok := p.word("in"); ok {
		values, err := p.list()
		return membership{path, values}, err
	}
	op, value, err := p.comparison()
	return comparison{path, op, value}, err
}

func (p *parser) comparison() (op string, value any, err error) {
	op, ok := p.word(comparers...)
	if !ok {
		return "", nil, p.unexpected()
	}
	value, err = p.literal()
	return op, value, err
}

func (p *parser) literal() (any, error) {
	value, ok := p.peek().literal()
	if !ok {
		return nil, p.unexpected()
	}
	p.next()
	return value, nil
}

func (p *parser) path() ([]string, error) {
	var path []string
	for {
		t := p.peek()
		if t.kind != tokenName {
			return nil, p.unexpected()
		}
		p.next()
		path = append(path, t.text)
		if !p.punctuation("/") {
			return path, nil
		}
	}
}

func (p *parser) function(name string) (Filter, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	// OData also permits a comparison with the result of a function: startswith(a,'b')
	// eq true.
	if op, ok := p.word("eq", "ne"); ok {
		is, err := p.literal()
		if err != nil {
			return nil, err
		}
		wanted, isBool := is.(bool)
		if !isBool {
			return nil, p.unexpected()
		}
		if wanted != (op == "eq") {
			return negation{comparison{path, name, value}}, nil
		}
	}
	return comparison{path, name, value}, nil
}

func (p *parser) list() ([]any, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []any
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if !p.punctuation(",") {
			return values, p.expect(")")
		}
	}
}

func (p *parser) quantifier(path []string, kind string) (Filter, error) {
	if len(path) == 0 || kind == "all" {
		return nil, unsupportedQuery("Filter operator '%s' is not supported.", kind)
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if p.punctuation(")") {
		return quantifier{path: path}, nil
	}
	variable := p.peek()
	if variable.kind != tokenName {
		return nil, p.unexpected()
	}
	p.next()
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	body, err := p.or()
	if err != nil {
		return nil, err
	}
	return quantifier{path, variable.text, body}, p.expect(")")
}
