package emulator

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServedOnLoopback(t *testing.T) {
	t.Parallel()
	listeners, err := Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a", "local")
	e, err := New(Config{Dir: dir, Origin: Origin(listeners)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the state directory: %v, %v", info, err)
	}
	server, err := e.Serve(listeners)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.Authority().Pool()}}}
	for _, l := range listeners {
		if !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
			t.Errorf("%v is no loopback address", l.Addr())
		}
		for _, path := range []string{"/v1.0/applications", "/common/v2.0/.well-known/openid-configuration"} {
			response, err := client.Get("https://" + l.Addr().String() + path)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if want := map[bool]int{true: 401, false: 200}[path == "/v1.0/applications"]; response.StatusCode != want {
				t.Errorf("GET %s on %v: %d %s", path, l.Addr(), response.StatusCode, body)
			}
			if path != "/v1.0/applications" && !strings.Contains(string(body), Origin(listeners)+"/") {
				t.Errorf("discovery does not speak of %s: %s", Origin(listeners), body)
			}
		}
	}
	port := listeners[0].Addr().(*net.TCPAddr).Port
	if _, err := Listen(fmt.Sprintf("127.0.0.1:%d", port)); err == nil || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("listening on a port that is taken: %v", err)
	}
	client.CloseIdleConnections()
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if _, err := net.Dial("tcp", listeners[0].Addr().String()); err == nil {
		t.Error("a server that was shut down still listens")
	}
	select {
	case err := <-server.Failed():
		t.Errorf("shutdown counts as failure: %v", err)
	default:
	}
}

func TestInvalidAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost", "localhost:https", "localhost:99999", "127.0.0.1:-1"} {
		if _, err := Listen(address); err == nil || !strings.HasPrefix(err.Error(), "listen on") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := New(Config{Origin: "http://localhost"}); err == nil {
		t.Error("an origin without TLS is taken")
	}
}

func TestStateDirectoryAdmitsOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := New(Config{Dir: dir, Origin: "https://localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := New(Config{Dir: dir, Origin: "https://localhost:1"}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second tenant on one directory: %v", err)
	}
}

// BenchmarkReopen measures the start of an existing tenant.
func BenchmarkReopen(b *testing.B) {
	dir := b.TempDir()
	for i := 0; b.Loop(); i++ {
		e, err := New(Config{Dir: dir, Origin: "https://localhost:1"})
		if err != nil {
			b.Fatal(err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		if i == 0 {
			b.ResetTimer() // the first run generates keys
		}
	}
}
