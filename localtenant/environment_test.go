package localtenant

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stateWithAuthority returns a state folder with the files of a served tenant.
func stateWithAuthority(t *testing.T) Folder {
	t.Helper()
	d := Folder(t.TempDir())
	if err := os.WriteFile(d.File("ca.pem"), []byte("ours\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNoProxyKeepsMicrosoftsHosts(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]string{
		"":                                    "",
		"registry.example, .internal.example": ",registry.example,.internal.example",
		"localhost,registry.example":          ",registry.example",
		"*":                                   "",
		"*,.com,com,.microsoft.com,*.windows.net,graph.microsoft.com,Login.MicrosoftOnline.com:443,onmicrosoft.example": ",onmicrosoft.example",
		"notmicrosoft.com,soft.com,ph.microsoft.com": ",notmicrosoft.com,soft.com,ph.microsoft.com",
	} {
		if got := NoProxy(told); got != "localhost,127.0.0.1,::1"+want {
			t.Errorf("%q: %q", told, got)
		}
	}
}

func TestBundleContainsTheParentsAuthorities(t *testing.T) {
	t.Parallel()
	d := stateWithAuthority(t)
	theirs := filepath.Join(t.TempDir(), "theirs.pem")
	if err := os.WriteFile(theirs, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := d.writeBundle([]string{"SSL_CERT_FILE=" + theirs})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "theirs\nours\n" {
		t.Errorf("the bundle is %q", got)
	}
	// In a nested exec, the parent's bundle is this one: it does not grow.
	for range 2 {
		if _, err := d.writeBundle([]string{"SSL_CERT_FILE=" + path}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(path); strings.Count(string(got), "ours\n") != 1 {
		t.Errorf("the bundle holds our authority %d times", strings.Count(string(got), "ours\n"))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the bundle is %v, %v", info, err)
	}
}

func TestChildEnvironment(t *testing.T) {
	t.Parallel()
	d := stateWithAuthority(t)
	served := Served{Proxy: "http://127.0.0.1:1", TenantID: "tid", ClientID: "cid", ClientSecret: "secret"}
	parent := []string{"HOME=/h", "HTTPS_PROXY=http://elsewhere:1", "HTTP_PROXY=http://elsewhere:2", "SSL_CERT_DIR=/d", "AZURE_CLIENT_ID=own", "AZURE_CONFIG_DIR=/h/.azure", "NODE_OPTIONS=--x", "NO_PROXY=a.example", "no_proxy=b.example"}
	got, err := d.ChildEnvironment(parent, served, false)
	if err != nil {
		t.Fatal(err)
	}
	bundle, authority := d.File("ca-bundle.pem"), d.File("ca.pem")
	want := []string{
		"HOME=/h", "HTTP_PROXY=http://elsewhere:2", "AZURE_CLIENT_ID=own",
		"AZURE_CONFIG_DIR=" + d.File("azure"), "CURL_CA_BUNDLE=" + bundle, "HTTPS_PROXY=http://127.0.0.1:1",
		"NODE_EXTRA_CA_CERTS=" + authority, `NODE_OPTIONS=--x --require "` + d.File("nodeproxy.cjs") + `"`, "NODE_USE_ENV_PROXY=1",
		"NO_PROXY=localhost,127.0.0.1,::1,a.example,b.example", "PROVISION_PROXY=http://127.0.0.1:1", "PROVISION_PUBLIC_HOSTS=1", "PROVISION_STATE=" + string(d),
		"REQUESTS_CA_BUNDLE=" + bundle, "SSL_CERT_FILE=" + bundle, "https_proxy=http://127.0.0.1:1", "no_proxy=localhost,127.0.0.1,::1,a.example,b.example",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err = d.ChildEnvironment(got, served, true); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"AZURE_TENANT_ID=tid", "AZURE_CLIENT_ID=cid", "AZURE_CLIENT_SECRET=secret", "ARM_TENANT_ID=tid", "ARM_CLIENT_ID=cid", "ARM_CLIENT_SECRET=secret", want[7]} {
		if !slices.Contains(got, line) {
			t.Errorf("no %s", line)
		}
	}
	if slices.Contains(got, "AZURE_CLIENT_ID=own") {
		t.Error("there are two AZURE_CLIENT_ID")
	}
}

func TestNodeOptionsAreQuoted(t *testing.T) {
	t.Parallel()
	if got := withPreload("", `/é/a b/"c\d.cjs`); got != `--require "/é/a b/\"c\\d.cjs"` {
		t.Error(got)
	}
}
