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
	fmt.Fprintf(&b, "# Commands\n\nMade from the commands themselves; `provision COMMAND --help` says the same.\n\n%s\n\n", root.Long)
	b.WriteString("| exit code | meaning |\n|---|---|\n" +
		"| 0 | done, and the answer is yes |\n| 1 | could not do it |\n" +
		"| 2 | bad usage or bad input; nothing was touched |\n" +
		"| 3 | ran, and the answer is no: a difference (`plan --detailed-exitcode`) or failed cases (`verify`, `apply --verify`) |\n" +
		"| 126, 127 | the program of `exec` or `output -- COMMAND` is not executable, is not there |\n" +
		"| 130, 143 | interrupted (Ctrl-C), terminated; commands that serve until then end with 0 |\n\n")
	b.WriteString("Every flag can also be given as `PROVISION_NAME` (`PROVISION_TARGET`,\n" +
		"`PROVISION_DETAILED_EXITCODE`) or as a key of `provision.yaml` in the working\ndirectory; a flag comes first, then the environment, then the file.\n\n")
	b.WriteString("With `-o json` every command prints exactly one JSON document on standard output,\nalso when it fails; what is said beside the results stays on standard error:\n\n" +
		"```json\n{\"command\": \"validate\", \"status\": \"invalid\", \"result\": {}, \"errors\": [{\"message\": \"…\", \"hint\": \"…\", \"position\": {\"file\": \"…\", \"line\": 9, \"column\": 3}}]}\n```\n\n" +
		"`status` is `done`, `failed`, `invalid` or `no` (exit codes 0, 1, 2, 3), `interrupted`,\nor `serving` where `emulator` or `serve` print it as soon as they serve. `result` has\n`plan` and `writes` (plan, apply, destroy), `report` (verify, apply --verify), `files`\n(written Output files), `variables` (output), `rotated`, `stacks` and `warnings` (validate),\n`accessToken` or `header` and `claims` (token), `document` (verify --openapi), `schema`.\nThe standard output of a program that `exec` or `output -- COMMAND` runs is its own.\n\n")
	fmt.Fprintf(&b, "Flags of every command:\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, c := range root.Commands() {
		if c.Name() == "help" || c.Name() == "completion" {
			continue
		}
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
		t.Errorf("docs/commands.md is not what the commands say; UPDATE=1 writes it (-page +commands):\n%s", diff)
	}
}

func describe(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", c.CommandPath(), c.Long)
	fmt.Fprintf(b, "```\n%s\n\n%s\n```\n", c.UseLine(), c.Example)
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\n```\n%s```\n", flags)
	}
}
