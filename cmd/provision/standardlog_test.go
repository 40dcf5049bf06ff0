package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheStandardLoggerIsSilent: if an API sends bytes after its answer, net/http logs them, and
// they can contain the token. The program must not print this log.
func TestTheStandardLoggerIsSilent(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		status := "401 Unauthorized"
		if r.Header.Get("Authorization") != "" {
			status = "200 OK"
		}
		fmt.Fprintf(connection, "HTTP/1.1 %s\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\n\r\n{}\n::error::you sent %s", status, r.Header.Get("Authorization"))
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		_, _ = connection.Read(make([]byte, 1)) // until the client closes it
	}))
	defer api.Close()
	manifests, err := filepath.Abs(filepath.Join("..", "..", "manifests", "vscode-fastapi"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := exec.Command("provision", "apply", manifests, "--verify", "--url", api.URL)
	c.Dir, c.Env = dir, append(c.Environ(), "PROVISION_PORTS="+freshPorts().String())
	said, _ := c.CombinedOutput() // the run fails because the API is open
	if text := string(said); !strings.Contains(text, "finding 1") || strings.Contains(text, "Unsolicited") || strings.Contains(text, "you sent Bearer eyJ") || strings.Contains(text, "\n::error") {
		t.Errorf("output:\n%.2000s", text)
	}
}
