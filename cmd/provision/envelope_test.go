package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestOneDocument: with -o json every command prints exactly one JSON document of the same form,
// with every exit code.
func TestOneDocument(t *testing.T) {
	manifests, err := filepath.Abs("../../manifests/vscode-fastapi")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.CopyFS("stack", os.DirFS(manifests)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"bad/stack.yaml":  "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: bad}\n---\napiVersion: provision/v1\nkind: User\nmetadata: {name: u}\nspec: {userPrincipal: x}\n",
		"openapi.yaml":    "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: ok}}}}}\n",
		"broken/a.yaml":   "a: [",
		"bare/stack.yaml": "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: bare}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args   string
		code   int
		status string
		result string // its members
	}{
		{"validate stack", 0, "done", "stacks warnings"},
		{"validate bad", 2, "invalid", ""},
		{"validate broken", 2, "invalid", ""},
		{"validate nowhere", 2, "invalid", ""},
		{"plan stack", 0, "done", "plan"},
		{"plan stack --detailed-exitcode", 3, "no", "plan"},
		{"plan bad", 2, "invalid", ""},
		{"token --user ada stack", 1, "failed", ""},
		{"destroy stack", 0, "done", "plan writes"},
		{"destroy --stack typo", 2, "invalid", ""},
		{"apply stack --verify", 0, "done", "files plan report writes"},
		{"apply stack", 0, "done", "files plan writes"},
		{"apply bad --verify", 2, "invalid", ""},
		{"apply stack --target nowhere", 2, "invalid", ""},
		{"verify stack", 0, "done", "report"},
		{"verify stack --url http://127.0.0.1:1", 1, "failed", "report"},
		{"verify stack --only nothing-like-it", 2, "invalid", ""},
		{"verify --openapi openapi.yaml", 0, "done", "document"},
		{"verify --openapi nowhere.yaml", 2, "invalid", ""},
		{"token --user ada stack", 0, "done", "accessToken"},
		{"token --user ada --decode stack", 0, "done", "claims header"},
		{"token --user nobody stack", 2, "invalid", ""},
		{"output stack", 0, "done", "variables"},
		{"output --for-api stack", 0, "done", "variables"},
		{"output --write stack", 0, "done", "files"},
		{"output stack --format xml", 2, "invalid", ""},
		{"output stack --format dotenv", 2, "invalid", ""},
		{"rotate stack", 0, "done", "files rotated"},
		{"rotate stack --expiring 1d", 0, "done", "files rotated"},
		{"rotate stack --secret no/such/one", 2, "invalid", ""},
		{"init --from heroes crew", 0, "done", "files name next"},
		{"init --from heroes crew", 2, "invalid", ""},
		{"init", 2, "invalid", ""},
		{"schema", 0, "done", "schema"},
		{"schema --report", 0, "done", "schema"},
		{"emulator --in-memory", 0, "serving", "tenantId url"},
		{"emulator --tenant ../x", 2, "invalid", ""},
		{"serve stack --listen 127.0.0.1:0", 0, "serving", "application url"},
		{"serve bare", 2, "invalid", ""},
		{"exec", 2, "invalid", ""},
		{"exec -- no-such-program-anywhere", 127, "failed", ""},
		{"destroy stack --no-purge", 0, "done", "plan writes"},
		{"aply", 2, "invalid", ""},
		{"plan --nonsense stack", 2, "invalid", ""},
		{"plan a b", 2, "invalid", ""},
	} {
		command, after, dash := strings.Cut(c.args, " -- ")
		args := append(strings.Fields(command), "-o", "json")
		if dash {
			args = append(append(args, "--"), strings.Fields(after)...)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		var stdout, stderr bytes.Buffer
		out := io.Writer(&stdout)
		if c.status == "serving" {
			out = &untilWritten{w: &stdout, done: stop}
		}
		code := run(ctx, args, streams{strings.NewReader(""), out, &stderr})
		stop()
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", c.args, code, c.code, stderr.String())
		}
		decoder := json.NewDecoder(bytes.NewReader(stdout.Bytes()))
		var document map[string]any
		if err := decoder.Decode(&document); err != nil {
			t.Errorf("%s: %v in %q", c.args, err, stdout.String())
			continue
		}
		if rest, _ := io.ReadAll(io.MultiReader(decoder.Buffered(), bytes.NewReader(stdout.Bytes()[decoder.InputOffset():]))); strings.TrimSpace(string(rest)) != "" {
			t.Errorf("%s: after the document stands %q", c.args, rest)
		}
		if members := strings.Join(slices.Sorted(maps.Keys(document)), " "); members != "command errors result status" {
			t.Errorf("%s: the document's members are %s", c.args, members)
			continue
		}
		if document["status"] != c.status {
			t.Errorf("%s: status %v, want %s", c.args, document["status"], c.status)
		}
		result, _ := document["result"].(map[string]any)
		if members := strings.Join(slices.Sorted(maps.Keys(result)), " "); members != c.result {
			t.Errorf("%s: the result has %q, want %q", c.args, members, c.result)
		}
		errs, _ := document["errors"].([]any)
		if failed := c.code == 1 || c.code == 2 || c.code > 100; failed != (len(errs) > 0) {
			t.Errorf("%s: exit code %d with errors %v", c.args, c.code, errs)
		}
		for _, e := range errs {
			if message, _ := e.(map[string]any)["message"].(string); message == "" || !strings.Contains(stderr.String(), message) {
				t.Errorf("%s: error %v is not the one of stderr: %s", c.args, e, stderr.String())
			}
		}
		delete(result, "schema") // a JSON Schema has its own member names
		lowerCase(t, c.args, document)
	}
}

// untilWritten ends a command that serves after it has written its result.
type untilWritten struct {
	w    io.Writer
	done func()
	once sync.Once
}

func (u *untilWritten) Write(b []byte) (int, error) {
	n, err := u.w.Write(b)
	if bytes.Contains(b, []byte("}\n")) {
		u.once.Do(u.done)
	}
	return n, err
}

var camelCase = regexp.MustCompile(`^@?[a-z][A-Za-z0-9_.@:-]*$`)

// lowerCase checks that every member has a name in camelCase. HTTP headers and the claims of
// hostile tokens keep the names that were sent.
func lowerCase(t *testing.T, what string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			lowerCase(t, what, e)
		}
	case map[string]any:
		for name, e := range v {
			if name == "claims" && strings.Contains(what, "verify") {
				continue // of hostile tokens
			}
			if strings.HasSuffix(strings.ToLower(name), "header") || strings.HasSuffix(strings.ToLower(name), "headers") {
				continue
			}
			if !camelCase.MatchString(name) {
				t.Errorf("%s: a member is called %q", what, name)
			}
			lowerCase(t, what, e)
		}
	}
}
