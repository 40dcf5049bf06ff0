package conformance

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The table of cases in docs is rendered from the cases; UPDATE=1 writes it.
func TestReferenceOfCases(t *testing.T) {
	t.Parallel()
	cases, err := Expand(quickstart(startTenant(t), nil))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# The cases of verify\n\nThis page lists every request that `provision verify` sends, for developers who analyze a failure.\nIt is generated from the tables in `conformance` for an endpoint that requires scope\n`read_data` and one of the roles `Admin` and `DevOps`. A *note* marks an answer in which correct\nAPIs differ; it does not change the exit code.\n[Verify an API](verify.md) describes how to run the cases.\n")
	group := Group("")
	for _, c := range cases {
		if c.Endpoint != "GET /secure" {
			continue
		}
		if c.Group != group {
			group = c.Group
			fmt.Fprintf(&b, "\n## %s\n\n| id | sends | expected | severity | what a failure allows | probable cause | source |\n|---|---|---|---|---|---|---|\n", group)
		}
		expected := c.Expect.String()
		if c.Expect.MayAdmit {
			expected += ", else a note"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", c.Name, cell(c.Sends), expected, c.Severity, cell(c.Gain), cell(c.Flaw), cell(c.Source))
	}
	b.WriteString("\n## Operations that share a route\n\nIf several endpoints of a document have the same method and path, and the body selects one of\nthem, each of them also has these cases (group `routes`, expected: no 2xx, severity: critical).\n\n| id | sends | probable cause | source |\n|---|---|---|---|\n")
	for _, check := range bodyChecks {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", check.name, cell(check.sends), cell(check.flaw), cell(check.source))
	}
	b.WriteString("\n## Flaws, and the cases that find them\n\nTests check the suite with these flaws: a correct validator to which one flaw was added must\nfail the case in the same row. *Strict* cases fail with `--strict` and are notes\notherwise.\n\n| flaw | case |\n|---|---|\n")
	for _, m := range mutants() {
		strict := ""
		if m.strict {
			strict = ", strict"
		}
		fmt.Fprintf(&b, "| %s | `%s`%s |\n", cell(m.flaw), m.kills, strict)
	}
	const path = "../docs/conformance.md"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != b.String() {
		t.Errorf("%s differs from the tables (%v): run UPDATE=1 go test ./conformance -run TestReferenceOfCases", path, err)
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
