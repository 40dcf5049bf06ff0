package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"provision/internal/display"
	"provision/stack"
)

// variables are the names of PROVISION_* variables that are no settings.
var variables = []string{"CLOUD", "FROM", "HELP", "HINT_PREFIX", "MANAGEMENT_KEY", "MANAGEMENT_URL", "MANIFESTS", "PORTS", "STACK", "VERSION"}

// misspeltVariables returns a warning for each PROVISION_* variable that differs from a setting in
// one letter. It is no error, because the variable can belong to another program.
func misspeltVariables(root *cobra.Command, environment []string) (warnings []string) {
	var known []string
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				known = append(known, strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")))
			})
		}
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(root)
	for _, variable := range slices.Sorted(slices.Values(environment)) {
		variable, value, _ := strings.Cut(variable, "=")
		name, ours := strings.CutPrefix(variable, "PROVISION_")
		if !ours || value == "" || slices.Contains(known, name) || slices.Contains(variables, name) ||
			slices.ContainsFunc([]string{"PARAMETER_", "SECRET_", "PASSWORD_", "TEST_"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			continue
		}
		if i := slices.IndexFunc(known, func(setting string) bool { return oneLetterFrom(name, setting) }); i >= 0 {
			warnings = append(warnings, fmt.Sprintf("variable %s has no effect; did you mean PROVISION_%s?", display.Line(variable), known[i]))
		}
	}
	return warnings
}

// oneLetterFrom reports whether a name of at least five letters differs from a setting in one letter
// that is missing, surplus or another, or in two neighbouring letters. A plural is another name.
func oneLetterFrom(name, setting string) bool {
	if min(len(name), len(setting)) < 5 || name == setting+"S" {
		return false
	}
	for i := range len(name) - 1 {
		if name[:i]+name[i+1:i+2]+name[i:i+1]+name[i+2:] == setting {
			return true
		}
	}
	return stack.Distance(name, setting) == 1
}
