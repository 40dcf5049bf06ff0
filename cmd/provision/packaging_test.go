package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v4"
)

func repositoryFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestImageDefaultCommand: the default command of the image exists.
func TestImageDefaultCommand(t *testing.T) {
	t.Parallel()
	found := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(repositoryFile(t, "Dockerfile"))
	if found == nil {
		t.Fatal("the Dockerfile has no CMD")
	}
	var args []string
	if err := json.Unmarshal([]byte(found[1]), &args); err != nil {
		t.Fatal(err)
	}
	a := &app{config: viper.New()}
	cmd, rest, err := a.root().Find(args)
	if err != nil || cmd.Name() != "emulator" {
		t.Fatalf("%v is no command: %v", args, err)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Error(err)
	}
}

// TestPipelinesInstallReleaseArchives: the archives that pipelines download have the names of the
// release's archives.
func TestPipelinesInstallReleaseArchives(t *testing.T) {
	t.Parallel()
	var release struct {
		Builds []struct {
			Binary  string
			Ldflags []string
			Goos    []string
			Goarch  []string
		}
		Archives []struct {
			NameTemplate string `yaml:"name_template"`
			Formats      []string
		}
	}
	if err := yaml.Unmarshal([]byte(repositoryFile(t, ".goreleaser.yaml")), &release); err != nil {
		t.Fatal(err)
	}
	if len(release.Builds) != 1 || len(release.Builds[0].Goos)*len(release.Builds[0].Goarch) != 6 || !strings.Contains(release.Builds[0].Ldflags[0], "-X main.version=") {
		t.Errorf("builds: %+v", release.Builds)
	}
	name := strings.NewReplacer("{{ .Os }}", "linux", "{{ .Arch }}", "amd64").Replace(release.Archives[0].NameTemplate) + "." + release.Archives[0].Formats[0]
	downloads := 0
	for _, pattern := range []string{"../../ci/gitlab/*.yml", "../../ci/azure-devops/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`releases/download/[^"']+/([^"'/ ]+)`).FindAllStringSubmatch(string(raw), -1) {
				downloads++
				if found[1] != name {
					t.Errorf("%s downloads %s, a release has %s", file, found[1], name)
				}
			}
		}
	}
	if downloads == 0 {
		t.Error("no pipeline downloads a release")
	}
}

// TestActionFile: the steps of the action use existing commands and flags.
func TestActionFile(t *testing.T) {
	t.Parallel()
	var action struct {
		Inputs map[string]any
		Runs   struct {
			Using string
			Steps []struct{ ID, Run, Uses, Shell string }
		}
	}
	text := repositoryFile(t, "action.yml")
	if err := yaml.Unmarshal([]byte(text), &action); err != nil {
		t.Fatal(err)
	}
	if action.Runs.Using != "composite" {
		t.Errorf("using %q", action.Runs.Using)
	}
	ids := map[string]bool{}
	for _, s := range action.Runs.Steps {
		ids[s.ID] = true
		if s.Run != "" && s.Shell != "bash" {
			t.Errorf("a step has no shell: %s", s.Run)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("a value of others forms a command: %s", s.Run)
		}
	}
	for _, found := range regexp.MustCompile(`steps\.([a-z]+)\.`).FindAllStringSubmatch(text, -1) {
		if !ids[found[1]] {
			t.Errorf("there is no step %s", found[1])
		}
	}
	for _, found := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(text, -1) {
		if action.Inputs[found[1]] == nil {
			t.Errorf("there is no input %s", found[1])
		}
	}
}

// TestActionWaitsForItsOwnEmulator executes the action's step that starts the local tenant
// several times in one job. Each run waits for its own env file.
func TestActionWaitsForItsOwnEmulator(t *testing.T) {
	t.Parallel()
	needs(t, "bash")
	var action struct {
		Runs struct{ Steps []struct{ ID, Run string } }
	}
	if err := yaml.Unmarshal([]byte(repositoryFile(t, "action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	home, temp := t.TempDir(), t.TempDir()
	program := filepath.Join(home, ".local", "share", "provision", "provision")
	if err := os.MkdirAll(filepath.Dir(program), 0o700); err != nil {
		t.Fatal(err)
	}
	// Arguments: emulator --env-file FILE
	const emulator = "#!/bin/sh\nif [ -e occupied ]; then echo the port is in use >&2; exit 1; fi\necho FOLDER=$PWD >\"$3\"\n"
	if err := os.WriteFile(program, []byte(emulator), 0o700); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(action.Runs.Steps, func(s struct{ ID, Run string }) bool { return s.ID == "emulator" })
	use := func(dir string) (envFile, said string, err error) {
		output := filepath.Join(t.TempDir(), "output")
		c := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", action.Runs.Steps[i].Run)
		c.Dir, c.Env = dir, append(os.Environ(), "HOME="+home, "RUNNER_TEMP="+temp, "GITHUB_OUTPUT="+output)
		text, err := c.CombinedOutput()
		raw, _ := os.ReadFile(output) // a failed step writes no file
		return strings.TrimSuffix(strings.TrimPrefix(string(raw), "env-file="), "\n"), string(text), err
	}
	for range 2 {
		dir := t.TempDir()
		file, said, err := use(dir)
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != "FOLDER="+dir+"\n" {
			t.Errorf("the env file of the tenant in %s contains %q (%v)", dir, text, err)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "occupied"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if file, said, err := use(dir); err == nil || file != "" || !strings.Contains(said, "the port is in use") {
		t.Errorf("an emulator that ends: env file %q, error %v, output %q", file, err, said)
	}
}
