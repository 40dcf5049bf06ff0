package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"provision/conformance/report"
	"provision/plan"
	"provision/stack"
	"provision/status"
)

func (a *app) validate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate [DIR]",
		Short: "Check the manifests and report all mistakes at once",
		Long: `validate reads every stack at or below DIR (default manifests/) and prints every
mistake with its file, line and column and a correction. It does not connect to a
tenant. Exit code 0: no mistakes; 2: there are mistakes.`,
		Example: "  provision validate manifests/\n  provision validate -o json manifests/ | jq '.errors[].message'",
		Args:    maxOneDir,
		RunE: func(_ *cobra.Command, args []string) error {
			stacks, err := a.load(args)
			if err != nil {
				return err
			}
			warnings := []jsonError{}
			for _, w := range stack.Warnings(stacks) {
				a.say("warning: %s: %s", w.Pos, w.Message)
				a.say("  hint: %s", w.Hint)
				warnings = append(warnings, jsonError{Message: w.Message, Hint: w.Hint, Position: &w.Pos})
			}
			a.give("warnings", warnings)
			summaries := []stackSummary{}
			for _, s := range stacks {
				fmt.Fprintf(a.stdout, "stack %s: %s, %s, %s, %s\n", s.Name,
					count(len(s.Applications), "application"), count(len(s.Users), "user"),
					count(len(s.Groups), "group"), count(len(s.Conformances), "conformance document"))
				summaries = append(summaries, stackSummary{s.Name, len(s.Applications), len(s.Users), len(s.Groups), len(s.Conformances)})
			}
			a.give("stacks", summaries)
			return nil
		},
	}
}

// stackSummary is a valid stack in the result of -o json.
type stackSummary struct {
	Name                 string `json:"name"`
	Applications         int    `json:"applications"`
	Users                int    `json:"users"`
	Groups               int    `json:"groups"`
	ConformanceDocuments int    `json:"conformanceDocuments"`
}

// schemas are the published schemas besides the schema of the manifests.
var schemas = []struct {
	flag, help string
	schema     func(root *cobra.Command) []byte
}{
	{"report", "print the schema of `provision verify --report json=FILE`", func(*cobra.Command) []byte { return report.Schema }},
	{"plan", "print the schema of the plan in `provision plan -o json` and `--out`", func(*cobra.Command) []byte { return plan.Schema }},
	{"status", "print the schema of the result in `provision status -o json`", func(*cobra.Command) []byte { return status.Schema }},
	{"config", "print the schema of provision.yaml", configSchema},
}

func (a *app) schema() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the manifests, for editors",
		Long: `schema prints the JSON Schema of a manifest document. For the YAML language
server (VS Code and others), start each document of a file, below its ---, with
  # yaml-language-server: $schema=provision.schema.json
(the path of the schema, relative to the file). init writes this line. The line
applies to one document; the editor setting yaml.schemas applies to whole files.

--report prints the schema of the JSON report of verify, --plan the schema of a
plan in JSON, --status the schema of the result of status -o json, --config the schema of
provision.yaml.`,
		Example: "  provision schema > provision.schema.json\n  provision schema --report > report.schema.json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var chosen []string
			schema := stack.EditorSchema
			for _, of := range schemas {
				if set, _ := cmd.Flags().GetBool(of.flag); set {
					chosen = append(chosen, "--"+of.flag)
					schema = func() []byte { return of.schema(cmd.Root()) }
				}
			}
			if len(chosen) > 1 {
				return hint(usagef("%s cannot be used together", strings.Join(chosen, " and ")), "run `%s schema` once for each schema", program())
			}
			a.give("schema", json.RawMessage(schema()))
			_, err := a.stdout.Write(schema())
			return err
		},
	}
	for _, of := range schemas {
		c.Flags().Bool(of.flag, false, of.help)
		noSettings(c, of.flag)
	}
	return c
}
