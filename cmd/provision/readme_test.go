package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadmeTranscript runs the README's first command and compares the output with the
// transcript. UPDATE=1 writes the transcript.
func TestReadmeTranscript(t *testing.T) {
	const readme = "../../README.md"
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	const command = "$ go run ./cmd/provision apply manifests/vscode-fastapi --verify\n"
	before, rest, ok := strings.Cut(string(raw), "```console\n"+command)
	if !ok {
		t.Fatal("the README has no transcript")
	}
	transcript, after, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("the README's transcript does not end")
	}
	manifests, err := filepath.Abs("../../manifests")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.CopyFS("manifests", os.DirFS(manifests)); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"apply", "manifests/vscode-fastapi", "--verify"}, streams{strings.NewReader(""), &stdout, &stderr}); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	got := shortened(stdout.String())
	if os.Getenv("UPDATE") != "" && steady(transcript) != steady(got) {
		t.Chdir(filepath.Dir(manifests))
		if err := os.WriteFile("README.md", []byte(before+"```console\n"+command+got+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(steady(transcript), steady(got)); diff != "" {
		t.Errorf("transcript (-README +printed):\n%s", diff)
	}
}

// shortened omits the middle of the plan and of the matrix, so that the README shows their first
// and last lines.
func shortened(s string) string {
	for _, part := range []string{
		`(?s)(\n  \+ user ada@[^\n]*\n[^\n]*\n).*?(\n  \+ group )`,
		`(?s)(\n  \+ application vscode-fastapi\.extension\n).*?(\n\nplan:)`,
		`(?s)(\n  ok     authorization [^\n]*\n).*?(\n  ok     answers )`,
	} {
		s = regexp.MustCompile(part).ReplaceAllString(s, "$1  …$2")
	}
	return s
}

// steady masks the parts that differ between runs.
func steady(s string) string {
	for _, mask := range []struct{ pattern, with string }{
		{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
		{` in [\d.]+ m?s\b`, " in N"},
		{` +\d+ ms`, " N ms"},
		{`(?m)^  \S.*provision (token|serve|plan|destroy) (.*?)  +`, "  provision $1 $2  "},
	} {
		s = regexp.MustCompile(mask.pattern).ReplaceAllString(s, mask.with)
	}
	return s
}
