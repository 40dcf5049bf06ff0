package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Configuration is a call of a module.
type Configuration struct {
	Module    string         // a built-in name, or the absolute path of a folder
	Variables map[string]any // JSON, in which a leaf may be a Text

	Backend       string         // "": a file in the workspace
	BackendConfig map[string]any // the arguments of its block
	Workspace     string         // Terraform's; "": the default one

	Needs []string // other workspaces whose outputs the variables contain; recorded for the order of a destroy
}

// Text is a string of parts.
type Text []Part

// Part is a piece of a Text.
type Part struct {
	Literal string
	Unknown bool // a value that will be known only later
	Secret  bool // Literal must not be shown
}

const (
	call       = "hosting" // the name of the module call
	callPrefix = "module." + call + "."
	unknown    = "unknown" // the terraform_data whose id is not known yet
	later      = "${terraform_data." + unknown + ".id}"

	rootFile    = "main.tf.json"
	secretsFile = "secrets.auto.tfvars.json"
	stateFile   = "terraform.tfstate"
	planFile    = "plan.tfplan"
	moduleDir   = "module"
)

// write puts the root module and the values of its secrets into a folder.
func (c Configuration) write(dir string) error {
	source := "./" + moduleDir
	if slices.Contains(BuiltIn(), c.Module) {
		if err := unpack(c.Module, filepath.Join(dir, moduleDir)); err != nil {
			return err
		}
	} else {
		relative, err := filepath.Rel(dir, c.Module)
		if err != nil {
			return err
		}
		source = filepath.ToSlash(relative)
		if !strings.HasPrefix(source, ".") {
			source = "./" + source
		}
	}
	module, err := ReadModule(c.Module)
	if err != nil {
		return err
	}
	root, secrets := c.root(module, source)
	for name, content := range map[string]any{rootFile: root, secretsFile: secrets} {
		raw, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		if err := replacePrivate(filepath.Join(dir, name), append(raw, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// root is the root module, and the values of its variables, which are secrets.
func (c Configuration) root(module Module, source string) (root, secrets map[string]any) {
	w := &writer{secrets: map[string]any{}}
	arguments := map[string]any{"source": source}
	for _, name := range slices.Sorted(maps.Keys(c.Variables)) {
		if _, takes := module.Variables[name]; takes {
			arguments[name] = w.value(c.Variables[name])
		}
	}
	backend := map[string]any{"local": map[string]any{"path": stateFile}}
	if c.Backend != "" {
		backend = map[string]any{c.Backend: w.value(orEmpty(c.BackendConfig))}
	}
	root = map[string]any{"terraform": map[string]any{"backend": backend}, "module": map[string]any{call: arguments}}
	if slices.Contains(module.Providers, "azurerm") {
		// The provider requires the block, and a module inherits it from the root.
		root["provider"] = map[string]any{"azurerm": map[string]any{"features": map[string]any{}}}
	}
	outputs := map[string]any{}
	for name, o := range module.Outputs {
		output := map[string]any{"value": "${" + callPrefix + name + "}"}
		if o.Sensitive {
			output["sensitive"] = true
		}
		outputs[name] = output
	}
	if len(outputs) > 0 {
		root["output"] = outputs
	}
	if len(w.secrets) > 0 {
		variables := map[string]any{}
		for name := range w.secrets {
			variables[name] = map[string]any{"type": "string", "sensitive": true, "default": ""}
		}
		root["variable"] = variables
	}
	if w.unknown {
		root["resource"] = map[string]any{"terraform_data": map[string]any{unknown: map[string]any{}}}
	}
	return root, w.secrets
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// writer converts values to arguments of Terraform's JSON syntax, in which every string
// is a template.
type writer struct {
	secrets map[string]any // by the name of the variable that contains it
	unknown bool
}

func (w *writer) value(v any) any {
	switch v := v.(type) {
	case string:
		return literal(v)
	case Text:
		return w.text(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = w.value(e)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[literal(k)] = w.value(e)
		}
		return m
	}
	return v
}

func (w *writer) text(t Text) string {
	var b strings.Builder
	for _, p := range t {
		switch {
		case p.Unknown:
			w.unknown = true
			b.WriteString(later)
		case p.Secret:
			name := fmt.Sprintf("secret_%d", len(w.secrets))
			w.secrets[name] = p.Literal
			b.WriteString("${var." + name + "}")
		default:
			b.WriteString(literal(p.Literal))
		}
	}
	return b.String()
}

// literal escapes the beginnings of interpolations and directives of a template.
func literal(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
}

// replacePrivate replaces a file with one that only its owner can read.
func replacePrivate(file string, content []byte) error {
	tmp := file + ".tmp"
	if err := os.WriteFile(tmp, content, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}
