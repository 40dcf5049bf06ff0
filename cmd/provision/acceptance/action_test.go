package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// actionFile contains the parts of an action.yml that a runner needs.
type actionFile struct {
	Inputs  map[string]struct{ Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct{ Steps []workflowStep }
}

// composite executes the steps of the composite action in r.action for a step that uses it.
func (r *runner) composite(dir, id string, use workflowStep, env []string, values map[string]string) error {
	raw, err := os.ReadFile(filepath.Join(r.action, "action.yml"))
	if err != nil {
		return err
	}
	var action actionFile
	if err := yaml.Unmarshal(raw, &action); err != nil {
		return err
	}
	_, ref, _ := strings.Cut(use.Uses, "@")
	own := map[string]string{
		"github.action_path": r.action, "github.action_ref": ref, "github.workspace": dir,
		"runner.os": "Linux", "runner.arch": "X64", "runner.temp": filepath.Join(dir, ".temp"),
	}
	if err := os.MkdirAll(own["runner.temp"], 0o700); err != nil {
		return err
	}
	env = append(env, "RUNNER_TEMP="+own["runner.temp"])
	for name, input := range action.Inputs {
		own["inputs."+name] = input.Default
		if v, given := use.With[name]; given {
			own["inputs."+name] = filledIn(fmt.Sprint(v), values, true)
		}
	}
	var save func() error
	for i, s := range action.Runs.Steps {
		if s.If != "" && !truth(evaluate(s.If, own, true)) {
			continue
		}
		for k, v := range s.With {
			if text, ok := v.(string); ok {
				s.With[k] = filledIn(text, own, true)
			}
		}
		name, _, _ := strings.Cut(s.Uses, "@")
		switch name {
		case "actions/cache":
			save, err = r.cache(dir, s, own)
		case "actions/setup-go":
			err = setUpGo(dir, fmt.Sprint(s.With["go-version-file"]))
		default:
			err = r.step(dir, fmt.Sprintf("%s.%d", id, i), s, env, own)
		}
		if err != nil {
			return fmt.Errorf("step %d of the action: %w", i+1, err)
		}
	}
	if use.ID != "" {
		for name, output := range action.Outputs {
			values["steps."+use.ID+".outputs."+name] = filledIn(output.Value, own, true)
		}
	}
	if save != nil {
		return save() // actions/cache saves when the job ends
	}
	return nil
}

// cache restores the folder of a cache step. If the cache does not have the key, it returns the
// function that saves the folder.
func (r *runner) cache(dir string, s workflowStep, values map[string]string) (save func() error, err error) {
	key, folder := fmt.Sprint(s.With["key"]), strings.Replace(fmt.Sprint(s.With["path"]), "~", dir, 1)
	if saved, hit := r.caches[key]; hit {
		values["steps."+s.ID+".outputs.cache-hit"] = "true"
		return nil, os.CopyFS(folder, os.DirFS(saved))
	}
	return func() error {
		r.caches[key] = r.t.TempDir()
		return os.CopyFS(r.caches[key], os.DirFS(folder))
	}, nil
}

// setUpGo sets the caches of this machine's Go for later steps.
func setUpGo(dir, versionFile string) error {
	if _, err := os.Stat(versionFile); err != nil {
		return err
	}
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return err
	}
	var found map[string]string
	if err := json.Unmarshal(out, &found); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ".variables"), fmt.Appendf(nil, "GOCACHE=%s\nGOMODCACHE=%s\n", found["GOCACHE"], found["GOMODCACHE"]), 0o600)
}

// checkout copies the tracked files of this repository to a new folder.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copied := exec.Command("bash", "-eo", "pipefail", "-c", `git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c | tar -x -C "$0"`, dir)
	copied.Dir = filepath.Join("..", "..", "..")
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatalf("copy the repository: %v\n%s", err, out)
	}
	return dir
}

// TestAction executes a workflow with the action of this repository: the action builds the
// program, later steps use it and the local tenant, and the next run takes it from the cache.
func TestAction(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the runner is a Linux machine")
	}
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("it builds the program")
	}
	repo := t.TempDir()
	for name, content := range map[string]string{
		".github/workflows/use.yml": `jobs:
  use:
    steps:
      - uses: actions/checkout@v5
      - id: provision
        uses: contoso/provision@v1.2.3
        with: {emulator: "${{ vars.EMULATOR }}", directory: api}
      - id: used
        run: |
          echo "program=$(command -v provision)" >> "$GITHUB_OUTPUT"
          echo "home=$HOME" >> "$GITHUB_OUTPUT"
      - if: vars.EMULATOR == 'true'
        working-directory: api
        env: {FILE: "${{ steps.provision.outputs.env-file }}"}
        run: |
          grep -q '^AZURE_TENANT_ID=' "$FILE"
          provision apply manifests
          provision verify manifests
          provision plan manifests --detailed-exitcode
    outputs:
      program: ${{ steps.used.outputs.program }}
      home: ${{ steps.used.outputs.home }}
      version: ${{ steps.provision.outputs.version }}
      env-file: ${{ steps.provision.outputs.env-file }}
`,
		"api/manifests/stack.yaml": pullRequestManifest,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(repo, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repo, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := &runner{t: t, hub: &hub{variables: map[string]string{}}, cloud: &realTenants{}, repo: repo, bin: t.TempDir(), action: checkout(t), caches: map[string]string{}}
	run := func(emulator string) map[string]string {
		t.Helper()
		r.hub.variables["EMULATOR"] = emulator
		if got := r.workflow("use.yml", "ref", nil); got["use"] != "success" {
			t.Fatalf("the job is %s", got["use"])
		}
		got := r.outputs
		if want := filepath.Join(got["home"], ".local", "share", "provision", "provision"); got["program"] != want {
			t.Errorf("later steps use %s, want %s", got["program"], want)
		}
		if !strings.HasPrefix(got["version"], "provision v1.2.3,") {
			t.Errorf("the output version is %q", got["version"])
		}
		return got
	}
	built := func() bool { return strings.Contains(r.log.String(), "$ cd \"$ACTION\"\nmkdir -p") }

	if got := run("true"); got["env-file"] == "" || !built() {
		t.Errorf("the first run: the env-file is %q, the program was built: %t", got["env-file"], built())
	}
	if got := run("false"); got["env-file"] != "" || built() {
		t.Errorf("with the cache: the env-file is %q, the program was built: %t", got["env-file"], built())
	}

	// Every file that the program embeds is part of the key.
	before := len(r.caches)
	embedded := filepath.Join(r.action, "ci", "gitlab", "gitlab-ci.yml")
	if err := os.WriteFile(embedded, []byte("# another pipeline\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if run("false"); len(r.caches) != before+1 || !built() {
		t.Error("a change of an embedded file does not build the program again")
	}
}
