package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"provision/internal/nettest"
)

// TestPullRequestFromOpenToClose executes the workflows that `ci init` writes, step by step, with
// a local tenant instead of real ones and an issuer of GitHub's tokens on loopback: a pull
// request is opened, updated, merged and closed, and the nightly workflow runs.
func TestPullRequestFromOpenToClose(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	needs(t, "jq")
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("it runs the workflows of a whole life of a pull request")
	}
	hub := newHub(t)
	cloud := newCloud(t, hub)
	port, err := nettest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	repo := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(repo, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("manifests/stack.yaml", pullRequestManifest)
	write("provision.yaml", "targets:\n  staging: {tenant: "+cloud.tenant+"}\n  production: {tenant: "+cloud.tenant+"}\n")
	r := &runner{t: t, hub: hub, cloud: cloud, repo: repo, bin: programFolder, artifacts: map[string]string{}}

	// An administrator prepares the repository.
	r.shell(repo, nil, "provision ci init github --release contoso/provision@v1 --start 'provision serve manifests --listen 127.0.0.1:"+port+"' --api-url http://127.0.0.1:"+port)
	for _, target := range []string{"staging", "production"} {
		r.shell(repo, cloud.administrator, "provision ci bootstrap github contoso/orders --yes --target "+target)
	}
	for _, name := range []string{"STAGING_TENANT_ID", "STAGING_PLAN_CLIENT_ID", "STAGING_APPLY_CLIENT_ID", "PRODUCTION_PLAN_CLIENT_ID"} {
		if hub.variables[name] == "" {
			t.Fatalf("bootstrap has not set %s: %v", name, hub.variables)
		}
	}
	if !slices.Equal(hub.environments, []string{"staging", "production"}) {
		t.Errorf("the environments are %v", hub.environments)
	}
	if err := os.RemoveAll(filepath.Join(repo, ".provision")); err != nil { // a runner starts without this folder
		t.Fatal(err)
	}

	pr := map[string]string{"github.event.pull_request.number": "7", "github.event.pull_request.head.repo.full_name": "contoso/orders"}
	on := func(action string) map[string]string {
		all := map[string]string{"github.event.action": action}
		for k, v := range pr {
			all[k] = v
		}
		return all
	}
	expect := func(what string, got results, want map[string]string) {
		t.Helper()
		for job, result := range want {
			if got[job] != result {
				t.Errorf("%s: job %s is %s, want %s", what, job, got[job], result)
			}
		}
	}

	got := r.workflow("provision-pull-request.yml", "pull_request", on("opened"))
	expect("open", got, map[string]string{"check": "success", "plan": "success", "comment": "success", "preview": "success", "close": "skipped"})
	for _, part := range []string{"provision check: success", "### Plan on an empty tenant", "### Plan on staging", "+ application orders.api"} {
		if !strings.Contains(hub.comment, part) {
			t.Errorf("the comment lacks %q:\n%s", part, hub.comment)
		}
	}
	for _, report := range []string{"results.xml", "results.sarif", "report.html"} {
		if raw, err := os.ReadFile(filepath.Join(r.artifacts["provision-check"], report)); err != nil || len(raw) == 0 {
			t.Errorf("there is no %s: %v", report, err)
		}
	}
	cloud.has("open", "orders-pr-7.api", true)
	cloud.has("open", "orders.api", false)

	write("manifests/stack.yaml", strings.Replace(pullRequestManifest, "displayName: Orders", "displayName: Orders and returns", 1))
	hub.immutable = true // the repository changes to subjects with ids
	expect("push", r.workflow("provision-pull-request.yml", "pull_request", on("synchronize")), map[string]string{"check": "success", "plan": "success", "preview": "success"})
	if !strings.Contains(hub.comment, "Orders and returns") {
		t.Errorf("the comment of the push does not show the change:\n%s", hub.comment)
	}

	expect("close", r.workflow("provision-pull-request.yml", "pull_request", on("closed")), map[string]string{"check": "skipped", "preview": "skipped", "close": "success"})
	cloud.has("close", "orders-pr-7.api", false)
	expect("merge", r.workflow("provision-deploy.yml", "ref", nil), map[string]string{"plan": "success", "apply": "success"})
	cloud.has("merge", "orders.api", true)
	expect("another push", r.workflow("provision-deploy.yml", "ref", nil), map[string]string{"plan": "success", "apply": "skipped"})

	// Another pull request was closed without a cleanup, and somebody has changed production by
	// hand.
	pr["github.event.pull_request.number"] = "8"
	r.workflow("provision-pull-request.yml", "pull_request", on("opened"))
	cloud.has("night", "orders-pr-8.api", true)
	hub.open = `pr-9`
	expect("a quiet night", r.workflow("provision-nightly.yml", "ref", nil), map[string]string{"drift": "success", "collect": "success"})
	cloud.has("night", "orders-pr-8.api", false)
	cloud.rename("orders.api", "Changed by hand")
	expect("drift", r.workflow("provision-nightly.yml", "ref", nil), map[string]string{"drift": "failure", "collect": "success"})

	// The deployer does not accept the token of another environment.
	hub.subject = "environment:elsewhere"
	expect("elsewhere", r.workflow("provision-nightly.yml", "ref", nil), map[string]string{"collect": "failure"})
}

const pullRequestManifest = `apiVersion: provision/v1
kind: Stack
metadata: {name: orders}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec:
  displayName: Orders
  identifierUris: ["api://${appId}"]
  api:
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [{value: Orders.Read}, {value: Orders.Write}]
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec:
  displayName: Orders Client
  isFallbackPublicClient: true
  publicClient: {redirectUris: [http://localhost]}
  permissions: [{resource: api, scopes: [Orders.Read], adminConsent: true}]
---
apiVersion: provision/v1
kind: User
metadata: {name: ada}
spec: {userPrincipalName: "ada.orders@${tenant.domain}", displayName: Ada}
---
apiVersion: provision/v1
kind: Conformance
metadata: {name: api}
spec:
  resource: api
  client: client
  excused: [{case: "*", reason: one client is enough here}]
  endpoints: [{request: GET /orders, requires: {scopes: [Orders.Read]}}]
---
apiVersion: provision/v1
kind: Output
metadata: {name: api}
spec: {file: out/api.env, values: {CLIENT_ID: "${applications.api.appId}"}}
`

// realTenants is a local tenant that represents the real ones.
type realTenants struct {
	t             *testing.T
	dir, tenant   string
	environment   []string // the environment in which programs find it under Microsoft's hosts
	administrator []string
}

func newCloud(t *testing.T, hub *hub) *realTenants {
	t.Helper()
	c := &realTenants{t: t, dir: t.TempDir()}
	base := append(os.Environ(), "HOME="+c.dir, "PROVISION_PORTS="+freshPorts().String(), "PATH="+programFolder+string(filepath.ListSeparator)+os.Getenv("PATH"))
	serve := exec.Command(filepath.Join(programFolder, "provision"), "emulator", "--env-file", "local.env")
	serve.Dir, serve.Env = c.dir, append(base, "HTTPS_PROXY="+hub.proxy, "SSL_CERT_FILE="+hub.ca)
	var out bytes.Buffer
	serve.Stdout, serve.Stderr = &out, &out
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		if err := serve.Wait(); err != nil {
			t.Logf("the tenant ended with %v: %s", err, out.String())
		}
	})
	awaitFile(t, filepath.Join(c.dir, "local.env"))
	show := exec.Command(filepath.Join(programFolder, "provision"), "exec", "--credentials", "--", "env")
	show.Dir, show.Env = c.dir, base
	said, err := show.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(said)) {
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, "=")
		switch {
		case name == "AZURE_TENANT_ID":
			c.tenant = value
			fallthrough
		case name == "AZURE_CLIENT_ID", name == "AZURE_CLIENT_SECRET":
			c.administrator = append(c.administrator, line)
		case slices.Contains([]string{"HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NO_PROXY", "no_proxy"}, name):
			c.environment = append(c.environment, line)
		}
	}
	return c
}

// graph sends a request to Graph as the administrator.
func (c *realTenants) graph(method, path, body string) []byte {
	c.t.Helper()
	const token = `token=$(curl -sSf -d "grant_type=client_credentials&client_id=$AZURE_CLIENT_ID&client_secret=$AZURE_CLIENT_SECRET&scope=https://graph.microsoft.com/.default" "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token" | jq -r .access_token)
curl -sSf -g -X "$METHOD" -H "Authorization: Bearer $token" -H "Content-Type: application/json" ${BODY:+-d "$BODY"} "https://graph.microsoft.com/v1.0$GRAPH_PATH"`
	run := exec.Command("bash", "-ec", token)
	run.Env = slices.Concat(os.Environ(), c.environment, c.administrator, []string{"METHOD=" + method, "GRAPH_PATH=" + path, "BODY=" + body})
	var failed bytes.Buffer
	run.Stderr = &failed
	out, err := run.Output()
	if err != nil {
		c.t.Fatalf("%s %s: %v %s", method, path, err, failed.String())
	}
	return out
}

// find returns the id of the application with a uniqueName, or "".
func (c *realTenants) find(uniqueName string) string {
	c.t.Helper()
	var all struct {
		Value []struct{ ID, UniqueName string }
	}
	if err := json.Unmarshal(c.graph("GET", "/applications?$select=id,uniqueName", ""), &all); err != nil {
		c.t.Fatal(err)
	}
	for _, a := range all.Value {
		if a.UniqueName == uniqueName {
			return a.ID
		}
	}
	return ""
}

func (c *realTenants) has(when, uniqueName string, want bool) {
	c.t.Helper()
	if has := c.find(uniqueName) != ""; has != want {
		c.t.Errorf("%s: the tenant has %s: %t, want %t", when, uniqueName, has, want)
	}
}

func (c *realTenants) rename(uniqueName, displayName string) {
	c.t.Helper()
	c.graph("PATCH", "/applications/"+c.find(uniqueName), fmt.Sprintf(`{"displayName": %q}`, displayName))
}

// answerJSON answers a value as JSON.
func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // it fails only if the caller has closed the connection
}
