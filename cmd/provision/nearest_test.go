package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/viper"
)

// TestMisspelledSubcommandHasAHint: a command group suggests the subcommand with the most similar
// name.
func TestMisspelledSubcommandHasAHint(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"export terrafrm": "did you mean `provision export terraform`?",
		"ci bootstrp":     "did you mean `provision ci bootstrap`?",
		"export xyzzy":    "see `provision export --help`",
	} {
		a := &app{config: viper.New()}
		group, word, _ := strings.Cut(typed, " ")
		cmd, _, err := a.root().Find([]string{group})
		if err != nil {
			t.Fatal(err)
		}
		err = cmd.Args(cmd, []string{word})
		var with hinted
		if !errors.As(err, &with) || with.hint != want {
			t.Errorf("%s: the error is %#v, want the hint %q", typed, err, want)
		}
	}
}
