package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"provision/internal/nettest"
)

// TestFastAPIRepository puts the FastAPI sample of docs/your-api.md under CI with the commands
// of docs/ci.md, and executes the pull request's job that needs no account.
func TestFastAPIRepository(t *testing.T) {
	t.Parallel()
	needs(t, "uvicorn")
	needsFastAPI(t)
	repo, bin := t.TempDir(), t.TempDir()
	for path, content := range map[string]string{
		filepath.Join(repo, "main.py"):          fastAPISample(t),
		filepath.Join(repo, "requirements.txt"): "fastapi\npyjwt[crypto]\n",
		filepath.Join(bin, "pip"):               "#!/bin/sh\n[ \"$*\" = 'install uvicorn -r requirements.txt' ] && cat requirements.txt\n", // the packages are installed
	} {
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r := &runner{t: t, hub: &hub{variables: map[string]string{}}, cloud: &realTenants{}, repo: repo, bin: bin + string(filepath.ListSeparator) + programFolder, artifacts: map[string]string{}}
	for _, line := range []string{
		"provision init --from vscode-fastapi manifests/api",
		"JWKS_URI=none python3 -c 'import json, main; print(json.dumps(main.app.openapi()))' > openapi.json",
		"provision verify manifests/api --openapi openapi.json > derived.yaml",
		"provision validate manifests",
		"provision ci init github --release contoso/provision@v1",
	} {
		run := exec.Command("bash", "-ec", line)
		run.Dir, run.Env = repo, append(os.Environ(), "PATH="+programFolder+":/usr/bin:"+os.Getenv("PATH"), "PROVISION_PORTS="+freshPorts().String())
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	if derived, err := os.ReadFile(filepath.Join(repo, "derived.yaml")); err != nil || !bytes.Contains(derived, []byte("request: GET /secure")) {
		t.Errorf("derived.yaml has %s, %v", derived, err)
	}
	// Port 8000 of this machine can be in use.
	port, err := nettest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	workflow := filepath.Join(repo, ".github", "workflows", "provision-pull-request.yml")
	raw, err := os.ReadFile(workflow)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte("uvicorn main:app --port 8000")) {
		t.Errorf("ci init has not found the application:\n%s", raw)
	}
	if err := os.WriteFile(workflow, bytes.ReplaceAll(raw, []byte("8000"), []byte(port)), 0o600); err != nil {
		t.Fatal(err)
	}
	got := r.workflow("provision-pull-request.yml", "pull_request", map[string]string{"github.event.action": "opened"})
	if got["check"] != "success" || got["plan"] != "skipped" || got["preview"] != "skipped" {
		t.Errorf("the jobs end with %v", got)
	}
	results, err := os.ReadFile(filepath.Join(r.artifacts["provision-check"], "results.xml"))
	if err != nil || !strings.Contains(string(results), `failures="0"`) || !strings.Contains(string(results), "GET /secure") {
		t.Errorf("the report is %.300s, %v", results, err)
	}
}

// needsFastAPI skips a test without FastAPI for Debian's Python, as needs does.
func needsFastAPI(t *testing.T) {
	t.Helper()
	if err := exec.Command("/usr/bin/python3", "-c", "import fastapi, jwt, cryptography").Run(); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal("python3-fastapi is needed; .ci/run installs it")
		}
		t.Skip("python3-fastapi is needed; .ci/run installs it")
	}
}

// fastAPISample returns main.py of docs/your-api.md.
func fastAPISample(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "your-api.md"))
	if err != nil {
		t.Fatal(err)
	}
	sample := regexp.MustCompile("(?s)```python\n(# main.py\n.*?)```").FindSubmatch(page)
	if sample == nil {
		t.Fatal("your-api.md has no FastAPI sample")
	}
	return string(sample[1])
}
