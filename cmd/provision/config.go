package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

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
	if err := a.readConfig(cmd.Root()); err != nil {
		return err
	}
	return a.checkTypes(cmd)
}

// checkTypes refuses settings of the environment and of provision.yaml that the flag of the
// same name would refuse. The configuration itself reads such a value as zero, and a number
// without a unit as nanoseconds.
func (a *app) checkTypes(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || err != nil || otherType(cmd.Root(), f) {
			return
		}
		variable := "PROVISION_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		from, text := variable, os.Getenv(variable)
		if text == "" {
			if !a.config.InConfig(f.Name) {
				return
			}
			from, text = configFile+": "+f.Name, a.config.GetString(f.Name)
		}
		var example string
		var wrong error
		switch f.Value.Type() {
		case "duration":
			_, wrong = time.ParseDuration(text)
			example = "write a number with a unit, e.g. 30s or 5m"
		case "bool":
			_, wrong = strconv.ParseBool(text)
			example = "write true or false"
		case "int":
			_, wrong = strconv.Atoi(text)
			example = "write a number"
		}
		if wrong != nil {
			err = hint(usagef("%s: %q is not a value of --%s", from, text, f.Name), "%s", example)
		}
	})
	return err
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

// otherType tells whether a command has a flag of the same name and another type. A setting of
// this name can be meant for that command.
func otherType(c *cobra.Command, flag *pflag.Flag) bool {
	if f := c.LocalFlags().Lookup(flag.Name); f != nil && f.Value.Type() != flag.Value.Type() {
		return true
	}
	return slices.ContainsFunc(c.Commands(), func(below *cobra.Command) bool { return otherType(below, flag) })
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

// settingTypes returns the YAML types of a flag's value.
func settingTypes(flag string) []string {
	switch flag {
	case "bool":
		return []string{"boolean"}
	case "stringSlice", "stringArray":
		return []string{"array", "string"}
	}
	return []string{"number", "string"}
}
