package acceptance

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"provision/internal/nettest"

	"go.yaml.in/yaml/v4"
)

// pipelineRepository returns a repository with the pipeline of a system, and a tenant that represents
// staging and production.
func pipelineRepository(t *testing.T, system string) *runner {
	t.Helper()
	needs(t, "curl")
	needs(t, "jq")
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("it runs the jobs of a whole life of a pull request")
	}
	hub := newHub(t)
	cloud := newCloud(t, hub)
	port, err := nettest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{t: t, hub: hub, cloud: cloud, repo: t.TempDir(), bin: programFolder, artifacts: map[string]string{}}
	r.write("manifests/stack.yaml", pullRequestManifest)
	r.write("provision.yaml", "targets:\n  staging: {tenant: "+cloud.tenant+"}\n  production: {tenant: "+cloud.tenant+"}\n")
	r.shell(r.repo, nil, "provision ci init "+system+" --release contoso/provision@v1 --start 'provision serve manifests --listen 127.0.0.1:"+port+"' --api-url http://127.0.0.1:"+port)
	return r
}

func (r *runner) write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.repo, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// script runs a job's script in its folder.
func (r *runner) script(dir, script string, env []string) error {
	out, err := os.CreateTemp(dir, ".log-*") // a file, because processes in the background would keep a pipe open
	if err != nil {
		return err
	}
	defer out.Close()
	c := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	c.Dir, c.Env = dir, append(append(r.environment(dir), "PROVISION_PORTS="+freshPorts().String()), env...)
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // the returned error is checked
		return fmt.Errorf("%w\n%s\n%s", err, script, said)
	}
	return nil
}

func expectResults(t *testing.T, when string, got, want results) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: the jobs ended with %v, want %v", when, got, want)
	}
}

// gitLabJob contains the members of a job that a runner reads. Its scripts can contain
// references.
type gitLabJob struct {
	Extends      string
	Needs        []string
	Variables    map[string]string
	BeforeScript []yaml.Node `yaml:"before_script"`
	Script       []string
	IDTokens     map[string]struct{ Aud string } `yaml:"id_tokens"`
	Rules        []struct{ If, When string }
	Artifacts    struct{ Paths []string }
}

var gitLabVariable = regexp.MustCompile(`\$([A-Z_]+)`)

// gitLabRule evaluates the condition of a rule.
func gitLabRule(condition string, variables map[string]string) bool {
	for _, term := range strings.Split(condition, " && ") {
		value := func(s string) string {
			if name, is := strings.CutPrefix(strings.TrimSpace(s), "$"); is {
				return variables[name]
			}
			return strings.Trim(strings.TrimSpace(s), `"`)
		}
		holds := false
		if left, right, is := strings.Cut(term, "=="); is {
			holds = value(left) == value(right)
		} else if left, right, is := strings.Cut(term, "!="); is {
			holds = value(left) != value(right)
		} else {
			holds = value(term) != ""
		}
		if !holds {
			return false
		}
	}
	return true
}

// gitLab runs the jobs of a pipeline as GitLab does. subject is the subject of their tokens; play
// lists the manual jobs that a person starts.
func (r *runner) gitLab(subject string, variables map[string]string, play ...string) results {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.repo, ".gitlab-ci.yml"))
	if err != nil {
		r.t.Fatal(err)
	}
	var file map[string]yaml.Node
	if err := yaml.Unmarshal(raw, &file); err != nil {
		r.t.Fatal(err)
	}
	jobs := map[string]gitLabJob{}
	for name, node := range file {
		var j gitLabJob
		if slices.Contains([]string{"stages", "workflow", "default"}, name) {
			continue
		}
		if err := node.Decode(&j); err != nil {
			r.t.Fatalf("%s: %v", name, err)
		}
		jobs[name] = j
	}
	done := results{}
	for _, name := range []string{"check", "plan", "drift", "preview", "apply", "close", "collect"} { // in the order of the stages
		j, ok := jobs[name]
		if !ok {
			r.t.Fatalf("the pipeline has no job %s", name)
		}
		selected, manual := len(j.Rules) == 0, false
		for _, rule := range j.Rules {
			if gitLabRule(rule.If, variables) {
				selected, manual = true, rule.When == "manual"
				break
			}
		}
		if !selected || manual && !slices.Contains(play, name) || len(play) > 0 && !manual && !slices.Contains(play, name) {
			continue
		}
		var before []yaml.Node
		own, tokens := map[string]string{}, map[string]struct{ Aud string }{}
		for at := j; ; at = jobs[at.Extends] {
			for k, v := range at.Variables {
				own[k] = gitLabVariable.ReplaceAllStringFunc(v, func(v string) string { return variables[v[1:]] })
			}
			maps.Copy(tokens, at.IDTokens)
			if before == nil {
				before = at.BeforeScript
			}
			if at.Extends == "" {
				break
			}
		}
		dir := r.t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(r.repo)); err != nil {
			r.t.Fatal(err)
		}
		for _, needed := range j.Needs {
			if err := os.CopyFS(dir, os.DirFS(r.artifacts[needed])); err != nil {
				r.t.Fatal(err)
			}
		}
		env := []string{"CI=true", "GITLAB_CI=true", "CI_BUILDS_DIR=" + r.t.TempDir()}
		for k, v := range variables {
			env = append(env, k+"="+v)
		}
		for k, v := range own {
			env = append(env, k+"="+v)
		}
		for k, token := range tokens {
			env = append(env, k+"="+r.hub.sign("https://gitlab.com", subject, token.Aud))
		}
		var lines []string
		for _, line := range before {
			if line.Kind == yaml.ScalarNode { // the reference installs the program, which is already on PATH
				lines = append(lines, line.Value)
			}
		}
		done[name] = "success"
		if err := r.script(dir, strings.Join(append(lines, j.Script...), "\n"), env); err != nil {
			done[name] = "failure"
			r.t.Logf("job %s failed: %v", name, err)
		}
		r.end(dir)
		if err := r.upload(dir, name, j.Artifacts.Paths); err != nil {
			r.t.Fatal(err)
		}
	}
	return done
}

// TestMergeRequestFromOpenToClose executes the pipeline that `ci init gitlab` writes: a merge
// request is opened, updated, closed and merged, and the nightly pipeline runs.
func TestMergeRequestFromOpenToClose(t *testing.T) {
	t.Parallel()
	r := pipelineRepository(t, "gitlab")
	r.write("deployer/stack.yaml", gitLabDeployer)
	r.shell(r.repo, r.cloud.administrator, "provision apply deployer --target staging --yes")
	deployer := r.cloud.appID("deployer.ci")
	variables := func(more ...string) map[string]string {
		all := map[string]string{"STAGING_TENANT_ID": r.cloud.tenant, "STAGING_CLIENT_ID": deployer, "PRODUCTION_TENANT_ID": r.cloud.tenant, "PRODUCTION_CLIENT_ID": deployer}
		for _, m := range more {
			name, value, _ := strings.Cut(m, "=")
			all[name] = value
		}
		return all
	}
	request := variables("CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_IID=7")
	const project = "project_path:contoso/orders:ref_type:branch:ref:"

	expectResults(t, "opened", r.gitLab(project+"feature", request), results{"check": "success", "preview": "success"})
	for _, report := range []string{"gl-sast.sarif", "report.html", "plan-local.txt"} {
		if raw, err := os.ReadFile(filepath.Join(r.artifacts["check"], report)); err != nil || len(raw) == 0 {
			t.Errorf("the job check keeps no %s: %v", report, err)
		}
	}
	r.cloud.has("opened", "orders-pr-7.api", true)
	r.write("manifests/stack.yaml", strings.Replace(pullRequestManifest, "displayName: Orders", "displayName: Orders and returns", 1))
	expectResults(t, "pushed", r.gitLab(project+"feature", request, "preview"), results{"preview": "success"})
	expectResults(t, "closed", r.gitLab(project+"feature", request, "close"), results{"close": "success"})
	r.cloud.has("closed", "orders-pr-7.api", false)

	push := variables("CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=main")
	expectResults(t, "merged", r.gitLab(project+"main", push, "plan", "apply"), results{"plan": "success", "apply": "success"})
	r.cloud.has("merged", "orders.api", true)

	night := variables("CI_PIPELINE_SOURCE=schedule", "CI_COMMIT_BRANCH=main")
	expectResults(t, "a night without drift", r.gitLab(project+"main", night, "drift", "collect"), results{"drift": "success", "collect": "success"})
	r.cloud.rename("orders.api", "Changed by hand")
	expectResults(t, "a night with drift", r.gitLab(project+"main", night, "drift", "collect"), results{"drift": "failure", "collect": "success"})
	expectResults(t, "another project", r.gitLab("project_path:contoso/other:ref_type:branch:ref:main", night, "collect"), results{"collect": "failure"})
}

const gitLabDeployer = `apiVersion: provision/v1
kind: Stack
metadata: {name: deployer}
---
apiVersion: provision/v1
kind: Application
metadata: {name: ci}
spec:
  displayName: Pipelines of contoso/orders
  federatedCredentials:
    - name: branches
      issuer: https://gitlab.com
      claimsMatchingExpression: {value: "claims['sub'] matches 'project_path:contoso/orders:ref_type:branch:ref:*'"}
  permissions:
    - resource: Microsoft Graph
      roles: [Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All, DelegatedPermissionGrant.ReadWrite.All, Group.ReadWrite.All, User.Read.All, User.ReadWrite.All, User.DeleteRestore.All]
      adminConsent: true
`

// appID returns the client id of the application with a uniqueName.
func (c *realTenants) appID(uniqueName string) string {
	c.t.Helper()
	found := regexp.MustCompile(`"appId":\s*"([^"]+)"`).FindSubmatch(c.graph("GET", "/applications(uniqueName='"+uniqueName+"')?$select=appId", ""))
	if found == nil {
		c.t.Fatalf("the tenant has no application %s", uniqueName)
	}
	return string(found[1])
}

// azureStage is a stage of Azure Pipelines with one job.
type azureStage struct {
	Stage, Condition string
	DependsOn        string `yaml:"dependsOn"`
	Jobs             []struct {
		Steps    []azureStep
		Strategy struct {
			RunOnce struct{ Deploy struct{ Steps []azureStep } } `yaml:"runOnce"`
		}
	}
}

type azureStep struct {
	Bash, Task, Publish, Download, Checkout string
	Artifact, Condition                     string
	Inputs                                  map[string]any
	Env                                     map[string]string
}

var (
	azureMacro    = regexp.MustCompile(`\$\(([A-Za-z.]+)\)`)
	azureVariable = regexp.MustCompile(`^\$?\[?\s*variables\['([^']+)'\]\s*\]?$`)
)

// azureCondition evaluates an expression: succeeded, always, and, eq, ne, texts and variables.
func azureCondition(e string, variables map[string]string, succeeded bool) string {
	e = strings.TrimSpace(e)
	if found := azureVariable.FindStringSubmatch(e); found != nil {
		return variables[found[1]]
	}
	name, rest, call := strings.Cut(e, "(")
	if !call {
		return strings.Trim(e, "'")
	}
	var arguments []string
	depth, begin := 0, 0
	body := strings.TrimSuffix(rest, ")")
	for i, c := range body + "," {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			arguments, begin = append(arguments, azureCondition(body[begin:i], variables, succeeded)), i+1
		}
	}
	switch name {
	case "succeeded":
		return fmt.Sprint(succeeded)
	case "always":
		return "true"
	case "eq":
		return fmt.Sprint(strings.EqualFold(arguments[0], arguments[1]))
	case "ne":
		return fmt.Sprint(!strings.EqualFold(arguments[0], arguments[1]))
	case "and":
		return fmt.Sprint(!slices.Contains(arguments, "false"))
	}
	panic("no such function: " + name)
}

// azurePipelines runs the stages of a pipeline as Azure Pipelines does.
func (r *runner) azurePipelines(variables map[string]string) results {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.repo, "azure-pipelines.yml"))
	if err != nil {
		r.t.Fatal(err)
	}
	var file struct{ Stages []azureStage }
	if err := yaml.Unmarshal(raw, &file); err != nil {
		r.t.Fatal(err)
	}
	done := results{}
	for _, s := range file.Stages {
		succeeded := s.DependsOn == "" || done[s.DependsOn] == "success"
		if !succeeded || s.Condition != "" && azureCondition(s.Condition, variables, succeeded) != "true" {
			done[s.Stage] = "skipped"
			continue
		}
		done[s.Stage] = r.azureJob(s, variables)
	}
	return done
}

func (r *runner) azureJob(s azureStage, variables map[string]string) string {
	r.t.Helper()
	dir := r.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(r.repo)); err != nil {
		r.t.Fatal(err)
	}
	defer r.end(dir)
	own := maps.Clone(variables)
	own["Build.ArtifactStagingDirectory"], own["Pipeline.Workspace"] = r.t.TempDir(), r.t.TempDir()
	fill := func(text string) string {
		return azureMacro.ReplaceAllStringFunc(text, func(m string) string { return own[m[2:len(m)-1]] })
	}
	result := "success"
	fail := func(err error) {
		if err != nil {
			result = "failure"
			r.t.Logf("stage %s failed: %v", s.Stage, err)
		}
	}
	for _, step := range slices.Concat(s.Jobs[0].Steps, s.Jobs[0].Strategy.RunOnce.Deploy.Steps) {
		condition := step.Condition
		if condition == "" {
			condition = "succeeded()"
		}
		if azureCondition(condition, own, result == "success") != "true" {
			continue
		}
		env := []string{"TF_BUILD=True"}
		for k, v := range step.Env {
			env = append(env, k+"="+azureCondition(v, own, true))
		}
		switch {
		case step.Bash != "" && !strings.Contains(step.Bash, "releases/download"): // otherwise the program is on PATH
			fail(r.script(dir, fill(step.Bash), env))
		case step.Task == "AzureCLI@2":
			if _, is := step.Inputs["azureSubscription"].(string); !is {
				r.t.Errorf("stage %s: a step of AzureCLI@2 has no service connection", s.Stage)
			}
			fail(r.script(dir, fill(fmt.Sprint(step.Inputs["inlineScript"])), append(env, r.cloud.administrator...)))
		case step.Publish != "":
			fail(r.upload(dir, step.Artifact, []string{step.Publish}))
		case step.Download != "":
			to := filepath.Join(own["Pipeline.Workspace"], step.Artifact)
			fail(os.CopyFS(to, os.DirFS(r.artifacts[step.Artifact])))
		}
	}
	return result
}

// TestAzurePipelinesFromOpenToMerge executes the pipeline that `ci init azure-devops` writes: a
// pull request is opened and merged, and the nightly pipeline runs.
func TestAzurePipelinesFromOpenToMerge(t *testing.T) {
	t.Parallel()
	r := pipelineRepository(t, "azure-devops")
	on := func(reason, branch string) map[string]string {
		return map[string]string{"Build.Reason": reason, "Build.SourceBranch": branch, "System.PullRequest.PullRequestId": "7", "STAGING_READY": "true", "PRODUCTION_READY": "true"}
	}
	expectResults(t, "opened", r.azurePipelines(on("PullRequest", "refs/pull/7/merge")),
		results{"check": "success", "preview": "success", "plan": "skipped", "apply": "skipped", "collect": "skipped"})
	if raw, err := os.ReadFile(filepath.Join(r.artifacts["CodeAnalysisLogs"], "results.sarif")); err != nil || len(raw) == 0 {
		t.Errorf("the stage check publishes no SARIF: %v", err)
	}
	r.cloud.has("opened", "orders-pr-7.api", true)
	r.cloud.has("opened", "orders.api", false)
	expectResults(t, "merged", r.azurePipelines(on("IndividualCI", "refs/heads/main")),
		results{"check": "success", "preview": "skipped", "plan": "success", "apply": "success", "collect": "skipped"})
	r.cloud.has("merged", "orders.api", true)
	r.cloud.rename("orders.api", "Changed by hand")
	expectResults(t, "a night with drift", r.azurePipelines(on("Schedule", "refs/heads/main")),
		results{"check": "success", "preview": "skipped", "plan": "failure", "apply": "skipped", "collect": "success"})
	r.shell(r.repo, r.cloud.administrator, "provision apply manifests --target production --yes")
	expectResults(t, "a night without drift", r.azurePipelines(on("Schedule", "refs/heads/main")),
		results{"check": "success", "preview": "skipped", "plan": "success", "apply": "skipped", "collect": "success"})
}
