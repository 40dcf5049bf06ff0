package main

import (
	"os/exec"
	"testing"

	"github.com/spf13/viper"
)

// TestAgainRepeatsNoFlag: a flag that the command line has is not added again.
func TestAgainRepeatsNoFlag(t *testing.T) {
	t.Parallel()
	a := &app{config: viper.New(), invocation: invocation{verb: "plan", where: []string{"stack"}, given: []string{"--install-terraform"}}}
	if got, want := a.again("--install-terraform", "--force"), program()+" plan stack --install-terraform --force"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCommandsInHintsAreQuoted: whatever the folder, the target and the state folder are
// called, a shell reads the command as it is meant.
func TestCommandsInHintsAreQuoted(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	for _, c := range []struct{ dir, target, state, want string }{
		{"manifests", "local", "", "apply|manifests|"},
		{"my stack", "staging", "", "apply|my stack|--target|staging|"},
		{"it's", "local", "$(touch x)`id`", "apply|it's|--state|$(touch x)`id`|"},
		{"a;b&c|d", "a\"b", "*", "apply|a;b&c|d|--target|a\"b|--state|*|"},
	} {
		a := &app{config: viper.New(), invocation: invocation{verb: "apply", where: []string{c.dir}, state: c.state}}
		a.config.Set("target", c.target)
		line := a.again()
		out, err := exec.Command("sh", "-c", "set -f; set -- "+line[len(program()):]+"; printf '%s|' \"$@\"").Output()
		if err != nil || string(out) != c.want {
			t.Errorf("%s is read as %q (%v), want %q", line, out, err, c.want)
		}
	}
}
