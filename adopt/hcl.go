package adopt

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// expression is a value in a Terraform configuration: a literal or a reference, with
// an optional comment.
type expression struct {
	tokens hclwrite.Tokens
	remark string
}

// literal returns a text without interpolation: template sequences are escaped.
func literal(text string) expression {
	return expression{tokens: hclwrite.TokensForValue(cty.StringVal(text))}
}

// reference refers to an attribute of a block, or to an element of an attribute that
// is a map.
func (a address) reference(attribute string, element ...string) expression {
	t := append(a.traversal(), hcl.TraverseAttr{Name: attribute})
	for _, key := range element {
		t = append(t, hcl.TraverseIndex{Key: cty.StringVal(key)})
	}
	return expression{tokens: hclwrite.TokensForTraversal(t)}
}

// address is the type and the name of a resource or, where data is set, of a data
// source.
type address struct {
	data             bool
	resource, called string
}

func (a address) traversal() hcl.Traversal {
	if a.data {
		return hcl.Traversal{hcl.TraverseRoot{Name: "data"}, hcl.TraverseAttr{Name: a.resource}, hcl.TraverseAttr{Name: a.called}}
	}
	return hcl.Traversal{hcl.TraverseRoot{Name: a.resource}, hcl.TraverseAttr{Name: a.called}}
}

// configuration is one file of Terraform configuration.
type configuration struct{ file *hclwrite.File }

func newConfiguration() *configuration { return &configuration{hclwrite.NewEmptyFile()} }

// bytes returns the file in Terraform's format.
func (c *configuration) bytes() []byte {
	return append(bytes.TrimRight(hclwrite.Format(c.file.Bytes()), "\n"), '\n')
}

// space adds an empty line between two blocks.
func (c *configuration) space() {
	if len(c.file.Body().Attributes())+len(c.file.Body().Blocks()) > 0 {
		c.file.Body().AppendNewline()
	}
}

// resource begins a resource that takes over the object with an import id.
func (c *configuration) resource(a address, id string) body {
	c.space()
	imports := body{c.file.Body().AppendNewBlock("import", nil).Body()}
	imports.set("to", expression{tokens: hclwrite.TokensForTraversal(a.traversal())})
	imports.text("id", id)
	return c.block("resource", a.resource, a.called)
}

// block begins a block of the file.
func (c *configuration) block(kind string, labels ...string) body {
	c.space()
	return body{c.file.Body().AppendNewBlock(kind, labels).Body()}
}

// body is the body of a block. Its methods leave out Terraform's default values.
type body struct{ in *hclwrite.Body }

func (b body) set(name string, value expression) {
	if value.remark != "" {
		b.remark(value.remark)
	}
	b.in.SetAttributeRaw(name, value.tokens)
}

// text sets a text that is not empty.
func (b body) text(name, value string) {
	if value != "" {
		b.set(name, literal(value))
	}
}

// yes sets a flag that is true.
func (b body) yes(name string, value bool) {
	if value {
		b.in.SetAttributeValue(name, cty.True)
	}
}

// no sets a flag that is false.
func (b body) no(name string, value bool) {
	if !value {
		b.in.SetAttributeValue(name, cty.False)
	}
}

func (b body) number(name string, value int64) {
	b.in.SetAttributeValue(name, cty.NumberIntVal(value))
}

// texts sets a set of texts that is not empty, in order.
func (b body) texts(name string, values []string) {
	b.list(name, literals(slices.Sorted(slices.Values(values))))
}

func literals(values []string) []expression {
	all := make([]expression, len(values))
	for i, v := range values {
		all[i] = literal(v)
	}
	return all
}

// list sets a list that is not empty: one of several on a line each.
func (b body) list(name string, values []expression) {
	if len(values) == 0 {
		return
	}
	if len(values) == 1 && values[0].remark == "" {
		b.in.SetAttributeRaw(name, hclwrite.TokensForTuple([]hclwrite.Tokens{values[0].tokens}))
		return
	}
	newline := &hclwrite.Token{Type: hclsyntax.TokenNewline, Bytes: []byte("\n")}
	tokens := hclwrite.Tokens{{Type: hclsyntax.TokenOBrack, Bytes: []byte("[")}, newline}
	for _, v := range values {
		tokens = append(tokens, v.tokens...)
		tokens = append(tokens, &hclwrite.Token{Type: hclsyntax.TokenComma, Bytes: []byte(",")})
		if v.remark != "" {
			tokens = append(tokens, remarkTokens(v.remark)...)
		} else {
			tokens = append(tokens, newline)
		}
	}
	tokens = append(tokens, &hclwrite.Token{Type: hclsyntax.TokenCBrack, Bytes: []byte("]")})
	b.in.SetAttributeRaw(name, tokens)
}

// remark writes lines of comment.
func (b body) remark(lines ...string) {
	for _, line := range lines {
		b.in.AppendUnstructuredTokens(remarkTokens(line))
	}
}

func remarkTokens(line string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + comment(line) + "\n")}}
}

// nested begins a block within one.
func (b body) nested(kind string) body {
	if len(b.in.Attributes())+len(b.in.Blocks()) > 0 {
		b.in.AppendNewline()
	}
	return body{b.in.AppendNewBlock(kind, nil).Body()}
}

// ignoring makes Terraform leave attributes as they are.
func (b body) ignoring(attributes ...string) {
	if len(attributes) == 0 {
		return
	}
	slices.Sort(attributes)
	all := make([]hclwrite.Tokens, len(attributes))
	for i, a := range attributes {
		all[i] = hclwrite.TokensForIdentifier(a)
	}
	b.nested("lifecycle").in.SetAttributeRaw("ignore_changes", hclwrite.TokensForTuple(all))
}

// identifier returns the name of a block in Terraform: the name of the document with
// underscores, and not with a digit at the beginning.
func (n namer) identifier(text, otherwise string) string {
	name := strings.ReplaceAll(n.name(text, otherwise), "-", "_")
	if name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// fileOf returns the content of a file of the configuration.
func fileOf(path string) expression {
	root := hcl.Traversal{hcl.TraverseRoot{Name: "path"}, hcl.TraverseAttr{Name: "module"}}
	name := slices.Concat(hclwrite.Tokens{{Type: hclsyntax.TokenOQuote, Bytes: []byte(`"`)}, {Type: hclsyntax.TokenTemplateInterp, Bytes: []byte("${")}},
		hclwrite.TokensForTraversal(root),
		hclwrite.Tokens{{Type: hclsyntax.TokenTemplateSeqEnd, Bytes: []byte("}")}, {Type: hclsyntax.TokenQuotedLit, Bytes: []byte("/" + path)}, {Type: hclsyntax.TokenCQuote, Bytes: []byte(`"`)}})
	return expression{tokens: hclwrite.TokensForFunctionCall("file", name)}
}

func truth(value bool) expression {
	return expression{tokens: hclwrite.TokensForValue(cty.BoolVal(value))}
}
