package acceptance

import (
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
	section := regexp.MustCompile("(?s)## Run your own API.*?```sh\n(.*?)```.*?```yaml\n(.*?)```.*?```sh\n(.*?)```").FindStringSubmatch(string(page))
	if section == nil {
		t.Fatal("hosting.md has no commands and no document for an API of one's own")
	}
	port, err := nettest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(script string) {
		t.Helper()
		c := exec.Command("bash", "-ec", script)
		c.Dir, c.Env = dir, append(os.Environ(), "PATH="+programFolder+":/usr/bin:"+os.Getenv("PATH"), "PROVISION_PORTS="+freshPorts().String())
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
	// The shell of a reader continues after apply; this one ends what it has started.
	run(strings.ReplaceAll(section[3], "provision emulator &", "provision emulator & trap 'kill $!; wait' EXIT") + "\nprovision destroy orders")
}
