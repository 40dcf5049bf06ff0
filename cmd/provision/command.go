package main

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"provision/internal/display"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// invocation is the command line without its flags. It is used for commands in hints.
type invocation struct {
	verb  string   // of the command that runs, e.g. "apply"
	where []string // the folder, or --stack NAME
	given []string // the flags of the command alone, e.g. --no-purge
	state string   // --state; a setting of the environment also applies to the next command
	saved bool     // the argument is a plan, which contains the values for the manifests

	whole []string // the words of a command that does more than apply its folder, e.g. ci bootstrap

	hidden bool // a flag has a value that hints do not repeat
}

// manifestVerbs are the commands that read the stacks of a folder.
var manifestVerbs = []string{"apply", "destroy", "doctor", "output", "plan", "release", "rotate", "serve", "token", "validate", "verify"}

// invoked stores the running command.
func (a *app) invoked(cmd *cobra.Command, args []string) {
	a.verb, a.where, a.given = cmd.Name(), nil, givenFlags(cmd)
	a.hidden = cmd.Flags().Changed("header") || slices.ContainsFunc(a.given, func(word string) bool { return maskCredentials(word) != word })
	if flag := cmd.Flag("state"); flag != nil && flag.Changed {
		a.state = flag.Value.String()
	}
	if parent := cmd.Parent(); parent != nil && parent.Name() == "completion" {
		a.answered = true // a script for a shell, and no result
	}
	if slices.Contains(manifestVerbs, a.verb) {
		a.where = []string{directory(args)}
		a.saved = a.verb == "apply" && isPlanFile(directory(args))
	}
}

// command returns a command line for a hint, with the folder and the target of the
// current command, quoted for a shell.
func (a *app) command(verb string, args ...string) string {
	if a.saved && a.reviewed == nil {
		return a.commandAt(a.where, verb, args...)
	}
	return a.commandAt(a.where, verb, append(a.stageArgs(), args...)...)
}

// stageArgs returns the flags of this run that set values for the manifests.
func (a *app) stageArgs() (args []string) {
	set, suffix := a.setParameters(), a.suffix()
	for _, p := range set {
		if !p.Environment || a.reviewed != nil {
			args = append(args, "--set", p.Name+"="+p.Value)
		}
	}
	if suffix != "" {
		args = append(args, "--suffix", suffix)
	}
	return args
}

// commandAt is command about another folder or stack, or none.
func (a *app) commandAt(where []string, verb string, args ...string) string {
	return a.commandOn(a.config.GetString("target"), where, verb, args...)
}

// commandOn is commandAt for another target. Every command line that provision shows comes from
// here, and none contains the user name or password of a URL.
func (a *app) commandOn(target string, where []string, verb string, args ...string) string {
	words := slices.Concat([]string{verb}, where, args)
	if target != "" && target != "local" {
		words = append(words, "--target", target)
	}
	if a.state != "" {
		words = append(words, "--state", a.state)
	}
	for i, word := range words {
		words[i] = display.ShellQuote(maskCredentials(word))
	}
	command := program() + " " + strings.Join(words, " ")
	if prefix := os.Getenv(hintPrefix); prefix != "" && target != "" && target != "local" {
		return prefix + " " + command
	}
	return command
}

// hintPrefix is the variable in which `provision exec` tells its child how it was started. A command in a hint that uses a
// real target then begins with it: without exec, the command would reach Microsoft's hosts.
const hintPrefix = "PROVISION_HINT_PREFIX"

// address matches a URL. The scheme can be missing in front of a user name and a password.
var address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://\S+|^[^\s/@:]+:(/?[^\s/]\S*)?@\S+`)

// userinfo matches the user name and password of a URL, also those with characters that a URL
// must encode.
var userinfo = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://)?\S*@`)

// maskCredentials replaces the user name and password of URLs.
func maskCredentials(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string {
		if u, err := url.Parse(found); err == nil && u.Host != "" && u.User == nil {
			return found // an @ of its path
		}
		return userinfo.ReplaceAllString(found, "${1}[masked]@")
	})
}

func (a *app) destroyCommand(stack string) string {
	return a.commandAt([]string{"--stack", stack}, "destroy")
}

// again returns the command that runs, with its flags and the flags that it does not have yet.
func (a *app) again(flags ...string) string {
	more := slices.DeleteFunc(slices.Clone(flags), func(flag string) bool { return slices.Contains(a.given, flag) })
	if a.whole != nil {
		return a.commandAt(nil, a.whole[0], slices.Concat(a.whole[1:], a.given, more)...)
	}
	return a.command(a.verb, slices.Concat(a.given, more)...)
}

// instead is again with another value of a flag.
func (a *app) instead(flag, value string) string {
	args := slices.Clone(a.given)
	if i := slices.Index(args, "--"+flag); i >= 0 {
		args = slices.Delete(args, i, i+2)
	}
	return a.command(a.verb, append(args, "--"+flag, value)...)
}

// givenFlags returns the flags of the command line that only cmd has. It omits --stack, which
// commands add themselves, the flags of stageArgs, and --header, which can contain a secret.
func givenFlags(cmd *cobra.Command) (flags []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if cmd.InheritedFlags().Lookup(f.Name) != nil || f.Name == "header" || f.Name == "set" || f.Name == "suffix" || f.Name == "stack" && cmd.Name() == "destroy" {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			switch {
			case f.Value.Type() == "duration":
				flags = append(flags, "--"+f.Name, shortDuration(value))
			case f.Value.Type() != "bool":
				flags = append(flags, "--"+f.Name, value)
			case value == "true":
				flags = append(flags, "--"+f.Name)
			default:
				flags = append(flags, "--"+f.Name+"="+value)
			}
		}
	})
	return flags
}

// shortDuration returns a duration as people write it: 3m for 3m0s.
func shortDuration(text string) string {
	if text == "0s" {
		return "0"
	}
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}

// program returns the name with which this program was started, for commands in hints.
func program() string {
	if exe, err := os.Executable(); err == nil && strings.Contains(exe, "go-build") {
		return "go run ./cmd/provision"
	}
	return "provision"
}
