package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"provision/internal/display"

	"github.com/spf13/viper"
)

// TestAgainRepeatsNoFlag: a flag that the command line already has is not added again.
func TestAgainRepeatsNoFlag(t *testing.T) {
	t.Parallel()
	a := &app{config: viper.New(), invocation: invocation{verb: "plan", where: []string{"stack"}, given: []string{"--install-terraform"}}}
	if got, want := a.again("--install-terraform", "--force"), program()+" plan stack --install-terraform --force"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestAgainOfAWholeCommand: ci bootstrap applies a folder and does more, so only all of its words run
// it again.
func TestAgainOfAWholeCommand(t *testing.T) {
	t.Parallel()
	a := &app{config: viper.New(), invocation: invocation{verb: "apply", where: []string{"deployer/staging"}, whole: []string{"ci", "bootstrap", "github", "contoso/orders"}, given: []string{"--branch", "main"}}}
	a.config.Set("target", "staging")
	if got, want := a.again("--yes"), program()+" ci bootstrap github contoso/orders --branch main --yes --target staging"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := a.command("plan"), program()+" plan deployer/staging --target staging"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCommandsInHintsAreQuoted: a shell reads the commands in hints correctly, whatever the names
// of the folder, the target and the state folder contain.
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

// TestCommandsContainNoPassword: a command line for a hint or a report masks the user name and
// password of a URL, wherever the URL is.
func TestCommandsContainNoPassword(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"https://ada:hunter2@api.example/v1":           "https://[masked]@api.example/v1",
		"https://ada:hunter2@":                         "https://[masked]@",
		"https://hunter2@api.example":                  "https://[masked]@api.example",
		"https://ada:hunter2@extra@api.example":        "https://[masked]@api.example",
		"https://ada:hunter2/x@api.example":            "https://[masked]@api.example",
		"https://ada:hunter2?x#y@api.example":          "https://[masked]@api.example",
		"socks5://ada:hunter2@proxy.example:1080":      "socks5://[masked]@proxy.example:1080",
		"ada:hunter2@api.example":                      "[masked]@api.example",
		"ada:hunter2/x@api.example":                    "[masked]@api.example",
		"origin=https://ada:hunter2@api.example":       "origin=https://[masked]@api.example",
		"https://api.example:8443/@me":                 "https://api.example:8443/@me",
		"origin=https://api.example/users/@me":         "origin=https://api.example/users/@me",
		"GET /users/@me: no-token":                     "GET /users/@me: no-token",
		"user:ada@contoso.example and more":            "[masked]@contoso.example and more",
		"ada@contoso.example":                          "ada@contoso.example",
		"junit=results.xml":                            "junit=results.xml",
		"api://00000000-0000-0000-0000-000000000000/x": "api://00000000-0000-0000-0000-000000000000/x",
	} {
		a := &app{config: viper.New(), invocation: invocation{verb: "verify", given: []string{"--url", word}}}
		if got, want := a.again(), program()+" verify --url "+display.ShellQuote(want); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestShortDuration: durations in hints are as people write them, and mean the same.
func TestShortDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"0s": "0", "30s": "30s", "10s": "10s", "3m0s": "3m", "1m30s": "1m30s", "2h0m0s": "2h", "2h10m0s": "2h10m", "1h0m5s": "1h0m5s", "10m0s": "10m", "500ms": "500ms"} {
		got := shortDuration(text)
		before, _ := time.ParseDuration(text)
		after, err := time.ParseDuration(got)
		if got != want || err != nil || before != after {
			t.Errorf("%s becomes %s (%v), want %s", text, got, err, want)
		}
	}
}

// TestInstead: a flag has one value in the command, the new one.
func TestInstead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given []string
		want  string
	}{
		{nil, " plan stack --lock-timeout 10m"},
		{[]string{"--lock-timeout", "0"}, " plan stack --lock-timeout 10m"},
		{[]string{"--yes", "--lock-timeout", "3m", "--only", "a/b"}, " plan stack --yes --only a/b --lock-timeout 10m"},
	} {
		a := &app{config: viper.New(), invocation: invocation{verb: "plan", where: []string{"stack"}, given: c.given}}
		if got := a.instead("lock-timeout", "10m"); got != program()+c.want {
			t.Errorf("got %s, want %s", got, program()+c.want)
		}
	}
}

// TestGivenFlags: a hint repeats the flags of the command itself, and neither secrets nor what
// commands add themselves.
func TestGivenFlags(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"apply --yes --verify --wait 90s --url http://h":                         "--url http://h --verify --wait 1m30s --yes",
		"apply --only s/a --only s/b --only s/c":                                 "--only s/a --only s/b --only s/c",
		"apply --verify=false --hosting":                                         "--hosting --verify=false",
		"apply --verify --header X:hidden --set a=b --suffix pr-1 --target prod": "--verify",
		"destroy --stack s --no-purge":                                           "--no-purge",
		"verify --stack s --only *aud* --parallelism 3":                          "--only *aud* --stack s",
	} {
		words := strings.Fields(line)
		cmd, _, err := (&app{config: viper.New()}).root().Find(words[:1])
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.ParseFlags(words[1:]) // a flag that the command does not have ends the reading
		if got := strings.Join(givenFlags(cmd), " "); got != want {
			t.Errorf("%s repeats %s, want %s", line, got, want)
		}
	}
}
