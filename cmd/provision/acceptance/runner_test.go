package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// workflow contains the members of a workflow file that a runner reads.
type workflow struct {
	Env  map[string]string
	Jobs map[string]job
}

type job struct {
	If          string
	Needs       any // a name or a list
	Environment string
	Env         map[string]string
	Outputs     map[string]string
	Permissions map[string]string
	Steps       []workflowStep
}

type workflowStep struct {
	ID, If, Uses, Run string
	Env               map[string]string
	With              map[string]any
	ContinueOnError   bool   `yaml:"continue-on-error"`
	WorkingDirectory  string `yaml:"working-directory"`
}

// results are the results of the jobs: success, failure or skipped.
type results map[string]string

// runner executes workflows like GitHub's runners: each job in a new folder, each step in a
// shell, with the contexts that expressions read.
type runner struct {
	t         *testing.T
	hub       *hub
	cloud     *realTenants
	repo, bin string
	artifacts map[string]string // name → folder
	action    string            // the folder of contoso/provision; "" if the program is in PATH
	caches    map[string]string // key → folder
	log       strings.Builder   // of the last job
	outputs   map[string]string // of the last job
}

func awaitFile(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !fileExists(path); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not appear", path)
		}
	}
}

// shell runs a person's command with access to GitHub's REST API.
func (r *runner) shell(dir string, credentials []string, command string) {
	r.t.Helper()
	c := exec.Command("bash", "-eo", "pipefail", "-c", command)
	c.Dir = dir
	c.Env = append(append(r.environment(dir), credentials...), "GH_TOKEN=of-a-person", "GITHUB_API_URL="+r.hub.url, "SSL_CERT_FILE="+r.bundle())
	if out, err := c.CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// bundle contains the certificates of the tenant and of the hub.
func (r *runner) bundle() string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "bundle.pem")
	var all []byte
	for _, file := range []string{r.hub.ca, lookup(r.cloud.environment, "SSL_CERT_FILE")} {
		raw, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(append(all, raw...), '\n')
	}
	if err := os.WriteFile(path, all, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// environment returns the environment of every step: the programs, and the tenant under
// Microsoft's hosts. gh is a script that stores its input.
func (r *runner) environment(home string) []string {
	return append([]string{"JOB_OF_TEST=1", "HOME=" + home, "PATH=" + r.bin + string(filepath.ListSeparator) + os.Getenv("PATH")}, r.cloud.environment...)
}

// workflow runs a workflow. The tokens of the run have the subject of a pull request or branch,
// and the tokens of a job with an environment have the subject of the environment.
func (r *runner) workflow(file, kind string, context map[string]string) results {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.repo, ".github", "workflows", file))
	if err != nil {
		r.t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(raw, &w); err != nil {
		r.t.Fatal(err)
	}
	values := map[string]string{"github.repository": "contoso/orders", "github.token": "of-the-run"}
	for k, v := range context {
		values[k] = v
	}
	for k, v := range r.hub.variables {
		values["vars."+k] = v
	}
	done := results{}
	for len(done) < len(w.Jobs) {
		before := len(done)
		for name, j := range w.Jobs {
			if _, over := done[name]; over || !r.ready(j, done) {
				continue
			}
			for other, result := range done {
				values["needs."+other+".result"] = result
			}
			done[name] = r.job(name, j, kind, values, done)
		}
		if len(done) == before {
			r.t.Fatalf("jobs of %s wait for each other", file)
		}
	}
	return done
}

func needed(j job) (names []string) {
	switch needs := j.Needs.(type) {
	case string:
		names = append(names, needs)
	case []any:
		for _, n := range needs {
			names = append(names, fmt.Sprint(n))
		}
	}
	return names
}

func (r *runner) ready(j job, done results) bool {
	for _, n := range needed(j) {
		if _, over := done[n]; !over {
			return false
		}
	}
	return true
}

func (r *runner) job(name string, j job, kind string, values map[string]string, done results) string {
	r.t.Helper()
	succeeded := true
	for _, n := range needed(j) {
		succeeded = succeeded && done[n] == "success"
	}
	if !strings.Contains(j.If, "always()") && !succeeded || j.If != "" && !truth(evaluate(j.If, values, succeeded)) {
		return "skipped"
	}
	dir := r.t.TempDir()
	r.hub.job = map[string]string{"pull_request": "pull_request", "ref": "ref:refs/heads/main"}[kind]
	if j.Environment != "" {
		r.hub.job = "environment:" + j.Environment
	}
	own := map[string]string{"github.workspace": dir}
	for k, v := range values {
		own[k] = v
	}
	env := append(r.environment(dir), "PROVISION_PORTS="+freshPorts().String(), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, ".summary"), "GITHUB_ACTIONS=true",
		"COMMENT="+filepath.Join(dir, ".comment"), "OPEN="+r.hub.open, "PATH="+r.gh(dir)+string(filepath.ListSeparator)+r.bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if j.Permissions["id-token"] == "write" {
		env = append(env, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=of-the-run", "ACTIONS_ID_TOKEN_REQUEST_URL="+r.hub.url+"/token?api-version=2.0", "CURL_CA_BUNDLE="+r.bundle())
	}
	for k, v := range j.Env {
		env = append(env, k+"="+filledIn(v, own, true))
	}
	result := "success"
	r.log.Reset()
	for i, s := range j.Steps {
		if s.If != "" && !truth(evaluate(s.If, own, result == "success")) || s.If == "" && result != "success" {
			continue
		}
		if err := r.step(dir, fmt.Sprint(i), s, env, own); err != nil && !s.ContinueOnError {
			result = "failure"
			fmt.Fprintf(&r.log, "step %d of job %s: %v\n", i+1, name, err)
		}
	}
	r.end(dir)
	if result == "failure" {
		r.t.Logf("job %s failed:\n%s", name, r.log.String())
	}
	r.outputs = map[string]string{}
	for k, v := range j.Outputs {
		r.outputs[k] = filledIn(v, own, true)
		values["needs."+name+".outputs."+k] = r.outputs[k]
	}
	if raw, err := os.ReadFile(filepath.Join(dir, ".comment")); err == nil {
		r.hub.comment = string(raw)
	}
	return result
}

// gh writes a script that stores the comment, and lists the open requests.
func (r *runner) gh(dir string) string {
	r.t.Helper()
	bin := filepath.Join(dir, ".bin")
	script := "#!/bin/bash\nset -e\ncase \"$1 $2\" in\n'pr comment') cp \"$5\" \"$COMMENT\" ;;\n'pr list') echo \"$OPEN\" ;;\n*) exit 1 ;;\nesac\n"
	if err := os.MkdirAll(bin, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "gh"), []byte(script), 0o700); err != nil {
		r.t.Fatal(err)
	}
	return bin
}

// step executes a step. Its id is unique in the job.
func (r *runner) step(dir, id string, s workflowStep, env []string, values map[string]string) error {
	action, _, _ := strings.Cut(s.Uses, "@")
	switch {
	case action == "actions/checkout":
		return os.CopyFS(dir, os.DirFS(r.repo))
	case action == "contoso/provision" && r.action != "":
		return r.composite(dir, id, s, env, values)
	case action == "contoso/provision", action == "actions/setup-python", action == "github/codeql-action/upload-sarif":
		return nil // on PATH already; shown by GitHub
	case action == "actions/upload-artifact":
		return r.upload(dir, fmt.Sprint(s.With["name"]), strings.Fields(fmt.Sprint(s.With["path"])))
	case action == "actions/download-artifact":
		for name, from := range r.artifacts {
			if name == s.With["name"] || s.With["pattern"] == "provision-*" && strings.HasPrefix(name, "provision-") {
				if err := os.CopyFS(dir, os.DirFS(from)); err != nil && !os.IsExist(err) {
					return err
				}
			}
		}
		return nil
	case s.Uses != "":
		return fmt.Errorf("no such action here: %s", s.Uses)
	}
	output := filepath.Join(dir, ".output-"+id)
	c := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", filledIn(s.Run, values, true))
	c.Dir, c.Env = filepath.Join(dir, filledIn(s.WorkingDirectory, values, true)), append(earlierSteps(dir, env), "GITHUB_OUTPUT="+output)
	for k, v := range s.Env {
		c.Env = append(c.Env, k+"="+filledIn(v, values, true))
	}
	out, err := os.CreateTemp(dir, ".log-*") // a file, because processes in the background would keep a pipe open
	if err != nil {
		return err
	}
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	err = c.Run()
	if said, readErr := os.ReadFile(out.Name()); readErr == nil {
		fmt.Fprintf(&r.log, "$ %s\n%s", s.Run, said)
	}
	if raw, readErr := os.ReadFile(output); readErr == nil && s.ID != "" {
		for line := range strings.Lines(string(raw)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			values["steps."+s.ID+".outputs."+name] = value
		}
	}
	return err
}

// earlierSteps adds to the environment of a step what earlier steps of its job wrote to
// GITHUB_ENV and GITHUB_PATH.
func earlierSteps(dir string, env []string) []string {
	variables, paths := filepath.Join(dir, ".variables"), filepath.Join(dir, ".paths")
	all := append(slices.Clone(env), "GITHUB_ENV="+variables, "GITHUB_PATH="+paths)
	if raw, err := os.ReadFile(variables); err == nil {
		all = append(all, strings.Fields(string(raw))...)
	}
	if raw, err := os.ReadFile(paths); err == nil {
		for line := range strings.Lines(string(raw)) {
			all = append(all, "PATH="+strings.TrimSpace(line)+string(filepath.ListSeparator)+lookup(all, "PATH"))
		}
	}
	return all
}

func (r *runner) upload(dir, name string, paths []string) error {
	to := r.t.TempDir()
	for _, path := range paths {
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(path)), raw, 0o600)
		}
		if err != nil {
			return err
		}
	}
	r.artifacts[name] = to
	return nil
}

// end ends the processes that a job has left in the background: every process whose working
// directory is below the job's folder.
func (r *runner) end(dir string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		here, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if err != nil || here != dir {
			continue
		}
		if environ, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ")); err != nil || !bytes.Contains(environ, []byte("JOB_OF_TEST=1")) {
			continue
		}
		_ = exec.Command("kill", "-TERM", e.Name()).Run() // it may have ended already
	}
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// filledIn returns a text with the values of its expressions.
func filledIn(text string, values map[string]string, succeeded bool) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		return evaluate(expression.FindStringSubmatch(e)[1], values, succeeded)
	})
}

func truth(value string) bool { return value != "" && value != "false" }

// evaluate evaluates an expression: names, texts, ==, !=, && and ||.
func evaluate(e string, values map[string]string, succeeded bool) string {
	e = strings.TrimSpace(e)
	for _, operator := range []string{"||", "&&"} {
		parts := strings.Split(e, operator)
		if len(parts) == 1 {
			continue
		}
		for _, part := range parts {
			if is := truth(evaluate(part, values, succeeded)); is == (operator == "||") {
				return fmt.Sprint(is)
			}
		}
		return fmt.Sprint(operator == "&&")
	}
	for _, operator := range []string{"!=", "=="} {
		if left, right, two := strings.Cut(e, operator); two {
			return fmt.Sprint((evaluate(left, values, succeeded) == evaluate(right, values, succeeded)) == (operator == "=="))
		}
	}
	switch {
	case strings.HasPrefix(e, "'"):
		return strings.Trim(e, "'")
	case e == "always()":
		return "true"
	case e == "success()":
		return fmt.Sprint(succeeded)
	case e == "failure()":
		return fmt.Sprint(!succeeded)
	case strings.HasPrefix(e, "hashFiles("):
		return "true"
	}
	return values[e]
}

// lookup returns the last value of a variable in an environment.
func lookup(environment []string, name string) (v string) {
	for _, line := range environment {
		if text, ok := strings.CutPrefix(line, name+"="); ok {
			v = text
		}
	}
	return v
}
