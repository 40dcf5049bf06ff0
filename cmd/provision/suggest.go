package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"provision/stack"
)

// otherCommands are the names that other programs, such as Terraform and kubectl, have for a command.
var otherCommands = map[string]string{
	"adopt": "import", "create": "apply", "delete": "destroy", "deploy": "apply", "describe": "status", "diff": "plan", "down": "destroy",
	"get": "status", "lint": "check", "list": "status", "ls": "status", "new": "init", "preview": "plan", "remove": "destroy", "rm": "destroy",
	"run": "exec", "show": "status", "start": "emulator", "state": "status", "sync": "apply", "test": "verify", "up": "apply",
}

// unknownCommand is the error for the name of a command that does not exist.
func unknownCommand(root *cobra.Command, name string) error {
	if near := nearestCommand(root, name); near != "" {
		return hint(usagef("unknown command %q", name), "did you mean `provision %s`?", near)
	}
	return hint(usagef("unknown command %q", name), "see `provision --help`")
}

// nearestCommand returns the command that other programs call name, whose name begins with it, or
// whose name is the most similar one.
func nearestCommand(parent *cobra.Command, name string) string {
	var known, begun []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
			if len(name) > 1 && strings.HasPrefix(c.Name(), strings.ToLower(name)) {
				begun = append(begun, c.Name())
			}
		}
	}
	if other := otherCommands[strings.ToLower(name)]; slices.Contains(known, other) {
		return other
	}
	if len(begun) == 1 {
		return begun[0]
	}
	return stack.Nearest(name, known)
}

// otherFlags are the names that other commands or programs have for a flag.
var otherFlags = map[string]string{
	"plan": "dry-run", "dry-run": "plan", "auto-approve": "yes", "context": "target", "var": "set", "out-file": "out", "json": "output", "format": "output",
	"port": "listen", "address": "listen", "host": "listen",
}

// flagHint returns the hint for a flag that the command does not have.
func flagHint(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	help := fmt.Sprintf("see `%s --help`", cmd.CommandPath())
	// Terraform writes a long flag with one hyphen.
	name, _, _ := strings.Cut(cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName()), "=")
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	near := otherFlags[name]
	if !slices.Contains(known, near) {
		near = stack.Nearest(name, append([]string{"dry-run", "json", "filename"}, known...))
	}
	switch {
	case near == "":
	case name == "json" || near == "json" || name == "format" && near == "output":
		return "did you mean -o json? " + help
	case slices.Contains(known, near):
		return fmt.Sprintf("did you mean --%s? %s", near, help)
	case near == "dry-run" && cmd.Name() == "plan":
		return "plan changes nothing: run it without --" + name
	case near == "dry-run":
		return "`provision plan` shows the changes and makes none; " + help
	}
	if takesFolder := strings.Contains(cmd.Use, "[DIR"); takesFolder && (slices.Contains([]string{"f", "file"}, name) || near == "filename") {
		return fmt.Sprintf("manifests are read from a folder: `%s DIR`", cmd.CommandPath())
	} else if takesFolder && name == "stack" {
		return fmt.Sprintf("name the folder of the stack: `%s DIR`", cmd.CommandPath())
	}
	return help
}

// unknownFlag returns err as the error for a flag that does not exist, or nil if it is another one.
func unknownFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return nil
	}
	return hint(usage{err}, "%s", flagHint(cmd, unknown))
}
