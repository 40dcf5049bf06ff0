package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"provision/conformance/report"
	"provision/internal/nettest"
)

// echo is an API that admits every caller and returns everything that it received, in every part
// of the answer. It remembers the secrets in it.
type echo struct {
	mu     sync.Mutex
	tokens map[string]bool
	paths  map[string]bool
}

// presented finds texts that look like a token.
var presented = regexp.MustCompile(`[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*`)

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	said := r.URL.String() + "\n" + string(body)
	for _, values := range r.Header {
		said += "\n" + strings.Join(values, "\n")
	}
	plain, _ := url.QueryUnescape(r.URL.RawQuery)
	e.mu.Lock()
	e.paths[r.URL.Path] = true
	for _, text := range []string{said, plain} {
		for _, token := range presented.FindAllString(text, -1) {
			e.tokens[token] = true
		}
	}
	e.mu.Unlock()
	line := strings.Join(strings.Fields(said), " ")
	w.Header().Set("X-Echo", line[:min(len(line), 3000)])
	w.Header().Set("WWW-Authenticate", r.Header.Get("Authorization"))
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "of-the-target-0123456789"})
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "ok", "id": strings.Repeat("7", 1900), "said": said})
}

// proxyTo returns a proxy that supports only CONNECT, with one user.
func proxyTo(t *testing.T, asked chan<- string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := parseBasic(r.Header.Get("Proxy-Authorization")); r.Method != http.MethodConnect || password != proxyPassword {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		select {
		case asked <- r.Host:
		default:
		}
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, err := nettest.Hijack(w)
		if err != nil {
			there.Close()
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(there, here); there.Close() }()
		go func() { _, _ = io.Copy(here, there); here.Close() }()
	}))
	t.Cleanup(server.Close)
	return server
}

func parseBasic(header string) (user, password string, ok bool) {
	return (&http.Request{Header: http.Header{"Authorization": {header}}}).BasicAuth()
}

const (
	proxyPassword = "proxy-hunter2-swordfish"
	apiKey        = `key "of" the=company&0`
)

const quickstart = "../../manifests/vscode-fastapi"

// applied applies the quickstart to a new local tenant, and returns a function that runs the
// program there.
func applied(t *testing.T, state string) func(want int, args ...string) string {
	t.Helper()
	provision := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), append(args, "--state", state), streams{strings.NewReader(""), &out, &errs}); code != want {
			t.Fatalf("%v: exit %d, want %d\n%s", args, code, want, errs.String())
		}
		return out.String() + errs.String()
	}
	provision(exitDone, "apply", withoutFiles(t, "vscode-fastapi"))
	return provision
}

// serveEcho serves the API, and writes the certificate of its authority.
func serveEcho(t *testing.T, api *echo, dir string) (target *httptest.Server, ca string) {
	t.Helper()
	target = httptest.NewUnstartedServer(api)
	target.Config.ErrorLog = log.New(io.Discard, "", 0)
	target.StartTLS()
	t.Cleanup(target.Close)
	return target, write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: target.Certificate().Raw})))
}

// A failure that the baseline contains is shown as known.
func TestBaseline(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	provision := applied(t, newState(t))
	target, ca := serveEcho(t, &echo{tokens: map[string]bool{}, paths: map[string]bool{}}, dir)
	entry := "failures:\n  - {endpoint: GET /secure, case: no-token, reason: API-17, until: %s}\n"
	known := write(t, dir, "known.yaml", strings.Replace(entry, "%s", "2999-12-31", 1))
	written := filepath.Join(dir, "written.yaml")
	expired := write(t, dir, "expired.yaml", strings.Replace(entry, "%s", "2020-12-31", 1))
	arguments := []string{"verify", quickstart, "--url", target.URL, "--ca", ca, "--only", "GET /secure: no-token"}
	if said := provision(exitDone, append(arguments, "--baseline", known)...); !strings.Contains(said, "1 known to fail") || !strings.Contains(said, "known    until 2999-12-31: API-17") {
		t.Errorf("known:\n%s", said)
	}
	if said := provision(exitNo, append(arguments, "--baseline", expired)...); !strings.Contains(said, "has expired on 2020-12-31") || !strings.Contains(said, "1 failed (1 finding: 1 critical)") {
		t.Errorf("expired:\n%s", said)
	}
	// A baseline that a run has written contains the failures of that run.
	provision(exitNo, append(arguments, "--report", "baseline="+written)...)
	if said := provision(exitDone, append(arguments, "--baseline", written)...); !strings.Contains(said, "1 known to fail") {
		t.Errorf("written:\n%s", said)
	}
}

// No report and no stream contains a secret of the run, even if the API under test returns all of
// them. The API is behind a proxy, has its own certificate authority and a base path, as in a
// company.
func TestReportsHoldNoSecrets(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(dir, "summary.md"))
	state := newState(t)
	provision := applied(t, state)
	api := &echo{tokens: map[string]bool{}, paths: map[string]bool{}}
	target, ca := serveEcho(t, api, dir)
	headerFile := write(t, dir, "headers", "X-Api-Key: "+apiKey+"\nX-Version: 2\n")
	asked := make(chan string, 1)
	proxy := strings.Replace(proxyTo(t, asked).URL, "http://", "http://me:"+proxyPassword+"@", 1)

	arguments := []string{"verify", quickstart, "--url", target.URL + "/api/v1", "--ca", ca, "--api-proxy", proxy, "--header", "@" + headerFile, "-v"}
	reports := []string{"baseline", "html", "json", "junit", "sarif"}
	for _, format := range reports {
		arguments = append(arguments, "--report", format+"="+filepath.Join(dir, "report."+format))
	}
	outputs := map[string]string{"streams": provision(exitNo, arguments...), "json on stdout": provision(exitNo, append(arguments, "-o", "json")...)}
	for _, name := range append(reports, "summary") {
		file := "report." + name
		if name == "summary" {
			file = "summary.md"
		}
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || len(raw) < 500 {
			t.Fatalf("%s: %d bytes, %v", name, len(raw), err)
		}
		outputs[name] = string(raw)
	}

	if err := validate(report.Schema, outputs["json"]); err != nil {
		t.Errorf("the JSON report is not as its schema says: %v", err)
	}
	if host := <-asked; host != strings.TrimPrefix(target.URL, "https://") || !api.paths["/api/v1/secure"] {
		t.Errorf("the proxy was asked for %s, the API for %v", host, api.paths)
	}
	for path := range api.paths {
		if !strings.HasPrefix(path, "/api/v1/") {
			t.Errorf("the API was asked for %s", path)
		}
	}
	secrets := append(kept(t, state), proxyPassword, apiKey, `key \"of\"`, url.QueryEscape(apiKey), "of-the-target-0123456789")
	whole := 0
	for token := range api.tokens {
		segments := strings.Split(token, ".")
		if strings.HasPrefix(token, "eyJ") {
			whole++
			secrets = append(secrets, token)
			segments = segments[1:] // the header is the same in every token, and is shown
		}
		for _, s := range segments {
			if len(s) >= 24 && strings.Trim(s, "A") != "" { // a signature of zeros is not a secret
				secrets = append(secrets, s[:24]) // and neither is a text that begins with it
			}
		}
	}
	if whole < 100 {
		t.Errorf("only %d tokens were seen", whole)
	}
	t.Logf("%d tokens, %d secrets, %d outputs", whole, len(secrets), len(outputs))
	for name, text := range outputs {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %.40q…", name, secret)
			}
		}
		if (name == "streams" || name == "html" || strings.HasPrefix(name, "json")) && !strings.Contains(text, "[masked]") {
			t.Errorf("%s shows nothing that is masked", name)
		}
	}
	for _, want := range []string{"::error file=", "failed ("} {
		if !strings.Contains(outputs["streams"], want) {
			t.Errorf("the streams lack %q", want)
		}
	}
}

// validate checks JSON against a JSON Schema.
func validate(schema []byte, text string) error {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:schema", parsed); err != nil {
		return err
	}
	compiled, err := c.Compile("urn:schema")
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return compiled.Validate(instance)
}

// write writes a file below a folder and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// kept returns the passwords, secrets and keys in the JSON files of the local tenant's folder.
func kept(t *testing.T, state string) []string {
	t.Helper()
	var all []string
	var collect func(name string, v any)
	collect = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, one := range v {
				collect(key, one)
			}
		case []any:
			for _, one := range v {
				collect(name, one)
			}
		case string:
			if len(v) >= 12 && !strings.Contains(v, "@") && !strings.ContainsAny(v, ":/") && !strings.HasSuffix(strings.ToLower(name), "id") {
				all = append(all, v)
			}
		}
	}
	err := filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		var v any
		if err == nil && json.Unmarshal(raw, &v) == nil {
			collect("", v)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 3 {
		t.Fatalf("the tenant's folder holds %d secrets: this looks in the wrong place", len(all))
	}
	return all
}
