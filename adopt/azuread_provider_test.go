//go:build azuread

package adopt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/adopt"
)

// TestProviderImportsWithoutAChange plans the export of random registrations with the real
// provider (a build that TERRAFORM_AZUREAD names). The plan imports everything and changes
// nothing.
func TestProviderImportsWithoutAChange(t *testing.T) {
	t.Parallel()
	provider := os.Getenv("TERRAFORM_AZUREAD")
	if provider == "" {
		t.Fatal("set TERRAFORM_AZUREAD to a build of the azuread provider")
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t), mathrand.New(mathrand.NewPCG(seed, 11))
			w.randomRegistrations(r, 12)
			dir, files, lost := w.exported(adopt.Selection{All: true})
			_, again, _ := w.exported(adopt.Selection{All: true})
			if diff := cmp.Diff(files, again); diff != "" {
				t.Errorf("a second export writes other bytes:\n%s", diff)
			}
			for _, l := range lost {
				if l.Property != "passwordCredentials" && l.Property != "uniqueName" {
					t.Errorf("lost: %v", l)
				}
			}
			imports := 0
			for name, content := range files {
				if filepath.Ext(name) == ".tf" {
					imports += strings.Count(content, "\nimport {") + strings.Count(content[:min(8, len(content))], "import {")
				}
			}
			planned := w.terraform(t, dir, provider, "plan", "-input=false", "-no-color")
			if want := fmt.Sprintf("Plan: %d to import, 0 to add, 0 to change, 0 to destroy.", imports); !strings.Contains(planned, want) {
				t.Errorf("want %q:\n%s", want, planned)
			}
		})
	}
}

// terraform runs Terraform in dir against the tenant and returns what it prints.
func (w *world) terraform(t *testing.T, dir, provider string, args ...string) string {
	t.Helper()
	plugins := t.TempDir()
	if err := os.Symlink(provider, filepath.Join(plugins, "terraform-provider-azuread")); err != nil {
		t.Fatal(err)
	}
	cli := filepath.Join(plugins, "cli.tfrc")
	override, err := json.Marshal(plugins)
	if err == nil {
		err = os.WriteFile(cli, fmt.Appendf(nil, "provider_installation {\n  dev_overrides { \"hashicorp/azuread\" = %s }\n  direct {}\n}\n", override), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("terraform", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cli, "CHECKPOINT_DISABLE=1", "ARM_METADATA_HOSTNAME="+strings.TrimPrefix(w.tenant.Origin, "https://"),
		"ARM_TENANT_ID="+w.tenant.TenantID, "ARM_CLIENT_ID="+w.tenant.ClientID, "ARM_CLIENT_SECRET="+w.tenant.ClientSecret, "SSL_CERT_FILE="+w.tenant.CAFile)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		t.Fatalf("terraform %s: %v\n%s", args[0], err, out.Bytes())
	}
	return out.String()
}
