package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"

	"provision/internal/nettest"
	"provision/localtenant"
	"provision/reconcile/sink/sinktest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"provision": main,
		"goclient":  goClient,
		"xdg-open":  openAsPerson,
	})
}

// TestScripts runs testdata/script/*.txtar. Beside testscript's own commands
// they know:
//
//	exits N COMMAND…          run a command that must end with exit code N
//	tenant                    serve the local tenant for the rest of the script
//	graph METHOD PATH [FILE]  a request to Graph as the administrator; the answer is stdout
//	graphid NAME PATH         the id of the one object that a list shows, as $NAME
//	dump FILE                 the directory by natural keys
//	until FILE TEXT           until a file holds a text
//	writer [VERB]             change the local tenant, as process 4711, until the next writer
//	github NAME               the value of a secret of contoso/orders, which is at $GITHUB
//
// and the condition [have:PROGRAM], for the programs in programs_test.go.
func TestScripts(t *testing.T) {
	needs(t, "sh")
	hub := sinktest.NewGitHub(t, "contoso/orders")
	ca := filepath.Join(t.TempDir(), "github.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hub.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			manifests, err := filepath.Abs(filepath.Join("..", "..", "manifests", "vscode-fastapi"))
			if err != nil {
				return err
			}
			env.Setenv("MANIFESTS", manifests)
			port, err := nettest.FreePort()
			if err != nil {
				return err
			}
			env.Setenv("PORT", port)
			env.Setenv("PROVISION_PORTS", freshPorts().String())
			env.Setenv("GITHUB", hub.URL)
			env.Setenv("GITHUB_CA", ca)
			env.Defer(func() { endProcesses(t, env.WorkDir) })
			return setPrograms(env)
		},
		Condition: have,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"tenant":  serveScriptTenant,
			"graph":   graphCommand,
			"graphid": graphID,
			"dump":    dump,
			"until":   until,
			"writer":  (&scriptWriters{}).command,
			"github": func(ts *testscript.TestScript, neg bool, args []string) {
				text, ok := hub.Secret("", args[0])
				if !ok {
					ts.Fatalf("GitHub has no secret %s", args[0])
				}
				fmt.Fprintln(ts.Stdout(), text)
			},
		},
	})
}

// endProcesses ends the processes that a failed script has left in the background: those in files
// named pid or *.pid, if they run in the script's folder.
func endProcesses(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "pid" && filepath.Ext(path) != ".pid" {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
		if err != nil || pid <= 1 {
			return nil
		}
		here, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
		if err != nil || here != dir && !strings.HasPrefix(here, dir+string(filepath.Separator)) {
			return nil // it has ended, and another process may have the number now
		}
		process, err := os.FindProcess(pid)
		if err == nil {
			err = process.Kill()
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("process %d of %s: %v", pid, path, err)
		}
		return nil
	})
	if err != nil {
		t.Errorf("end the processes of %s: %v", dir, err)
	}
}

// TestAFailedScriptLeavesNoProcess, for every file that contains its number.
func TestAFailedScriptLeavesNoProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("the working directory of a process cannot be read here")
	}
	if _, err := exec.LookPath("sleep"); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := func(dir string) *exec.Cmd {
		c := exec.Command("sleep", "600")
		c.Dir = dir
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	inside, outside := run(dir), run(t.TempDir())
	for name, c := range map[string]*exec.Cmd{"em.pid": inside, "pid": outside} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strconv.Itoa(c.Process.Pid)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	endProcesses(t, dir)
	if err := inside.Wait(); err == nil || inside.ProcessState.Success() {
		t.Errorf("the process of the script ended with %v, want it killed", err)
	}
	if err := outside.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("another process was ended, too: %v", err)
	}
	_ = outside.Process.Kill()
	_ = outside.Wait()
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// patience is the maximum time to wait for an event. It is long because the machine may be busy;
// only a failure takes that long.
const patience = 2 * time.Minute

func serveScriptTenant(ts *testscript.TestScript, neg bool, args []string) {
	c := exec.Command("provision", "emulator", "--env-file", "local.env")
	c.Path = lookPath(ts)
	c.Dir = ts.Getenv("WORK")
	c.Env = []string{"HOME=" + ts.Getenv("WORK"), "PATH=" + ts.Getenv("PATH"), "PROVISION_PORTS=" + ts.Getenv("PROVISION_PORTS")}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	ts.Check(c.Start())
	ts.Defer(func() {
		_ = c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			ts.Logf("the tenant ended with %v: %s", err, out.String())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(".provision/local/serving.json")); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the tenant does not serve: %s", out.String())
		}
	}
}

func lookPath(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(dir, "provision"); fileExists(p) {
			return p
		}
	}
	ts.Fatalf("no provision on PATH")
	return ""
}

func fileExists(path string) bool { _, err := os.Stat(path); return err == nil }

// scriptTenant returns the served tenant of a script, in the state in which a new user finds it.
func scriptTenant(ts *testscript.TestScript) (localtenant.Served, *http.Client) {
	var s localtenant.Served
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(".provision/local/serving.json")), &s))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ts.ReadFile(".provision/local/ca.pem")))
	return s, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}, Timeout: patience}
}

// variable matches a variable of scripts, and not $filter.
var variable = regexp.MustCompile(`\$[A-Z_]+`)

func request(ts *testscript.TestScript, method, path string, body []byte) []byte {
	s, client := scriptTenant(ts)
	answer, err := client.PostForm(s.Origin+"/"+s.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.ClientID}, "client_secret": {s.ClientSecret},
		"scope": {"https://graph.microsoft.com/.default"}})
	ts.Check(err)
	defer answer.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	ts.Check(json.NewDecoder(answer.Body).Decode(&token))
	path = variable.ReplaceAllStringFunc(path, func(v string) string { return ts.Getenv(v[1:]) })
	r, err := http.NewRequest(method, s.Origin+"/v1.0"+strings.ReplaceAll(path, " ", "%20"), bytes.NewReader(body))
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+token.AccessToken)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("ConsistencyLevel", "eventual")
	result, err := client.Do(r)
	ts.Check(err)
	defer result.Body.Close()
	raw, err := io.ReadAll(result.Body)
	ts.Check(err)
	if result.StatusCode >= 300 {
		ts.Fatalf("%s %s: %d %s", method, path, result.StatusCode, raw)
	}
	return raw
}

func graphCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: graph METHOD PATH [FILE]")
	}
	var body []byte
	if len(args) > 2 {
		body = []byte(os.Expand(ts.ReadFile(args[2]), ts.Getenv))
	}
	raw := request(ts, args[0], args[1], body)
	fmt.Fprintln(ts.Stdout(), string(raw))
}

func graphID(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: graphid NAME PATH")
	}
	var page struct {
		ID    string
		Value []struct{ ID string }
	}
	ts.Check(json.Unmarshal(request(ts, http.MethodGet, args[1], nil), &page))
	if page.ID == "" && len(page.Value) == 1 {
		page.ID = page.Value[0].ID
	}
	if page.ID == "" {
		ts.Fatalf("%s shows %d objects, want one", args[1], len(page.Value))
	}
	ts.Setenv(args[0], page.ID)
}

func dump(ts *testscript.TestScript, neg bool, args []string) {
	s, _ := scriptTenant(ts)
	r, err := http.NewRequest(http.MethodGet, s.ManagementURL+"/snapshot", nil)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+s.ManagementKey)
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("snapshot: %d %s", answer.StatusCode, raw)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until FILE TEXT")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		raw, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(raw), args[1]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not come to hold %q: %s", args[0], args[1], raw)
		}
	}
}

// scriptWriters hold the lock of a script's local tenant, like a command that changes it.
type scriptWriters struct{ held sync.Map }

func (w *scriptWriters) command(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(".provision/local")
	if l, ok := w.held.LoadAndDelete(dir); ok {
		ts.Check(l.(*flock.Flock).Close())
	}
	if len(args) == 0 {
		return
	}
	l := flock.New(filepath.Join(dir, "writer.lock"))
	if ok, err := l.TryLock(); !ok {
		ts.Fatalf("somebody has the lock: %v", err)
	}
	w.held.Store(dir, l)
	ts.Defer(func() { l.Close() })
	ts.Check(os.WriteFile(filepath.Join(dir, "writer.json"), []byte(fmt.Sprintf(`{"pid": 4711, "verb": %q, "since": "2026-01-02T03:04:05Z"}`, args[0])), 0o600))
}
