package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"provision/internal/browsertest"
)

// served runs a command that serves until the test ends. It returns the lines of its output up to
// the first one that begins with last.
func served(t *testing.T, last string, args ...string) []string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, args, streams{strings.NewReader(""), in, t.Output()})
		in.Close()
	}()
	t.Cleanup(func() {
		stop()
		go func() { _, _ = io.Copy(io.Discard, out) }()
		if code := <-done; code != 0 {
			t.Errorf("provision %s: exit code %d", args[0], code)
		}
	})
	var lines []string
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if strings.HasPrefix(scanner.Text(), last) {
			return lines
		}
	}
	t.Fatalf("provision %s ended: %q", strings.Join(args, " "), lines)
	return nil
}

// must runs a command that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	var out strings.Builder
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, t.Output()}); code != 0 {
		t.Fatalf("provision %s: exit code %d", strings.Join(args, " "), code)
	}
	return out.String()
}

// withoutFiles copies a ready-made stack to a folder, without the documents that write files into
// the working directory.
func withoutFiles(t *testing.T, system string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"stack.yaml", "people.yaml", "conformance.yaml", "hosting.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../manifests", system, name))
		if name == "hosting.yaml" && errors.Is(err, os.ErrNotExist) {
			continue // some stacks have no hosting
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// generated returns the password that provision generated for a user.
func generated(t *testing.T, state, prefix string) (name, password string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(state, "passwords.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for name, password := range all {
		if strings.HasPrefix(name, prefix) {
			return name, password
		}
	}
	t.Fatalf("%s has no password", prefix)
	return "", ""
}

// TestDocsPageSignsIn opens the documentation page of the reference API, signs in with its button
// and calls the API with the token.
func TestDocsPageSignsIn(t *testing.T) {
	t.Parallel()
	state, manifests := newState(t), withoutFiles(t, "spa")
	must(t, "apply", manifests, "--state", state)
	b := browsertest.Open(t, browsertest.Trust(filepath.Join(state, "ca.pem")))
	page := strings.TrimPrefix(served(t, "its page", "serve", manifests, "--state", state, "--listen", "127.0.0.1:0")[1], "its page: ")
	b.Visit(page)
	b.See("GET /api/me")
	b.Click(`[data-operation="GET /api/me"]`)
	b.See("401 Unauthorized")
	b.Click("#sign-in")
	b.See("to SPA Demo Page")
	name, password := generated(t, state, "ada.spa@")
	b.Fill("#i0116", name)
	b.Fill("#i0118", password)
	b.Press(browsertest.Enter)
	b.See("Signed in.")
	b.Click(`[data-operation="GET /api/me"]`)
	b.See("200 OK")
	b.See(`"username":"` + name + `"`)
	if address := b.Address(); address != page {
		t.Errorf("the page is at %s", address) // a code would stay in the browser's history
	}
	for _, address := range b.Requested() {
		if !strings.HasPrefix(address, "http://localhost:") && !strings.HasPrefix(address, "https://localhost:") && !strings.HasPrefix(address, "data:") {
			t.Errorf("asked for %s", address)
		}
	}
	if dir := os.Getenv("PROVISION_TEST_SCREENSHOTS"); dir != "" {
		b.Screenshot(filepath.Join(dir, "docs.png"))
	}
}

// TestTokenByBrowser gets a token for a user who signs in with a browser.
func TestTokenByBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir()+string(os.PathListSeparator)+chromiumOnly(t)) // this machine has no system browser
	state, manifests := newState(t), withoutFiles(t, "heroes")
	must(t, "apply", manifests, "--state", state)
	b := browsertest.Open(t, browsertest.Trust(filepath.Join(state, "ca.pem")))
	var out strings.Builder
	said, errs := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(t.Context(), []string{"token", manifests, "--state", state, "--client", "reader", "--browser", "--decode"}, streams{strings.NewReader(""), &out, errs})
		errs.Close()
	}()
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "open https://localhost:") {
		t.Fatalf("said %q", lines.Text())
	}
	b.Visit(strings.TrimPrefix(lines.Text(), "open "))
	go func() { _, _ = io.Copy(io.Discard, said) }()
	name, password := generated(t, state, "ada.heroes@")
	b.Fill("#i0116", name)
	b.Fill("#i0118", password)
	b.Press(browsertest.Enter)
	b.See("Signed in. You may close this window.")
	if code := <-done; code != 0 || !strings.Contains(out.String(), `"scp": "Heroes.Read"`) || !strings.Contains(out.String(), name) {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

// chromiumOnly returns a folder that contains only Chromium.
func chromiumOnly(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
