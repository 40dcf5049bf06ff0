package terraform

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

//go:embed azure-function azure-web-app key-vault local-api
var builtIn embed.FS

// BuiltIn returns the names of the built-in modules.
func BuiltIn() []string {
	entries, err := builtIn.ReadDir(".")
	if err != nil {
		panic(err) // it is part of the program
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// Module describes the variables and outputs of a module.
type Module struct {
	Variables map[string]Variable
	Outputs   map[string]Output
	Providers []string // local names of the providers that it requires
}

// Variable is an input of a module.
type Variable struct {
	Description string
	Type        string
	Required    bool
	Sensitive   bool
	Default     any
	Line        int
}

// Output is an output of a module.
type Output struct {
	Description string
	Sensitive   bool
	Line        int
}

// ReadModule reads the module of a built-in name or a path. The program is not needed
// for it.
func ReadModule(module string) (Module, error) {
	var read *tfconfig.Module
	var problems tfconfig.Diagnostics
	if slices.Contains(BuiltIn(), module) {
		read, problems = tfconfig.LoadModuleFromFilesystem(tfconfig.WrapFS(builtIn), module)
	} else {
		read, problems = tfconfig.LoadModule(module)
	}
	if problems.HasErrors() {
		return Module{}, fmt.Errorf("module %s: %w", module, problems.Err())
	}
	m := Module{Variables: map[string]Variable{}, Outputs: map[string]Output{}}
	for name, v := range read.Variables {
		m.Variables[name] = Variable{Description: v.Description, Type: v.Type, Required: v.Required, Sensitive: v.Sensitive, Default: v.Default, Line: v.Pos.Line}
	}
	for name, o := range read.Outputs {
		m.Outputs[name] = Output{Description: o.Description, Sensitive: o.Sensitive, Line: o.Pos.Line}
	}
	m.Providers = slices.Sorted(maps.Keys(read.RequiredProviders))
	return m, nil
}

// Required returns the names of the variables that have no default.
func (m Module) Required() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m.Variables)) {
		if m.Variables[name].Required {
			all = append(all, name)
		}
	}
	return all
}

// unpack writes a built-in module to a folder and replaces the folder's content.
func unpack(module, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := builtIn.ReadDir(module)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".tf" {
			continue // tests and examples
		}
		raw, err := fs.ReadFile(builtIn, module+"/"+e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}
