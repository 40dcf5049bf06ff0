package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
)

// TestCommandReference holds docs/commands.md against the commands themselves.
// UPDATE=1 writes it.
func TestCommandReference(t *testing.T) {
	t.Parallel()
	const page = "../../docs/commands.md"
	root := (&app{config: viper.New()}).root()
	root.InitDefaultHelpCmd()
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nThis page lists the commands and flags of `provision` and the exit codes, for anyone who\nruns it in a shell or in CI. `completion` and `man` are in [Install](install.md). The page is generated from the commands; `provision COMMAND --help`\nprints the same text.\n\n%s\n\n", root.Long)
	b.WriteString("| exit code | meaning |\n|---|---|\n" +
		"| 0 | success |\n| 1 | the command failed |\n" +
		"| 2 | bad usage or bad input; nothing was changed |\n" +
		"| 3 | the command ran and found differences (`plan --detailed-exitcode`) or failed cases (`verify`, `apply --verify`) |\n" +
		"| 126, 127 | the program of `exec` or `output -- COMMAND` is not executable (126) or not found (127) |\n" +
		"| 130, 143 | interrupted with Ctrl-C (130) or terminated (143); `emulator` and `serve` exit with 0 |\n\n")
	b.WriteString("Every flag can also be set as an environment variable `PROVISION_NAME` (`PROVISION_TARGET`,\n" +
		"`PROVISION_DETAILED_EXITCODE`) or as a key of `provision.yaml` in the working\ndirectory; a flag takes precedence over the environment, and the environment over the file.\n\n")
	b.WriteString("With `-o json` every command prints exactly one JSON document on standard output,\nalso when it fails; progress, notes and warnings go to standard error:\n\n" +
		"```json\n{\"command\": \"validate\", \"status\": \"invalid\", \"result\": {}, \"errors\": [{\"message\": \"…\", \"hint\": \"…\", \"position\": {\"file\": \"…\", \"line\": 9, \"column\": 3}}]}\n```\n\n" +
		"`status` is `done`, `failed`, `invalid` or `no` (exit codes 0, 1, 2, 3), `interrupted`,\nor `serving`, which `emulator` and `serve` print when they accept requests. `result` has\n`plan` and `writes` (plan, apply, destroy), `report` (verify, apply --verify), `files`\n(written Output files), `variables` (output), `rotated`, `stacks` and `warnings` (validate),\n`accessToken` or `header` and `claims` (token), `document` (verify --openapi), `schema`.\nThe standard output of a program that `exec` or `output -- COMMAND` runs is passed through.\n\n")
	fmt.Fprintf(&b, "Flags of every command:\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, c := range root.Commands() {
		if c.Name() == "help" || c.Name() == "completion" || c.Hidden {
			continue
		}
		describe(&b, c)
		for _, below := range c.Commands() {
			describe(&b, below)
		}
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

func describe(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", c.CommandPath(), c.Long)
	use := c.UseLine()
	if c.HasSubCommands() {
		use = c.CommandPath() + " COMMAND [flags]"
	}
	if c.Example != "" {
		use += "\n\n" + c.Example
	}
	fmt.Fprintf(b, "```\n%s\n```\n", use)
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\n```\n%s```\n", flags)
	}
}
