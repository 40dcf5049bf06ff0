package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/viper"
)

// TestHintsOfUnknownCommands: the hint names a command with a similar name, or the command to which a
// name in other programs corresponds. It does not name a command only because its name is short.
func TestHintsOfUnknownCommands(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"pln": "did you mean `provision plan`?", "plna": "did you mean `provision plan`?", "VERIFI": "did you mean `provision verify`?", "emul": "did you mean `provision emulator`?",
		"adopt": "did you mean `provision import`?", "diff": "did you mean `provision plan`?", "delete": "did you mean `provision destroy`?", "get": "did you mean `provision status`?",
		"mv": "see `provision --help`", "xy": "see `provision --help`", "workspace": "see `provision --help`", "e": "see `provision --help`",
		"export terrafrm": "did you mean `provision export terraform`?",
		"ci bootstrp":     "did you mean `provision ci bootstrap`?",
		"ci delete":       "see `provision ci --help`",
		"export xyzzy":    "see `provision export --help`",
	} {
		a := &app{config: viper.New()}
		group, word, sub := strings.Cut(typed, " ")
		root := a.root()
		err := unknownCommand(root, typed)
		if sub {
			cmd, _, findErr := root.Find([]string{group})
			if findErr != nil {
				t.Fatal(findErr)
			}
			err = cmd.Args(cmd, []string{word})
		}
		var with hinted
		if !errors.As(err, &with) || with.hint != want {
			t.Errorf("%s: the error is %#v, want the hint %q", typed, err, want)
		}
	}
	root := (&app{config: viper.New()}).root()
	for other, name := range otherCommands {
		if c, _, err := root.Find([]string{other}); err == nil && c != root {
			t.Errorf("%s is a command", other)
		}
		if c, _, err := root.Find([]string{name}); err != nil || c == root {
			t.Errorf("%s is not a command", name)
		}
	}
}

// TestHintsOfUnknownFlags: the hint names a flag with a similar name, or the equivalent of a flag of
// another program.
func TestHintsOfUnknownFlags(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"plan --taregt=x":       "did you mean --target? see `provision plan --help`",
		"plan -target=x":        "did you mean --target? see `provision plan --help`",
		"plan --out-file=x":     "did you mean --out? see `provision plan --help`",
		"plan --var=a=b":        "did you mean --set? see `provision plan --help`",
		"plan --json":           "did you mean -o json? see `provision plan --help`",
		"plan --josn":           "did you mean -o json? see `provision plan --help`",
		"status --format=json":  "did you mean -o json? see `provision status --help`",
		"apply --auto-approve":  "did you mean --yes? see `provision apply --help`",
		"apply -auto-approve":   "did you mean --yes? see `provision apply --help`",
		"apply --dry-run":       "`provision plan` shows the changes and makes none; see `provision apply --help`",
		"apply --dryrun":        "`provision plan` shows the changes and makes none; see `provision apply --help`",
		"plan --dry-run":        "plan changes nothing: run it without --dry-run",
		"destroy --dry-run":     "did you mean --plan? see `provision destroy --help`",
		"serve --port=1":        "did you mean --listen? see `provision serve --help`",
		"emulator --port=1":     "did you mean --listen? see `provision emulator --help`",
		"status --stack=a":      "name the folder of the stack: `provision status DIR`",
		"gc --plan":             "did you mean --dry-run? see `provision gc --help`",
		"apply -f=x":            "manifests are read from a folder: `provision apply DIR`",
		"apply --filename=x":    "manifests are read from a folder: `provision apply DIR`",
		"apply --force-conflic": "see `provision apply --help`",
		"apply -n=x":            "see `provision apply --help`",
		"gc -f":                 "see `provision gc --help`",
	} {
		root := (&app{config: viper.New()}).root()
		name, flag, _ := strings.Cut(typed, " ")
		cmd, _, err := root.Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		err = root.FlagErrorFunc()(cmd, cmd.ParseFlags([]string{flag}))
		var with hinted
		if !errors.As(err, &with) || !errors.As(err, new(usage)) || with.hint != want {
			t.Errorf("%s: the error is %#v, want the hint %q", typed, err, want)
		}
	}
}
