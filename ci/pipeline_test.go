package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"provision/ci"
)

// repositories has one repository for each variant of a pipeline.
var repositories = map[string]ci.Repository{
	"with an API": {Manifests: "manifests", Start: "uvicorn main:app --port 8000", URL: "http://127.0.0.1:8000", ForAPI: true, Runtime: "python", Install: "pip install -r requirements.txt",
		Env: []string{"out/api.env"}, Release: "contoso/provision@v1", Staging: "staging", Production: "production", Branch: "main"},
	"in Node.js": {Manifests: "manifests", Start: "node app.js", URL: "http://127.0.0.1:8000", ForAPI: true, Runtime: "node", Install: "npm ci", Release: "contoso/provision@v1", Staging: "staging", Production: "production", Branch: "main"},
	"in Go":      {Manifests: "manifests", Start: "go run .", URL: "http://127.0.0.1:8000", Runtime: "go", Release: "contoso/provision@v1", Staging: "staging", Production: "production", Branch: "main"},
	"without":    {Manifests: "identity and access", URL: "http://127.0.0.1:8000", Release: "contoso/provision@v1.2.3", Staging: "test-eu", Production: "prod_eu", Branch: "release/1"},
}

func pipelines(t *testing.T, system string, check func(t *testing.T, f ci.File)) {
	t.Helper()
	for name, r := range repositories {
		files, err := ci.Pipeline(system, r)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Fatal("there is no file")
		}
		for _, f := range files {
			t.Run(name+"/"+f.Path, func(t *testing.T) { check(t, f) })
		}
	}
}

func TestWorkflowsPassActionlint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	linter := exec.Command("go", "build", "-o", filepath.Join(dir, "actionlint"), ".")
	linter.Dir = filepath.Join("testdata", "actionlint")
	if out, err := linter.CombinedOutput(); err != nil {
		t.Fatalf("build actionlint: %v\n%s", err, out)
	}
	pipelines(t, "github", func(t *testing.T, f ci.File) {
		file := filepath.Join(t.TempDir(), filepath.Base(f.Path))
		if err := os.WriteFile(file, f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(filepath.Join(dir, "actionlint"), file).CombinedOutput(); err != nil {
			t.Errorf("actionlint: %v\n%s", err, out)
		}
	})
}

// TestWorkflowsNeedNoSecret: workflows refer to no stored secret, and only jobs with the
// permission get a token.
func TestWorkflowsNeedNoSecret(t *testing.T) {
	t.Parallel()
	secret := regexp.MustCompile(`secrets\s*[.\[][A-Za-z"']|AZURE_CLIENT_SECRET|_PASSWORD`)
	for _, system := range ci.Systems {
		pipelines(t, system, func(t *testing.T, f ci.File) {
			if found := secret.Find(f.Content); found != nil {
				t.Errorf("it refers to a secret: %s", found)
			}
		})
	}
	pipelines(t, "github", func(t *testing.T, f ci.File) {
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Permissions map[string]string
				Environment string
				Env         map[string]string
			}
		}
		if err := yaml.Unmarshal(f.Content, &workflow); err != nil {
			t.Fatal(err)
		}
		if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" {
			t.Errorf("every job has %v", workflow.Permissions)
		}
		for name, job := range workflow.Jobs {
			client := job.Env["AZURE_CLIENT_ID"]
			if gets := job.Permissions["id-token"] == "write"; gets != (client != "") {
				t.Errorf("job %s: id-token: write is %t, and it signs in as %q", name, gets, client)
			}
			if applies := strings.Contains(client, "_APPLY_"); applies != (job.Environment != "") {
				t.Errorf("job %s signs in as %q and has environment %q", name, client, job.Environment)
			}
		}
	})
}

// TestPipelinesAreExplained: each pipeline begins with its purpose.
func TestPipelinesAreExplained(t *testing.T) {
	t.Parallel()
	for _, system := range ci.Systems {
		pipelines(t, system, func(t *testing.T, f ci.File) {
			if !strings.HasPrefix(string(f.Content), "# ") || strings.Contains(string(f.Content), "[[") {
				t.Errorf("it begins with %.60q, or has what was not filled in", f.Content)
			}
			var document map[string]any
			if err := yaml.Unmarshal(f.Content, &document); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPipelinesQuote: names and commands reach the shell unchanged, and the shell runs nothing
// else.
func TestPipelinesQuote(t *testing.T) {
	t.Parallel()
	r := ci.Repository{Manifests: "my manifests", ForAPI: true, Start: `sh -c 'echo a: b # c'`, URL: "http://127.0.0.1:8000/$(id)", Env: []string{"out/a b;id.env"},
		Release: "contoso/provision@v1", Staging: "staging", Production: "production", Branch: "1.0"}
	for _, system := range ci.Systems {
		files, err := ci.Pipeline(system, r)
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		var collect func(v any)
		collect = func(v any) {
			switch v := v.(type) {
			case string:
				text = append(text, v)
			case float64:
				t.Errorf("%s: the branch is a number", system)
			case []any:
				for _, e := range v {
					collect(e)
				}
			case map[string]any:
				for _, e := range v {
					collect(e)
				}
			}
		}
		for _, f := range files {
			var document map[string]any
			if err := yaml.Unmarshal(f.Content, &document); err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			collect(document)
		}
		all := strings.Join(text, "\n")
		for _, want := range []string{"validate 'my manifests'", "provision exec -- provision output --for-api 'my manifests' -- " + r.Start + " > api.log 2>&1 &", "--url 'http://127.0.0.1:8000/$(id)'", ". ./'out/a b;id.env'"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no command has %s", system, want)
			}
		}
	}
}

// TestDeployerOfANumber: a branch and a target whose names YAML would read as another type.
func TestDeployerOfANumber(t *testing.T) {
	t.Parallel()
	raw, err := ci.DeployerManifest(ci.Deployer{Stack: "deployer", Repository: "contoso/orders", Subjects: "name", Branch: "1.0", Target: "on"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"branch: '1.0'", "environment: 'on'"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is missing in\n%s", want, raw)
		}
	}
}

func TestPipelineOfAnUnknownSystem(t *testing.T) {
	t.Parallel()
	if _, err := ci.Pipeline("jenkins", ci.Repository{}); err == nil {
		t.Error("it has one")
	}
}

// TestPipelinesSetUpTheRuntime: each system installs the runtime and the packages of the API.
func TestPipelinesSetUpTheRuntime(t *testing.T) {
	t.Parallel()
	for system, want := range map[string]map[string]string{
		"github":       {"in Node.js": "uses: actions/setup-node@", "in Go": "uses: actions/setup-go@", "with an API": "uses: actions/setup-python@"},
		"gitlab":       {"in Node.js": "image: node:", "in Go": "image: golang:", "with an API": "image: python:"},
		"azure-devops": {"in Node.js": "npm ci", "with an API": "pip install"},
	} {
		for name, line := range want {
			files, err := ci.Pipeline(system, repositories[name])
			if err != nil {
				t.Fatal(err)
			}
			var all string
			for _, f := range files {
				all += string(f.Content)
			}
			for _, line := range []string{line, repositories[name].Install, repositories[name].Launch()} {
				if !strings.Contains(all, line) {
					t.Errorf("%s, %s: %q is missing", system, name, line)
				}
			}
		}
	}
}
