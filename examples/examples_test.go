package examples

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"provision/internal/browsertest"
)

// taken counts the ports of tests: a tenant keeps its port when it is not served, so each test
// uses other ports.
var taken atomic.Int32

// build builds the programs once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "provision-examples-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir, "provision/cmd/provision", "provision/examples/web-client").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := build(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// system is a stack of manifests/ that is applied to a separate tenant, served with Microsoft's
// hosts.
type system struct {
	*testing.T
	dir, programs string
	ports         int               // the first of ten ports for the tenant
	env           map[string]string // the values of the tenant's env file
}

// apply applies the manifests of a folder after edit has changed each file.
func apply(t *testing.T, folder string, edit func(string) string) *system {
	t.Helper()
	programs, err := build()
	if err != nil {
		t.Fatal(err)
	}
	s := &system{T: t, dir: t.TempDir(), programs: programs, ports: 30000 + int(taken.Add(10)%1000)}
	files, err := filepath.Glob(filepath.Join("..", "manifests", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests in %s: %v", folder, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if edit != nil {
			text = []byte(edit(string(text)))
		}
		s.write(filepath.Join("manifests", filepath.Base(file)), text)
	}
	s.start("serving", "provision", "emulator", "--env-file", "local.env", "--tenant", "fabrikam.onmicrosoft.com")
	env, err := os.ReadFile(filepath.Join(s.dir, "local.env"))
	if err != nil {
		t.Fatal(err)
	}
	s.env = map[string]string{}
	for line := range strings.Lines(string(env)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		s.env[name] = value
	}
	s.run("provision", "apply")
	s.run("provision", "exec", "--", "provision", "output", "--write")
	return s
}

func (s *system) write(name string, text []byte) {
	s.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *system) command(args []string) *exec.Cmd {
	c := exec.CommandContext(s.Context(), args[0], args[1:]...)
	if path := filepath.Join(s.programs, args[0]); filepath.Base(args[0]) == args[0] {
		if _, err := os.Stat(path); err == nil {
			c = exec.CommandContext(s.Context(), path, args[1:]...)
		}
	}
	c.Dir = s.dir
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	c.Env = append(os.Environ(), "PATH="+s.programs+string(os.PathListSeparator)+os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1",
		fmt.Sprintf("PROVISION_PORTS=%d-%d", s.ports, s.ports+9))
	return c
}

// run runs a command that must succeed and returns its output.
func (s *system) run(args ...string) string {
	s.Helper()
	c := s.command(args)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		s.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out.String(), problems.String())
	}
	return out.String()
}

// start starts a program that runs until the test ends. It returns the first line of its output
// that begins with a word; the channel gets the lines after it.
func (s *system) start(word string, args ...string) (line string, rest <-chan string) {
	s.Helper()
	c := s.command(args)
	c.Stderr = s.Output()
	out, err := c.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	s.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		for range lines { // until the output ends
		}
		_ = c.Wait() // the exit code of an interrupted program does not matter
	})
	for line := range lines {
		if strings.HasPrefix(line, word) {
			return line, lines
		}
	}
	s.Fatalf("%s: its output ended without %q", strings.Join(args, " "), word)
	return "", nil
}

// api serves the API of the stack under Microsoft's names and returns its URL.
func (s *system) api() string {
	s.Helper()
	line, _ := s.start("serving", "provision", "exec", "--", "provision", "serve", "--listen", "127.0.0.1:0")
	_, url, _ := strings.Cut(line, " on ")
	return url
}

// browser returns a browser that uses the tenant under Microsoft's hosts.
func (s *system) browser() *browsertest.Browser {
	s.Helper()
	return browsertest.Open(s, browsertest.Trust(filepath.Join(s.dir, ".provision", "local", "ca.pem")), browsertest.Proxy(s.env["PROVISION_PROXY"]))
}

// signIn fills in Microsoft's sign-in page for the user ada of the stack.
func (s *system) signIn(b *browsertest.Browser) {
	s.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, ".provision", "local", "passwords.json"))
	if err != nil {
		s.Fatal(err)
	}
	var passwords map[string]string
	if err := json.Unmarshal(raw, &passwords); err != nil {
		s.Fatal(err)
	}
	for name, password := range passwords {
		if strings.HasPrefix(name, "ada") {
			s.signInAs(b, name, password)
			return
		}
	}
	s.Fatal("ada has no password")
}

func (s *system) signInAs(b *browsertest.Browser, name, password string) {
	s.Helper()
	b.Wait("#i0118")
	if address := b.Address(); !strings.HasPrefix(address, "https://login.microsoftonline.com/") {
		s.Errorf("the sign-in page is at %s", address)
	}
	b.Fill("#i0116", name)
	b.Fill("#i0118", password)
	b.Press(browsertest.Enter)
}

// needs skips a test if a program is missing, or fails it if PROVISION_TEST_REQUIRE is "all".
func needs(t *testing.T, there bool, what, how string) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("PROVISION_TEST_REQUIRE") == "all":
		t.Fatalf("%s is needed: %s", what, how)
	default:
		t.Skipf("%s is needed: %s", what, how)
	}
}

func onPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// absolute returns the absolute path of a path in this folder, for a program that runs in another
// folder.
func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// freePort returns a free port of loopback. It is outside of the ranges from which the system and
// local tenants choose ports, so that it stays free until the program under test uses it.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 31000+rand.IntN(1768)))
		if err != nil {
			continue
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return port
	}
	t.Fatal("no free port between 31000 and 32767")
	return ""
}
