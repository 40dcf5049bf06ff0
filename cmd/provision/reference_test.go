package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// TestCommandReference compares docs/commands.md with the commands. UPDATE=1 writes the page.
func TestCommandReference(t *testing.T) {
	t.Parallel()
	const page = "../../docs/commands.md"
	root := (&app{config: viper.New()}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nThis page lists every command and flag of `provision` and the exit codes, for anyone who\nruns it in a shell or in CI. It is generated from the commands; `provision COMMAND --help`\nprints the same text.\n\n%s\n\n", root.Long)
	b.WriteString("| exit code | meaning |\n|---|---|\n" +
		"| 0 | success |\n| 1 | the command failed |\n" +
		"| 2 | bad usage or bad input; nothing was changed |\n" +
		"| 3 | the command ran and found differences (`plan --detailed-exitcode`) or failed cases (`verify`, `apply --verify`) |\n" +
		"| 126, 127 | the program of `exec` or `output -- COMMAND` is not executable (126) or not found (127) |\n" +
		"| 130, 143 | interrupted with Ctrl-C (130) or terminated (143); `emulator` and `serve` exit with 0 |\n\n")
	b.WriteString("Every flag can also be set as an environment variable `PROVISION_NAME` (`PROVISION_TARGET`,\n" +
		"`PROVISION_DETAILED_EXITCODE`) or as a key of `provision.yaml` in the working\ndirectory; a flag takes precedence over the environment, and the environment over the file.\n\n")
	b.WriteString("With `-o json` every command prints exactly one JSON document on standard output,\neven when it fails; progress, notes and warnings go to standard error:\n\n" +
		"```json\n{\"command\": \"validate\", \"status\": \"invalid\", \"result\": {}, \"errors\": [{\"message\": \"…\", \"hint\": \"…\", \"position\": {\"file\": \"…\", \"line\": 9, \"column\": 3}}]}\n```\n\n" +
		"`status` is `done`, `failed`, `invalid` or `no` (exit codes 0, 1, 2, 3), `interrupted`,\nor `serving`, which `emulator` and `serve` print when they accept requests. `result` has\n`plan` and `writes` (plan, apply, destroy), `report` (verify, apply --verify), `files`\n(written Output files), `variables` (output), `rotated`, `stacks` and `warnings` (validate),\n`accessToken` or `header` and `claims` (token), `document` (verify --openapi), `schema`.\nThe standard output of a program that `exec` or `output -- COMMAND` runs is passed through.\n\n")
	fmt.Fprintf(&b, "Flags of every command:\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, c := range documented(root) {
		describe(&b, c)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), b.String()); diff != "" {
		t.Errorf("docs/commands.md does not match the commands; UPDATE=1 writes it (-page +commands):\n%s", diff)
	}
}

// documented returns the commands that users run, without the groups of commands: a group only
// shows its help.
func documented(of *cobra.Command) (all []*cobra.Command) {
	for _, c := range of.Commands() {
		switch {
		case c.Name() == "help" || c.Name() == "background":
		case c.HasSubCommands():
			all = append(all, documented(c)...)
		default:
			all = append(all, c)
		}
	}
	return all
}

// TestEveryCommandIsInTheReference: each command has a section with its usage, an example and all its
// flags.
func TestEveryCommandIsInTheReference(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(raw), "\n## ")[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		sections[heading] = text
	}
	root := (&app{config: viper.New()}).root()
	root.InitDefaultCompletionCmd()
	commands := documented(root)
	for _, c := range commands {
		text, described := sections[c.CommandPath()]
		if !described {
			t.Errorf("%s has no section", c.CommandPath())
			continue
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(text, "--"+f.Name) {
				t.Errorf("%s: flag --%s is missing", c.CommandPath(), f.Name)
			}
		})
		if c.Example == "" && c.Parent().Name() != "completion" || !strings.Contains(text, c.Example) || !strings.Contains(text, c.UseLine()) || !strings.Contains(text, strings.TrimSpace(c.Long)) {
			t.Errorf("%s: the usage, the description or the example is missing", c.CommandPath())
		}
	}
	for _, want := range []string{"provision ci init", "provision ci bootstrap", "provision export terraform", "provision man", "provision completion bash"} {
		if !slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.CommandPath() == want }) {
			t.Errorf("%s is not documented", want)
		}
	}
	if len(sections) != len(commands) {
		t.Errorf("the page has %d sections for %d commands", len(sections), len(commands))
	}
}

func describe(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", c.CommandPath(), strings.TrimSpace(c.Long))
	fmt.Fprintf(b, "```\n%s\n", c.UseLine())
	if c.Example != "" {
		fmt.Fprintf(b, "\n%s\n", c.Example)
	}
	b.WriteString("```\n")
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\n```\n%s```\n", flags)
	}
}
