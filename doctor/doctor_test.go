package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"provision/graph"
	"provision/stack"
)

// answers returns a server that always gives the same answer.
func answers(t *testing.T, status int, body string) *httptest.Server {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestFindings(t *testing.T) {
	t.Parallel()
	discovery := answers(t, 200, `{"issuer":"https://login.contoso.example/id/v2.0"}`)
	noTenant := answers(t, 400, `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'x' not found. Trace ID: 1"}`)
	open, private, file := t.TempDir(), filepath.Join(t.TempDir(), "private"), filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.Chmod(open, 0o755), os.Mkdir(private, 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", Permissions: []stack.Permission{{Resource: "Microsoft Graph", Roles: []string{"User.Read.All"}, AdminConsent: true}}}}, Users: []*stack.User{{Name: "ada"}}}}
	hosted := []*stack.Stack{{Name: "s", Terraforms: []*stack.Terraform{{Name: "hosting"}}}}
	noTerraform := func(context.Context) (string, error) { return "", errors.New("neither terraform nor tofu is in PATH") }
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	clockOff := func(d time.Duration) *Subject {
		return &Subject{authorityDate: now, Now: func() time.Time { return now.Add(d) }}
	}
	through := func(byHost map[string]string) func(*http.Request) (*url.URL, error) {
		return func(r *http.Request) (*url.URL, error) {
			if byHost[r.URL.Host] == "" {
				return nil, nil
			}
			return url.Parse(byHost[r.URL.Host])
		}
	}
	user := graph.Caller{User: "ada@contoso.example", Permissions: []string{"Directory.AccessAsUser.All"}}
	administrator := user
	administrator.DirectoryRoles = []string{globalAdministrator.id}
	for _, test := range []struct {
		name    string
		run     func(context.Context, *Subject) Finding
		subject *Subject
		status  Status
		says    string
	}{
		{"mistakes", manifests, &Subject{Dir: "m", LoadError: stack.Mistakes{{}, {}}}, Failure, "2 mistakes in m"},
		{"one mistake", manifests, &Subject{Dir: "m", LoadError: stack.Mistakes{{Pos: stack.Position{File: "m/a.yaml", Line: 1}}}}, Failure, "1 mistake in m"},
		{"no such folder", manifests, &Subject{Dir: "m", LoadError: stack.Mistakes{{Pos: stack.Position{File: "m"}, Message: "no such folder"}}}, Warning, "m: no such folder"},
		{"no manifests", manifests, &Subject{LoadError: errors.New("no such folder")}, Warning, "no such folder"},
		{"manifests", manifests, &Subject{Dir: "m", Stacks: stacks}, OK, "1 stack in m"},
		{"no folder yet", folder, &Subject{Folder: filepath.Join(private, "none")}, OK, "apply creates it"},
		{"a folder that cannot be created", folder, &Subject{Folder: filepath.Join(file, "none")}, Failure, "none cannot be created: not a directory"},
		{"a file instead of a folder", folder, &Subject{Folder: file}, Failure, "is not a folder"},
		{"a private folder", folder, &Subject{Folder: private}, OK, "read by its owner only"},
		{"terraform is not needed", terraform, &Subject{Stacks: stacks}, "", ""},
		{"terraform is missing", terraform, &Subject{Stacks: hosted, Terraform: noTerraform}, Failure, "neither terraform nor tofu is in PATH"},
		{"no proxy", proxy, &Subject{Authority: "https://login.example", Graph: "https://graph.example", Proxy: through(nil)}, OK, "are reached directly"},
		{"a proxy", proxy, &Subject{Authority: "https://login.example", Graph: "https://graph.example", Proxy: through(map[string]string{"login.example": "http://u:secret@proxy:1", "graph.example": "http://u:secret@proxy:1"})}, OK, "through http://proxy:1"},
		{"a proxy for one", proxy, &Subject{Authority: "https://login.example", Graph: "https://graph.example", Proxy: through(map[string]string{"login.example": "http://proxy:1"})}, Warning, "only one of"},
		{"the local tenant has no proxy", proxy, &Subject{Local: true}, "", ""},
		{"authority", authority, &Subject{Authority: discovery.URL, TenantID: "id", HTTP: discovery.Client()}, OK, "TLS 1.3, issuer https://login.contoso.example/id/v2.0"},
		{"no such tenant", authority, &Subject{Authority: noTenant.URL, TenantID: "x", HTTP: noTenant.Client()}, Failure, "AADSTS90002: Tenant 'x' not found."},
		{"an unknown certificate authority", authority, &Subject{Authority: discovery.URL, TenantID: "id", HTTP: &http.Client{}}, Failure, "certificate"},
		{"the clock is right", clock, clockOff(2 * time.Second), OK, "clock by 2s"},
		{"the clock is a minute off", clock, clockOff(-time.Minute), Warning, "clock by 1m0s"},
		{"the clock is wrong", clock, clockOff(-time.Hour), Failure, "clock by 1h0m0s"},
		{"no sign-in", signIn, &Subject{Connect: func() (*graph.Client, error) { return nil, errors.New("no\ncredential") }}, Failure, "no credential"},
		{"no permissions", permissions, &Subject{Stacks: stacks}, Failure, "no permission of Microsoft Graph; to apply and destroy 1 stack it needs AppRoleAssignment.ReadWrite.All"},
		{"lacking permissions", permissions, &Subject{Stacks: stacks, caller: graph.Caller{Permissions: []string{"Directory.ReadWrite.All"}}}, Failure, "lacks AppRoleAssignment.ReadWrite.All"},
		{"enough permissions to plan", permissions, &Subject{caller: graph.Caller{Permissions: []string{"Directory.Read.All"}}}, OK, "enough to plan"},
		{"a user's client", permissions, &Subject{Stacks: stacks, caller: user}, OK, "enough to apply"},
		{"a user without a role", directoryRoles, &Subject{Stacks: stacks, caller: user}, Warning, "Privileged Role Administrator, Cloud Application Administrator, User Administrator"},
		{"an administrator", directoryRoles, &Subject{Stacks: stacks, caller: administrator}, OK, "enough"},
		{"a policy that refuses", appPolicy, &Subject{Stacks: stacks, Refusals: func(context.Context) ([]string, error) { return []string{"application s/api: no"}, nil }}, Failure, "refuses: application s/api: no"},
		{"a policy that does not", appPolicy, &Subject{Stacks: stacks, Refusals: func(context.Context) ([]string, error) { return nil, nil }}, OK, "permits the manifests"},
		{"a policy that cannot be read", appPolicy, &Subject{Stacks: stacks, Refusals: func(context.Context) ([]string, error) { return nil, errors.New("denied") }}, Warning, "cannot be compared: denied"},
		{"an application has no directory role", directoryRoles, &Subject{Stacks: stacks}, "", ""},
	} {
		if test.subject.Command == nil {
			test.subject.Command = func(verb string, _ ...string) string { return "provision " + verb }
		}
		got := test.run(t.Context(), test.subject)
		if got.Status != test.status || !strings.Contains(got.Message, test.says) {
			t.Errorf("%s: %+v, want %s: %s", test.name, got, test.status, test.says)
		}
		if strings.Contains(got.Message, "secret") {
			t.Errorf("%s: the proxy's password is shown", test.name)
		}
		if got.Status == Failure && got.Hint == "" {
			t.Errorf("%s: a failure without a hint", test.name)
		}
	}
	if runtime.GOOS != "windows" {
		if got := folder(t.Context(), &Subject{Folder: open}); got.Status != Warning || !strings.Contains(got.Message, "0755") {
			t.Errorf("a folder that others can read: %+v", got)
		}
	}
}

// TestCheckIsSkippedAfterFailedDependency, and so on down the table; every name of a need is a
// check that comes before.
// TestAnotherTenant: a credential can sign in to another tenant than the target's.
func TestAnotherTenant(t *testing.T) {
	t.Parallel()
	there := graph.Tenant{ID: "5b1a9c1e-53a4-4e58-9a8e-2f0f5fb1a001", Domain: "contoso.example", Domains: []string{"contoso.onmicrosoft.com", "contoso.example"}}
	for name, want := range map[string]Status{"5B1A9C1E-53a4-4e58-9a8e-2f0f5fb1a001": OK, "contoso.onmicrosoft.com": OK, "Contoso.example": OK, "fabrikam.example": Failure, "": Failure} {
		if f := ofTarget(&Subject{TenantID: name, tenant: there}); f.Status != want {
			t.Errorf("target %q: %s %s", name, f.Status, f.Message)
		}
	}
}

func TestCheckIsSkippedAfterFailedDependency(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range checks {
		for _, need := range c.needs {
			if !known[need] {
				t.Errorf("%s needs %q, which does not come before it", c.name, need)
			}
		}
		known[c.name] = true
	}
	nowhere := answers(t, 404, "")
	s := &Subject{Authority: nowhere.URL, Graph: nowhere.URL, TenantID: "x", HTTP: nowhere.Client(), Folder: filepath.Join(t.TempDir(), "none"),
		Command: func(string, ...string) string { return "" }, Connect: func() (*graph.Client, error) { t.Error("it signs in"); return nil, nil }}
	got := map[string]Status{}
	Examine(t.Context(), s, func(f Finding) { got[f.Check] = f.Status })
	for name, want := range map[string]Status{"authority": Failure, "clock": Skipped, "sign-in": Skipped, "tenant": Skipped, "permissions": Skipped} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}
