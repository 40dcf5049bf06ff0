package acceptance

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"provision/internal/nettest"
	"provision/reconcile/sink/sinktest"
)

// TestSecretInVaultThatTerraformMakes: a stack declares a key vault and a secret with this vault
// as sink. apply creates the vault first, rotate and destroy use it, and destroy removes the
// secret before the vault. A machine that has no record of the vault reads its address from the backend.
func TestSecretInVaultThatTerraformMakes(t *testing.T) {
	t.Parallel()
	needsTerraform(t)
	needs(t, "curl", "jq")
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("it builds a provider and runs Terraform")
	}
	cloud := newCloud(t, newHub(t))
	cloud.graph("POST", "/servicePrincipals", `{"appId": "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"}`) // Azure Key Vault
	vault := sinktest.NewKeyVault(t)
	vault.Tenant = cloud.tenant
	certificate := issuerCertificate(t)
	server := httptest.NewUnstartedServer(vault.Config.Handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)

	dir := t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority, err := os.ReadFile(lookup(cloud.environment, "SSL_CERT_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	bundle := write("ca.pem", append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), authority...))
	proxy := vaultProxy(t, server.Listener.Addr().String(), lookup(cloud.environment, "HTTPS_PROXY"))
	write("provision.yaml", []byte("targets:\n  staging: {tenant: "+cloud.tenant+"}\n"))
	write("orders/stack.yaml", []byte(vaultManifest))
	run := func(want int, args ...string) string {
		t.Helper()
		c := exec.Command(filepath.Join(programFolder, "provision"), append(args, "--target", "staging")...)
		c.Dir = dir
		c.Env = slices.Concat(os.Environ(), cloud.environment, cloud.administrator, []string{"HOME=" + dir, "HTTPS_PROXY=" + proxy, "https_proxy=" + proxy,
			"SSL_CERT_FILE=" + bundle, "TF_CLI_CONFIG_FILE=" + azurermStandIn(t)})
		out, err := c.CombinedOutput()
		if got := c.ProcessState.ExitCode(); got != want {
			t.Fatalf("provision %s: exit code %d (%v), want %d\n%s", strings.Join(args, " "), got, err, want, out)
		}
		return string(out)
	}

	run(3, "plan", "orders", "--detailed-exitcode")
	if said := run(0, "apply", "orders", "--yes"); !strings.Contains(said, "azurerm_key_vault.this: Creation complete") {
		t.Errorf("apply does not show that Terraform creates the vault:\n%s", said)
	}
	first, tags, ok := vault.Secret("orders-key")
	if !ok || tags["application"] != "orders.client" || !cloud.signsIn("orders.client", first) {
		t.Fatalf("the vault has no secret of orders.client that signs in: %t, tags %v", ok, tags)
	}
	if text := readTree(t, filepath.Join(dir, ".provision")); strings.Contains(text, first) {
		t.Error("the secret is also stored below .provision")
	}
	run(0, "plan", "orders", "--detailed-exitcode")

	run(0, "rotate", "orders", "--yes", "--grace", "0")
	if second, _, _ := vault.Secret("orders-key"); second == first || !cloud.signsIn("orders.client", second) || cloud.signsIn("orders.client", first) {
		t.Error("after rotate the vault does not have a new secret that replaces the first one")
	}

	// On another machine, the address of the vault comes from the remote backend.
	hosting := filepath.Join(dir, ".provision", "staging", "terraform")
	state, err := os.ReadFile(filepath.Join(hosting, "orders", "vault", "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	backend := write("remote.tfstate", state)
	if err := os.RemoveAll(hosting); err != nil {
		t.Fatal(err)
	}
	write("orders/stack.yaml", []byte(vaultManifest+"  backend: {type: local, config: {path: "+backend+"}}\n"))
	run(0, "plan", "orders", "--detailed-exitcode")
	second, _, _ := vault.Secret("orders-key")
	run(0, "rotate", "orders", "--yes", "--grace", "0")
	if third, _, _ := vault.Secret("orders-key"); third == second || !cloud.signsIn("orders.client", third) {
		t.Error("after rotate with a remote backend the vault does not have a new secret")
	}

	run(0, "destroy", "orders", "--yes")
	if _, _, ok := vault.Secret("orders-key"); ok {
		t.Error("destroy has left the secret in the vault")
	}
	cloud.has("destroy", "orders.client", false)
	if left := filepath.Join(dir, ".provision", "staging", "terraform", "orders", "vault"); fileExists(left) {
		t.Errorf("destroy has left %s", left)
	}
}

const vaultManifest = `apiVersion: provision/v1
kind: Stack
metadata: {name: orders}
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec:
  displayName: Orders Client
  secrets: [{name: key, sink: {keyVault: {vault: "${terraform.vault.url}", name: orders-key}}}]
---
apiVersion: provision/v1
kind: Terraform
metadata: {name: vault}
spec:
  module: key-vault
  variables: {name: kv-orders}
`

// signsIn reports whether an application gets a token with a secret.
func (c *realTenants) signsIn(uniqueName, secret string) bool {
	c.t.Helper()
	var app struct{ AppID string }
	if err := json.Unmarshal(c.graph("GET", "/applications(uniqueName='"+uniqueName+"')?$select=appId", ""), &app); err != nil {
		c.t.Fatal(err)
	}
	run := exec.Command("curl", "-sS", "-o", os.DevNull, "-w", "%{http_code}", "--data-urlencode", "client_secret="+secret,
		"-d", "grant_type=client_credentials&client_id="+app.AppID+"&scope=https://graph.microsoft.com/.default",
		"https://login.microsoftonline.com/"+c.tenant+"/oauth2/v2.0/token")
	run.Env = append(os.Environ(), c.environment...)
	out, err := run.CombinedOutput()
	if err != nil {
		c.t.Fatalf("request a token: %v %s", err, out)
	}
	return string(out) == "200"
}

// readTree returns the content of all files below a folder except programs.
func readTree(t *testing.T, dir string) string {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(d.Name(), "terraform-provider-") {
			return err
		}
		raw, err := os.ReadFile(path)
		all.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// azurermStandIn builds the stand-in for azurerm and returns a configuration with which Terraform
// finds it and requests no registry.
func azurermStandIn(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("provision-test-%d-azurerm", os.Getpid()))
	file := filepath.Join(dir, "terraformrc")
	if fileExists(file) {
		return file
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const version = "4.99.0"
	path := filepath.Join("hashicorp", "azurerm", version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-azurerm_v"+version)
	binary, opentofu := filepath.Join(dir, "registry.terraform.io", path), filepath.Join(dir, "registry.opentofu.org", path)
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..", "..", "terraform", "testdata", "azurerm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the stand-in: %v: %s", err, out)
	}
	if err := os.MkdirAll(filepath.Dir(opentofu), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(binary, opentofu); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror { path = %q }\n}\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// vaultProxy returns a proxy that sends the hosts of key vaults to an address, and all others to
// another proxy.
func vaultProxy(t *testing.T, vault, other string) string {
	t.Helper()
	next, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	upstream := next.Host
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		address, forward := upstream, true
		if strings.HasSuffix(host, ".vault.azure.net") {
			address, forward = vault, false
		}
		to, err := net.Dial("tcp", address)
		if err != nil || r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if forward {
			fmt.Fprintf(to, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", r.Host, r.Host)
			if given := r.Header.Get("Proxy-Authorization"); given != "" {
				fmt.Fprintf(to, "Proxy-Authorization: %s\r\n", given)
			}
			_, _ = io.WriteString(to, "\r\n") // the other proxy answers the client
		} else {
			w.WriteHeader(http.StatusOK)
		}
		nettest.Tunnel(w, to)
	}))
	t.Cleanup(server.Close)
	next.Host = server.Listener.Addr().String()
	return next.String()
}
