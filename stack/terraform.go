package stack

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// BuiltInModules are the names that a Terraform document may contain instead of the
// path of a module.
var BuiltInModules = []string{"azure-function", "azure-web-app", "key-vault", "local-api"}

// Terraform is hosting: a Terraform module with its input. Its outputs are
// ${terraform.NAME.OUTPUT} in the stack.
type Terraform struct {
	Name       string     `json:"-"`
	Pos        Position   `json:"-"`
	Dir        string     `json:"-"` // the folder at which relative paths of modules start
	Protection Protection `json:"-"`

	// Positions of variables, by name, and of modules, by target.
	VariablePos map[string]Position `json:"-"`
	ModulePos   map[string]Position `json:"-"`

	Module    Module         `json:"module"`
	Variables map[string]any `json:"variables,omitempty"` // JSON; text may have references
	Backend   *Backend       `json:"backend,omitempty"`   // nil: local state
	Workspace string         `json:"workspace,omitempty"` // "": the default workspace
	Optional  bool           `json:"optional,omitempty"`  // only used on request
}

// Module is a built-in name or a path, by target; "default" is for all other targets.
type Module map[string]string

// UnmarshalJSON also reads one module for all targets.
func (m *Module) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var name string
		err := json.Unmarshal(raw, &name)
		*m = Module{"default": name}
		return err
	}
	return json.Unmarshal(raw, (*map[string]string)(m))
}

// For returns the module for a target, or "".
func (m Module) For(target string) string { return cmp.Or(m[target], m["default"]) }

// Backend configures where Terraform stores its state.
type Backend struct {
	Type   string         `json:"type"`
	Config map[string]any `json:"config,omitempty"`
}

// TerraformOutput is a reference to an output of a Terraform document.
type TerraformOutput struct {
	Pos              Position
	Document, Output string
}

// Terraform returns the document with this name, or nil.
func (s *Stack) Terraform(name string) *Terraform {
	if i := slices.IndexFunc(s.Terraforms, func(t *Terraform) bool { return t.Name == name }); i >= 0 {
		return s.Terraforms[i]
	}
	return nil
}

// ReferredOutput returns the document and the output of ${terraform.NAME.OUTPUT}; ok is
// false for other expressions.
func ReferredOutput(expression string) (document, output string, ok bool) {
	rest, is := strings.CutPrefix(expression, "terraform.")
	document, output, two := strings.Cut(rest, ".")
	return document, output, is && two && output != ""
}

// OutputsOf returns the references to outputs of Terraform documents in a JSON value.
func OutputsOf(value any) (all []TerraformOutput) {
	EachReference(value, func(expression string) {
		if document, output, ok := ReferredOutput(expression); ok {
			all = append(all, TerraformOutput{Document: document, Output: output})
		}
	})
	return all
}

// WithoutTerraform removes documents, and everything in the stack that refers to their
// outputs: redirect URIs and the url of a Conformance document. Only these may refer to
// an optional document.
func (s *Stack) WithoutTerraform(leave func(*Terraform) bool) {
	gone := map[string]bool{}
	s.Terraforms = slices.DeleteFunc(slices.Clone(s.Terraforms), func(t *Terraform) bool {
		gone[t.Name] = leave(t)
		return gone[t.Name]
	})
	refers := func(text string) bool {
		return slices.ContainsFunc(OutputsOf(text), func(o TerraformOutput) bool { return gone[o.Document] })
	}
	for _, a := range s.Applications {
		for _, uris := range []*[]string{&a.Web.RedirectURIs, &a.SPA.RedirectURIs, &a.PublicClient.RedirectURIs} {
			*uris = slices.DeleteFunc(*uris, refers)
		}
	}
	for _, c := range s.Conformances {
		if refers(c.URL) {
			c.URL = ""
		}
	}
	s.TerraformOutputs = slices.DeleteFunc(s.TerraformOutputs, func(o TerraformOutput) bool { return gone[o.Document] })
}

// EachReference visits every ${expression} in a JSON value.
func EachReference(value any, visit func(expression string)) {
	eachText(value, "", func(_, text string) {
		for _, expression := range References(text) {
			visit(expression)
		}
	})
}
