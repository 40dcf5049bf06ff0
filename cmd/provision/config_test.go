package main

import (
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// TestEveryTypeOfSettingIsChecked: every type of flag is checked in variables and provision.yaml,
// or is text.
func TestEveryTypeOfSettingIsChecked(t *testing.T) {
	t.Parallel()
	types := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { types[f.Value.Type()] = true })
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit((&app{config: viper.New()}).root())
	if len(types) < 5 {
		t.Fatalf("only the types %v were found", types)
	}
	for name := range types {
		if _, checked := settingKinds[name]; !checked && !slices.Contains([]string{"string", "stringArray", "stringSlice"}, name) {
			t.Errorf("settings of type %s are not checked", name)
		}
	}
}
