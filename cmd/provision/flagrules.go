package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// condition is a condition on the other flags, under which flags have no effect.
type condition struct {
	command string
	holds   func(a *app) bool
	flags   func() []string // without effect
	message string          // completes "--flag has no effect …"
	add     string          // the flag that gives them an effect, if there is one
}

// conditions lists the flags that a command would silently ignore.
var conditions = []condition{
	{command: "apply", holds: func(a *app) bool { return !a.config.GetBool("verify") },
		flags: func() []string { return flagNames(reportFlags) }, message: "without --verify", add: "--verify"},
	{command: "verify", holds: func(a *app) bool { return a.config.GetString("openapi") != "" },
		flags: func() []string {
			read := []string{"stack", "application", "openapi"}
			return slices.DeleteFunc(flagNames(verifyFlags), func(name string) bool { return slices.Contains(read, name) })
		}, message: "with --openapi, which sends no requests"},
	{command: "token", holds: func(a *app) bool { return a.config.GetString("app") != "" },
		flags:   func() []string { return []string{"client", "scope", "sign-in"} },
		message: "with --app: the token of an application contains its app roles, and no user signs in"},
	{command: "token", holds: func(a *app) bool { return a.config.GetBool("browser") },
		flags: func() []string { return []string{"sign-in"} }, message: "with --browser"},
	{command: "token", holds: func(a *app) bool { return a.config.GetBool("forget") },
		flags: func() []string {
			return []string{"app", "application", "browser", "client", "decode", "scope", "sign-in", "stack"}
		}, message: "with --forget, which gets no token"},
	{command: "destroy", holds: func(a *app) bool { return len(a.config.GetStringSlice("stack")) > 0 }, flags: func() []string { return flagNames(stageFlags) },
		message: "with --stack, which reads no manifests"},
	{command: "release", holds: func(a *app) bool { return len(a.config.GetStringSlice("stack")) > 0 }, flags: func() []string { return flagNames(stageFlags) },
		message: "with --stack, which reads no manifests"},
	{command: "destroy", holds: func(a *app) bool { return a.config.GetBool("plan") }, flags: func() []string { return []string{"yes"} },
		message: "with --plan, which deletes nothing"},
	{command: "gc", holds: func(a *app) bool { return a.config.GetBool("dry-run") }, flags: func() []string { return onlyDeletion },
		message: "with --dry-run, which deletes nothing"},
	{command: "import", holds: func(a *app) bool { return a.config.GetBool("all") }, flags: selections, message: "with --all"},
	{command: "export terraform", holds: func(a *app) bool { return a.config.GetBool("all") }, flags: selections, message: "with --all"},
	{command: "emulator", holds: func(a *app) bool { return a.config.GetString("env-file") == "" }, flags: func() []string { return []string{"overwrite"} },
		message: "without --env-file", add: "--env-file"},
	{command: "output", holds: func(a *app) bool { return a.config.GetBool("write") },
		flags:   func() []string { return []string{"application", "for-api", "format", "show-secrets", "stack"} },
		message: "with --write, which writes the files as their documents declare"},
	{command: "output", holds: func(a *app) bool { return !a.config.GetBool("write") },
		flags: func() []string { return slices.Concat(flagNames(writerFlags), flagNames(fileFlags)) }, message: "without --write", add: "--write"},
}

// alternatives are flags of which a command takes one. A flag of the command line wins over
// variables and provision.yaml, which may set the others for other commands.
var alternatives = map[string][]string{
	"token": {"user", "app", "browser"},
}

// preferGiven removes the settings of alternatives to a flag of the command line.
func (a *app) preferGiven(cmd *cobra.Command) {
	names := alternatives[cmd.Name()]
	if !slices.ContainsFunc(names, cmd.Flags().Changed) {
		return
	}
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); !f.Changed {
			a.ignoreSettings(f)
		}
	}
}

// flagNames returns the names of the flags that a function adds to a command.
func flagNames(add func(*cobra.Command)) (names []string) {
	c := &cobra.Command{}
	add(c)
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// checkFlags refuses flags of the command line that have no effect, and numbers and durations,
// also of variables and provision.yaml, that are out of range.
func (a *app) checkFlags(cmd *cobra.Command) error {
	a.preferGiven(cmd)
	for _, c := range conditions {
		if c.command != strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ") || !c.holds(a) {
			continue
		}
		for _, name := range c.flags() {
			switch {
			case !cmd.Flags().Changed(name):
			case c.add != "" && !a.hidden && !a.saved && cmd.Flags().Lookup(strings.TrimPrefix(c.add, "--")).Value.Type() == "bool":
				return hint(usagef("--%s has no effect %s", name, c.message), "leave it out, or add %s: `%s`", c.add, a.again(c.add))
			case c.add != "":
				return hint(usagef("--%s has no effect %s", name, c.message), "leave it out, or add %s", c.add)
			default:
				return hint(usagef("--%s has no effect %s", name, c.message), "leave it out")
			}
		}
	}
	var mistake error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if mistake == nil && f.Changed && slices.Contains(choosing, f.Name) && len(choice(f)) == 0 {
			mistake = hint(usagef("--%s is empty", f.Name), "state a value, or leave --%s out", f.Name)
		}
		if mistake == nil {
			mistake = checkRange(f, a.config.GetString(f.Name))
		}
	})
	return mistake
}

// choosing are the flags that choose a part of what a command is about. An empty value, such as that
// of a variable that is not set, would choose everything.
var choosing = []string{"app", "app-id", "application", "name", "only", "owner", "secret", "stack", "tag", "user"}

// choice returns the values of a flag without empty ones.
func choice(f *pflag.Flag) []string {
	values := []string{f.Value.String()}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		values = list.GetSlice()
	}
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}

// selections returns the flags that select registrations.
func selections() []string {
	names := flagNames(func(c *cobra.Command) { selectionFlags(c, "") })
	return slices.DeleteFunc(names, func(name string) bool { return name == "all" })
}

// smallest is the smallest permitted value of the numbers that cannot be 0.
var smallest = map[string]int64{"parallelism": 1}

// checkRange refuses a number or duration that its flag cannot have. checkTypes has refused
// other text.
func checkRange(f *pflag.Flag, value string) error {
	switch f.Value.Type() {
	case "duration":
		if d, err := time.ParseDuration(value); err == nil && d < 0 {
			return hint(usagef("--%s %s is negative", f.Name, value), "e.g. --%s %s", f.Name, strings.TrimPrefix(value, "-"))
		}
	case "int", "int64":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n < smallest[f.Name] {
			return hint(usagef("--%s %d is less than %d", f.Name, n, smallest[f.Name]), "leave --%s out for the default, %s", f.Name, f.DefValue)
		}
	}
	return nil
}
