package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trial is one way to interrupt commands that change a tenant.
type trial struct {
	seed    uint64
	applies int    // number of processes that run in parallel
	folders bool   // each process has a separate folder, as on separate machines
	same    bool   // all processes apply the same stacks
	verb    string // the interrupted command: apply, or destroy after an apply
	write   int    // the write that is interrupted, counted from 0
	what    string // the kind of interruption; see disturb
}

func (c trial) String() string {
	where, of := "one folder", "different stacks"
	if c.folders {
		where = "one tenant"
	}
	if c.same {
		of = "the same stacks"
	}
	return fmt.Sprintf("%d × %s on %s, %s, %s at write %d (trial %d)", c.applies, c.verb, where, of, c.what, c.write, c.seed)
}

// disturbances are the kinds of interruption: signals to some of the processes, and faulty answers of
// the tenant. In "504 done" and "drop" the tenant executes the write.
var disturbances = []string{"SIGINT", "SIGTERM", "SIGKILL", "SIGKILL all", "nothing", "503", "429", "504 done", "drop"}

func newTrial(seed uint64) trial {
	r := rand.New(rand.NewPCG(seed, 10))
	c := trial{seed: seed, applies: []int{1, 2, 2, 4, 12}[r.IntN(5)], folders: r.IntN(2) == 0, same: r.IntN(2) == 0, verb: "apply",
		what: disturbances[r.IntN(len(disturbances))]}
	objects := 14 // the number of objects that an apply of one stack creates
	if !c.same {
		objects *= c.applies
	}
	c.write = r.IntN(objects)
	if r.IntN(4) == 0 {
		c.verb = "destroy"
	}
	return c
}

// TestInterruptedCommands interrupts applies and destroys in the middle of their writes. In every
// case, the next apply completes the work, a plan after it is empty, and a destroy restores the
// directory. PROVISION_TEST_TRIALS=N runs trials 0 to N-1, PROVISION_TEST_TRIAL=N runs one trial.
func TestInterruptedCommands(t *testing.T) {
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("runs many commands")
	}
	trials := []trial{
		{1, 2, false, true, "apply", 3, "SIGINT"},
		{2, 2, true, true, "apply", 6, "SIGKILL"},
		{3, 4, true, false, "apply", 20, "504 done"},
		{4, 4, false, false, "apply", 40, "SIGKILL all"},
		{5, 1, false, true, "destroy", 2, "SIGKILL"},
		{66, 4, true, true, "destroy", 8, "SIGKILL all"},
	}
	if n, err := strconv.ParseUint(os.Getenv("PROVISION_TEST_TRIAL"), 10, 64); err == nil {
		trials = []trial{newTrial(n)}
	} else if n, err := strconv.ParseUint(os.Getenv("PROVISION_TEST_TRIALS"), 10, 64); err == nil {
		trials = nil
		for seed := range n {
			trials = append(trials, newTrial(seed))
		}
	}
	for _, c := range trials {
		t.Run(strconv.FormatUint(c.seed, 10), func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

// place is a folder and the command line that runs in it.
type place struct {
	dir  string
	env  []string
	args []string // arguments of every command
}

func (p place) command(args ...string) *exec.Cmd {
	c := exec.Command("provision", append(args, p.args...)...)
	c.Dir, c.Env = p.dir, append([]string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH")}, p.env...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	return c
}

// must runs a command that must succeed.
func (p place) must(t *testing.T, args ...string) {
	t.Helper()
	c := p.command(args...)
	if err := c.Run(); err != nil {
		t.Fatalf("provision %s: %v\n%s", strings.Join(args, " "), err, c.Stdout)
	}
}

func (c trial) run(t *testing.T) {
	home := place{dir: t.TempDir(), env: []string{"PROVISION_PORTS=" + freshPorts().String()}}
	tenant := serveForTrial(t, home)
	before := tenant.snapshot(t)

	places := make([]place, c.applies)
	for i := range places {
		places[i] = home
		if c.folders {
			places[i] = tenant.elsewhere(t)
		}
		manifests := places[i].dir + "/manifests"
		names := []string{"s"}
		if !c.same {
			names = []string{fmt.Sprintf("s%d", i)}
			manifests += "/" + names[0]
		}
		for _, name := range names {
			text := strings.ReplaceAll(interruptedStack, "NAME", name)
			if c.same && c.folders { // only one machine has the value of a secret
				text = strings.ReplaceAll(text, "secrets: [{name: key}], ", "")
			}
			writeFile(t, filepath.Join(manifests, "stack.yaml"), text)
		}
		places[i].args = append([]string{manifests}, places[i].args...)
	}
	if c.verb == "destroy" {
		for _, p := range places {
			p.must(t, "apply", "--yes")
		}
	}
	c.disturb(t, tenant, places)
	for _, p := range places {
		p.must(t, "apply", "--yes")
	}
	for _, p := range places {
		p.must(t, "plan", "--detailed-exitcode")
	}
	for _, p := range places {
		p.must(t, "destroy", "--yes")
	}
	if after := tenant.snapshot(t); before != after {
		t.Errorf("%s: the directory is not as before:\n%s", c, after)
	}
}

// disturb runs the commands in parallel, interrupts them, and waits until all have ended.
func (c trial) disturb(t *testing.T, tenant servedTenant, places []place) {
	rule := map[string]any{"name": "here", "method": "write", "path": "/v1.0/*", "skip": c.write, "next": 1}
	var signal os.Signal
	switch c.what {
	case "SIGINT":
		signal = os.Interrupt
	case "SIGTERM":
		signal = syscall.SIGTERM
	case "SIGKILL", "SIGKILL all":
		signal = os.Kill
	case "503":
		rule["status"] = 503
	case "429":
		rule["status"], rule["retryAfter"] = 429, "1s"
	case "504 done":
		rule["status"], rule["done"] = 504, true
	case "drop":
		rule["drop"], rule["done"] = true, true
	}
	if signal != nil {
		rule["latency"] = "500ms" // meanwhile the write is in progress
	}
	if c.what != "nothing" {
		tenant.manage(t, http.MethodPost, "/faults", []any{rule})
	}
	commands, ended := make([]*exec.Cmd, len(places)), make(chan int, len(places))
	errs := make([]error, len(places))
	for i, p := range places {
		commands[i] = p.command(c.verb, "--yes")
		if err := commands[i].Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			errs[i] = commands[i].Wait()
			ended <- i
		}()
	}
	left := len(places)
	for signal != nil && left > 0 && !tenant.met(t) {
		select {
		case <-ended:
			left--
		case <-time.After(5 * time.Millisecond):
		}
	}
	for i, command := range commands {
		if signal != nil && (i%2 == 0 || c.what == "SIGKILL all") {
			_ = command.Process.Signal(signal) // it may have ended already
		}
	}
	for ; left > 0; left-- {
		<-ended
	}
	if c.what != "nothing" {
		tenant.manage(t, http.MethodDelete, "/faults", nil)
	}
	for i, err := range errs { // commands that share a folder wait for each other, so all of them must succeed
		if err != nil && c.what == "nothing" && !c.folders {
			t.Errorf("%s: %v\n%s", c, err, commands[i].Stdout)
		}
	}
	if c.what == "SIGINT" && len(places) == 1 {
		if code := commands[0].ProcessState.ExitCode(); code != 0 && code != 1 && code != 130 {
			t.Errorf("%s: exit code %d\n%s", c, code, commands[0].Stdout)
		}
	}
}

// servedTenant is a local tenant that a separate process serves.
type servedTenant struct {
	dir      string
	settings map[string]string // the values of its env file
}

func serveForTrial(t *testing.T, p place) servedTenant {
	t.Helper()
	c := p.command("emulator", "--env-file", "local.env", "--proxy", "127.0.0.1:0")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	var raw []byte
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		raw, _ = os.ReadFile(filepath.Join(p.dir, "local.env"))
		if _, err := os.Stat(filepath.Join(p.dir, ".provision/local/serving.json")); err == nil && len(raw) > 0 {
			break // the file is written as a whole
		}
		if time.Now().After(deadline) {
			t.Fatalf("the tenant is not served: %s", c.Stdout)
		}
	}
	s := servedTenant{p.dir, map[string]string{}}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		s.settings[name] = value
	}
	return s
}

// elsewhere returns another folder, in which the tenant is a target of provision.yaml.
func (s servedTenant) elsewhere(t *testing.T) place {
	p := place{dir: t.TempDir(), args: []string{"--target", "shared"}}
	writeFile(t, filepath.Join(p.dir, "provision.yaml"), "targets: {shared: {tenant: "+s.settings["AZURE_TENANT_ID"]+"}}\n")
	for _, name := range []string{"SSL_CERT_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"} {
		p.env = append(p.env, name+"="+s.settings[name])
	}
	p.env = append(p.env, "HTTPS_PROXY="+s.settings["PROVISION_PROXY"])
	return p
}

func (s servedTenant) manage(t *testing.T, method, path string, body any) []byte {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.settings["PROVISION_MANAGEMENT_URL"]+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.settings["PROVISION_MANAGEMENT_KEY"])
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, read, err)
	}
	return read
}

// snapshot returns the directory by natural keys.
func (s servedTenant) snapshot(t *testing.T) string {
	t.Helper()
	return string(s.manage(t, http.MethodGet, "/snapshot", nil))
}

// met reports whether the rule of a trial has matched its write.
func (s servedTenant) met(t *testing.T) bool {
	t.Helper()
	return strings.Contains(strings.ReplaceAll(string(s.manage(t, http.MethodGet, "/faults", nil)), " ", ""), `"fired":1`)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const interruptedStack = `apiVersion: provision/v1
kind: Stack
metadata: {name: NAME}
---
apiVersion: provision/v1
kind: User
metadata: {name: ada}
spec: {userPrincipalName: "ada.NAME@${tenant.domain}", displayName: Ada}
---
apiVersion: provision/v1
kind: User
metadata: {name: ben}
spec: {userPrincipalName: "ben.NAME@${tenant.domain}", displayName: Ben}
---
apiVersion: provision/v1
kind: Group
metadata: {name: operators}
spec: {members: [{user: ben}]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec:
  displayName: NAME API
  identifierUris: ["api://${appId}"]
  api:
    oauth2PermissionScopes: [{value: Orders.Read}, {value: Orders.Write}]
    preAuthorizedApplications: [{application: page, scopes: [Orders.Read]}]
  appRoles:
    - {value: Orders.Admin, displayName: Administrator, allowedMemberTypes: [User]}
    - {value: Orders.Process, displayName: Processor, allowedMemberTypes: [User, Application]}
  roleAssignments:
    - {role: Orders.Admin, users: [ada]}
    - {role: Orders.Process, groups: [operators]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: page}
spec:
  displayName: NAME page
  spa: {redirectUris: ["http://localhost:5173"]}
  permissions: [{resource: api, scopes: [Orders.Write], adminConsent: true}]
---
apiVersion: provision/v1
kind: Application
metadata: {name: service}
spec: {displayName: NAME service, secrets: [{name: key}], permissions: [{resource: api, roles: [Orders.Process], adminConsent: true}]}
`
