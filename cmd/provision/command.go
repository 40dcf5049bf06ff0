package main

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// invocation is what the command line says beside its flags, for commands that
// are offered to be tried next.
type invocation struct {
	verb  string   // of the command that runs, e.g. "apply"
	where []string // the folder, or --stack NAME
}

// invoked remembers what runs.
func (a *app) invoked(cmd *cobra.Command, args []string) {
	a.verb, a.where = cmd.Name(), nil
	if parent := cmd.Parent(); parent != nil && parent.Name() == "completion" {
		a.answered = true // a script for a shell, and no result
	}
	if slices.Contains([]string{"apply", "destroy", "output", "plan", "rotate", "serve", "token", "validate", "verify"}, a.verb) {
		a.where = []string{directory(args)}
	}
}

// command is a command line to try, about the same folder and the same target as
// the one that runs, quoted for a shell.
func (a *app) command(verb string, args ...string) string {
	return a.commandAt(a.where, verb, args...)
}

// commandAt is command about another folder or stack, or none.
func (a *app) commandAt(where []string, verb string, args ...string) string {
	words := slices.Concat([]string{verb}, where, args)
	if target := a.config.GetString("target"); target != "" && target != "local" {
		words = append(words, "--target", target)
	}
	if state := a.config.GetString("state"); state != "" {
		words = append(words, "--state", state)
	}
	for i, word := range words {
		words[i] = shellQuote(word)
	}
	return program() + " " + strings.Join(words, " ")
}

func (a *app) destroyCommand(stack string) string {
	return a.commandAt([]string{"--stack", stack}, "destroy")
}

// again is the command that runs, with more flags.
func (a *app) again(flags ...string) string { return a.command(a.verb, flags...) }

// program is how this program was started, for commands to try.
func program() string {
	if exe, err := os.Executable(); err == nil && strings.Contains(exe, "go-build") {
		return "go run ./cmd/provision"
	}
	return "provision"
}

// plainWord means itself to every shell.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// shellQuote is a word as a POSIX shell reads it.
func shellQuote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
