package acceptance

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"provision/internal/nettest"
)

// TestHostOwnAPI follows "Run your own API" of docs/hosting.md in an empty folder, with the
// FastAPI sample of docs/your-api.md and another port.
func TestHostOwnAPI(t *testing.T) {
	t.Parallel()
	needsTerraform(t)
	needs(t, "uvicorn")
	needsFastAPI(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "hosting.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile("(?s)## Run your own API.*?```sh\n(.*?)```.*?```yaml\n(.*?)```.*?```sh\n(.*?)```.*?```sh\n(.*?)```").FindStringSubmatch(string(page))
	if section == nil {
		t.Fatal("hosting.md has no commands and no document for the user's own API")
	}
	port, err := nettest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, ports := t.TempDir(), freshPorts().String()
	command := func(script string) *exec.Cmd {
		c := exec.Command("bash", "-ec", script)
		c.Dir, c.Env = dir, append(os.Environ(), "PATH="+programFolder+":/usr/bin:"+os.Getenv("PATH"), "PROVISION_PORTS="+ports)
		return c
	}
	run := func(script string) {
		t.Helper()
		c := command(script)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.py", fastAPISample(t))
	run(section[1])
	write(filepath.Join("orders", "hosting.yaml"), strings.ReplaceAll(section[2], "8000", port))
	emulator := command("exec " + section[3])
	output, err := emulator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := emulator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		emulator.Process.Signal(os.Interrupt) // Wait returns an error if it has ended
		emulator.Wait()
	})
	if line, err := bufio.NewReader(output).ReadString('\n'); !strings.HasPrefix(line, "serving the local tenant") {
		t.Fatalf("emulator prints %q, %v", line, err)
	}
	run(section[4] + "provision destroy orders")
}
