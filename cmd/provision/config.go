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

// maxInput is larger than any file that a flag names.
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
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, only := f.Annotations[onlyFlag]; only && !f.Changed {
			a.ignoreSettings(f)
		}
	})
	for _, warning := range misspeltVariables(cmd.Root(), os.Environ()) {
		a.say("warning: %s", warning)
	}
	return a.checkTypes(cmd)
}

// checkTypes refuses settings of the environment and of provision.yaml that the flag of the
// same name would refuse. The configuration itself reads such a value as zero, and a number
// without a unit as nanoseconds.
func (a *app) checkTypes(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || err != nil || !isSetting(f) || otherType(cmd.Root(), f) {
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
		kind, checked := settingKinds[f.Value.Type()]
		if !checked {
			return // text
		}
		if kind.parse(text) != nil {
			err = hint(usagef("%s: %q is not a value of --%s", from, text, f.Name), "%s", kind.example)
		}
	})
	return err
}

// settingKinds are the types of flags whose values are more than text.
var settingKinds = map[string]struct {
	parse   func(text string) error
	example string
}{
	"duration": {func(text string) error { _, err := time.ParseDuration(text); return err }, "write a number with a unit, e.g. 30s or 5m"},
	"bool":     {func(text string) error { _, err := strconv.ParseBool(text); return err }, "write true or false"},
	"int":      {func(text string) error { _, err := strconv.Atoi(text); return err }, "write a number"},
	"int64":    {func(text string) error { _, err := strconv.ParseInt(text, 10, 64); return err }, "write a number"},
}

// onlyFlag is the annotation of a flag that variables and provision.yaml do not set.
const onlyFlag = "provision-only-flag"

// noSettings marks flags of c that a command reads from its command line only.
func noSettings(c *cobra.Command, names ...string) {
	for _, name := range names {
		if err := c.Flags().SetAnnotation(name, onlyFlag, nil); err != nil {
			panic(err) // the flag is the command's own
		}
	}
}

// ignoreSettings gives a flag that the command line does not set its default, whatever variables and
// provision.yaml contain.
func (a *app) ignoreSettings(f *pflag.Flag) {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		a.config.Set(f.Name, list.GetSlice())
		return
	}
	a.config.Set(f.Name, f.Value.String())
}

// isSetting reports whether variables and provision.yaml can set a flag.
func isSetting(f *pflag.Flag) bool {
	_, only := f.Annotations[onlyFlag]
	return !only && f.Name != "help" && f.Name != "version" // the flags of cobra
}

// readConfig reads provision.yaml, if there is one. It is read by its whole name: a
// search would also find the program itself, as `go build` leaves it here.
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

// otherType reports whether a command has a flag of the same name and another type. A setting of
// this name can be meant for that command.
func otherType(c *cobra.Command, flag *pflag.Flag) bool {
	if f := c.LocalFlags().Lookup(flag.Name); f != nil && f.Value.Type() != flag.Value.Type() {
		return true
	}
	return slices.ContainsFunc(c.Commands(), func(below *cobra.Command) bool { return otherType(below, flag) })
}

// configSchema returns the schema of provision.yaml: every flag is a setting.
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
