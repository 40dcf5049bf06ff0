package main

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"provision/stack"
)

// configFile is read from the working directory.
const configFile = "provision.yaml"

// maxInput is more than any file has that is read for a flag.
const maxInput = 64 << 20

// configure joins flags, PROVISION_* variables and provision.yaml, in this
// order of precedence.
func (a *app) configure(cmd *cobra.Command) error {
	a.config.SetEnvPrefix("PROVISION")
	a.config.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	a.config.AutomaticEnv()
	if err := a.config.BindPFlags(cmd.Flags()); err != nil {
		return err
	}
	return a.readConfig(cmd.Root())
}

// readConfig reads provision.yaml, where there is one. It is read by its whole
// name: a search would also find the program itself, as `go build` leaves it here.
func (a *app) readConfig(root *cobra.Command) error {
	raw, err := stack.ReadFile(configFile, maxInput)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("%s: %w", configFile, err)
	}
	file, mistakes := stack.CheckConfig(configFile, raw, configSchema(root))
	if len(mistakes) > 0 {
		return mistakes
	}
	a.file = file
	a.config.SetConfigType("yaml")
	if err := a.config.ReadConfig(bytes.NewReader(raw)); err != nil {
		return usagef("%s: %w", configFile, err)
	}
	return nil
}

// configSchema is the schema of provision.yaml: every flag is a setting.
func configSchema(root *cobra.Command) []byte {
	settings := map[string]map[string]any{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		add := func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			setting := settings[f.Name]
			if setting == nil {
				setting = map[string]any{"type": []string{}, "description": f.Usage}
				settings[f.Name] = setting
			}
			types := append(setting["type"].([]string), settingTypes(f.Value.Type())...)
			slices.Sort(types)
			setting["type"] = slices.Compact(types)
			if slices.Contains(types, "array") {
				setting["items"] = map[string]any{"type": []string{"string", "number", "boolean"}}
			}
		}
		c.LocalFlags().VisitAll(add)
		for _, below := range c.Commands() {
			if below.Name() != "completion" && below.Name() != "help" {
				visit(below)
			}
		}
	}
	visit(root)
	return stack.ConfigSchema(settings)
}

// settingTypes are how YAML writes a flag's value.
func settingTypes(flag string) []string {
	switch flag {
	case "bool":
		return []string{"boolean"}
	case "stringSlice", "stringArray":
		return []string{"array", "string"}
	}
	return []string{"number", "string"}
}
