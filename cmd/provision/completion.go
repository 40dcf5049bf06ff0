package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"provision/conformance/report"
	"provision/output"
	"provision/protected"
	"provision/reference-api/scenario"
	"provision/stack"
)

// values returns the possible values of a flag for shell completion. They come from the manifests
// of the folder on the command line.
var values = map[string]func(args []string) []string{
	"output":      func([]string) []string { return []string{"json", "text"} },
	"target":      func([]string) []string { return targets() },
	"format":      func([]string) []string { return output.Formats() },
	"from":        func([]string) []string { return readyMade() },
	"scenario":    func([]string) []string { return scenario.Names() },
	"quotas":      func([]string) []string { return []string{"large", "medium", "small"} },
	"stack":       func(args []string) []string { return stackNames(declared(args)) },
	"application": func(args []string) []string { return names(protected.APIs(declared(args)), protected.API.Name) },
	"user": func(args []string) []string {
		return each(args, func(s *stack.Stack) []string { return names(s.Users, func(u *stack.User) string { return u.Name }) })
	},
	"app":    applicationNames,
	"client": applicationNames,
	"secret": func(args []string) []string {
		return each(args, func(s *stack.Stack) (all []string) {
			for _, a := range s.Applications {
				for _, secret := range a.Secrets {
					all = append(all, rotation{s.Name, a.Name, s.UniqueName(a.Name), secret}.name())
				}
			}
			return all
		})
	},
}

// fileFlagNames are the flags whose value names a file or a folder.
var fileFlagNames = []string{"baseline", "ca", "env-file", "faults", "header", "openapi", "request-log", "state"}

func applicationNames(args []string) []string {
	return each(args, func(s *stack.Stack) []string {
		return names(s.Applications, func(a *stack.Application) string { return a.Name })
	})
}

// complete lets a shell complete the values of every command's flags, and
// folders.
func complete(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		find, directive := values[f.Name], cobra.ShellCompDirectiveNoFileComp
		if f.Name == "report" && f.Value.Type() != "bool" {
			find = func([]string) []string {
				return names(slices.Sorted(maps.Keys(report.Formats)), func(format string) string { return format + "=" })
			}
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		if find == nil && (slices.Contains(fileFlagNames, f.Name) || f.Value.Type() == "bool") {
			return // the shell offers files
		}
		if find == nil {
			find = func([]string) []string { return nil }
		}
		err := c.RegisterFlagCompletionFunc(f.Name, func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if strings.Contains(typed, "=") { // the file of --report FORMAT=FILE
				return nil, cobra.ShellCompDirectiveDefault
			}
			return slices.DeleteFunc(find(args), func(value string) bool { return !strings.HasPrefix(value, typed) }), directive
		})
		if err != nil {
			panic(err) // impossible: the flag exists and has no completion yet
		}
	})
	if c.ValidArgsFunction == nil && c.HasParent() {
		c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	for _, below := range c.Commands() {
		complete(below)
	}
}

// targets returns the local tenant and the targets of provision.yaml.
func targets() []string {
	all := []string{"local"}
	if raw, err := stack.ReadFile(configFile, maxInput); err == nil {
		if config, _ := stack.CheckConfig(configFile, raw, stack.ConfigSchema(nil)); config != nil {
			all = append(all, config.Targets()...)
		}
	}
	return all
}

// declared returns the stacks of the folder, or none if the manifests contain a mistake.
func declared(args []string) []*stack.Stack {
	stacks, err := stack.Load(directory(args), stack.Stage{})
	if err != nil {
		return nil
	}
	return stacks
}

func each(args []string, of func(*stack.Stack) []string) (all []string) {
	for _, s := range declared(args) {
		all = append(all, of(s)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func names[T any](list []T, name func(T) string) []string {
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = name(e)
	}
	return all
}
