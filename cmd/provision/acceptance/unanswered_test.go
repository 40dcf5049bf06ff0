package acceptance

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"provision/internal/nettest"
)

// TestInterruptOfUnansweredBackend: a command that reads the outputs of a backend that accepts the connection
// and does not answer ends with the exit code of the signal.
func TestInterruptOfUnansweredBackend(t *testing.T) {
	t.Parallel()
	needsTerraform(t)
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			backend, err := nettest.ListenSilently()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(backend.Close)
			p := place{dir: t.TempDir(), env: []string{"PROVISION_PORTS=" + freshPorts().String()}}
			writeFile(t, filepath.Join(p.dir, "site", "page", "main.tf"), "output \"url\" { value = \"http://127.0.0.1:1\" }\n")
			writeFile(t, filepath.Join(p.dir, "site", "stack.yaml"), strings.ReplaceAll(unansweredStack, "ADDRESS", "http://"+backend.Address))
			c := p.command("output", "site", "--write")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.Wait() }()
			select {
			case <-backend.Accepted:
			case err := <-ended:
				t.Fatalf("%v\n%s", err, c.Stdout)
			}
			sent := time.Now()
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			<-ended
			if got := c.ProcessState.ExitCode(); got != code || time.Since(sent) > 50*time.Second { // less than Terraform has for the end of a change
				t.Errorf("exit code %d after %s, want %d\n%s", got, time.Since(sent), code, c.Stdout)
			}
		})
	}
}

const unansweredStack = `apiVersion: provision/v1
kind: Stack
metadata: {name: site}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec: {displayName: Site}
---
apiVersion: provision/v1
kind: Terraform
metadata: {name: page}
spec: {module: ./page, backend: {type: http, config: {address: "ADDRESS"}}}
---
apiVersion: provision/v1
kind: Output
metadata: {name: site}
spec: {file: out/site.env, values: {URL: "${terraform.page.url}"}}
`
