package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

// TestClientPages runs the code of docs/clients unchanged: each page in a separate folder, with
// an applied stack and a served tenant. A block with a file name is written to the file, an sh
// block is run, and a text block must be part of the output; … matches any text.
func TestClientPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/clients/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	dir := t.TempDir()
	var scripts []string
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		script, err := pageScript(string(text))
		if err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		if script == nil {
			continue
		}
		name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(page), ".md")+".txtar")
		if err := os.WriteFile(name, txtar.Format(script), 0o600); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, name)
	}
	testscript.Run(t, testscript.Params{
		Files: scripts, Setup: pageSetup, Condition: have,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"tenant": serveScriptTenant},
	})
}

var (
	pageNeeds = regexp.MustCompile(`(?m)^<!-- needs: (.*) -->$`)
	pageBlock = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$")
)

// pageScript converts a page to a script, or returns nil for a page that names no required
// program.
func pageScript(page string) (*txtar.Archive, error) {
	needs := pageNeeds.FindStringSubmatch(page)
	if needs == nil {
		return nil, nil
	}
	script := &txtar.Archive{}
	for program := range strings.SplitSeq(needs[1], ", ") {
		if known, ok := programs[program]; ok {
			script.Comment = fmt.Appendf(script.Comment, "[!have:%s] skip '%s is needed: %s'\n", program, program, known.how)
		} else if program != "nothing" {
			return nil, fmt.Errorf("unknown program %q", program)
		}
	}
	script.Comment = append(script.Comment, "tenant\nexec provision apply manifests/vscode-fastapi\n"...)
	for i, block := range pageBlock.FindAllStringSubmatch(page, -1) {
		kind, name, text := block[1], block[2], block[3]
		switch {
		case name != "":
		case kind == "sh":
			name = fmt.Sprintf("block%d.sh", i)
			script.Comment = fmt.Appendf(script.Comment, "exec sh -e %s\n", name)
		case kind == "text":
			for line := range strings.Lines(text) {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(line, "\n")), "…", ".*")
				script.Comment = fmt.Appendf(script.Comment, "stdout '^%s$'\n", pattern)
			}
			continue
		default:
			return nil, fmt.Errorf("a block of %s has no file name", kind)
		}
		script.Files = append(script.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	return script, nil
}

// pageSetup prepares a page's folder: the manifests, the modules of this project for Go programs,
// and the Python that has MSAL.
func pageSetup(env *testscript.Env) error {
	if err := os.CopyFS(filepath.Join(env.WorkDir, "manifests"), os.DirFS("../../manifests")); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), data, 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // the script has another HOME
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		env.Setenv(name, strings.TrimSpace(string(value)))
	}
	env.Setenv("GOFLAGS", "-mod=mod")
	if p := python(); p != "" {
		env.Setenv("PATH", filepath.Dir(p)+string(os.PathListSeparator)+env.Getenv("PATH"))
	}
	return setPrograms(env)
}
