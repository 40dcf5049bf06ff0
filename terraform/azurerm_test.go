package terraform_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
	"provision/terraform"
)

var standInDir string // after the stand-in was built

// standIn is a CLI configuration with which the program uses the stand-in for azurerm, and
// requests no registry.
var standIn = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "azurerm")
	if err != nil {
		return "", err
	}
	standInDir = dir
	const version = "4.99.0"
	in := func(registry string) string {
		return filepath.Join(dir, registry, "hashicorp", "azurerm", version, runtime.GOOS+"_"+runtime.GOARCH)
	}
	const name = "terraform-provider-azurerm_v" + version
	build := exec.Command("go", "build", "-o", filepath.Join(in("registry.terraform.io"), name), ".")
	build.Dir = filepath.Join("testdata", "azurerm")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the stand-in: %w: %s", err, out)
	}
	// OpenTofu requests the same provider from its own registry.
	opentofu := in("registry.opentofu.org")
	if err := os.MkdirAll(opentofu, 0o700); err != nil {
		return "", err
	}
	if err := os.Link(filepath.Join(in("registry.terraform.io"), name), filepath.Join(opentofu, name)); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "terraformrc")
	return file, os.WriteFile(file, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror { path = %q }\n}\n", dir), 0o600)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if standInDir != "" {
		os.RemoveAll(standInDir)
	}
	os.Exit(code)
}

// azure returns a workspace with the stand-in.
func azure(t *testing.T) terraform.Workspace {
	t.Helper()
	w := workspace(t)
	if testing.Short() {
		t.Skip("it builds a provider")
	}
	file, err := standIn()
	if err != nil {
		t.Fatal(err)
	}
	w.Env = map[string]string{"TF_CLI_CONFIG_FILE": file}
	return w
}

// TestModulesOfAzure: the real program validates, plans, applies and destroys each module with a
// stand-in that has the arguments that the modules use.
func TestModulesOfAzure(t *testing.T) {
	t.Parallel()
	const appID = "11111111-1111-1111-1111-111111111111"
	longName := strings.Repeat("heroes", 10) // the name of the service plan is derived from it
	for module, test := range map[string]struct {
		variables map[string]any
		resources []string
		outputs   map[string]any
		settings  map[string]any // of the app
	}{
		"azure-web-app": {
			map[string]any{"name": "heroes", "app_settings": map[string]any{"CLIENT_ID": appID}},
			[]string{"azurerm_linux_web_app.this", "azurerm_resource_group.this", "azurerm_service_plan.this"},
			map[string]any{"url": "https://heroes.azurewebsites.net", "name": "heroes", "resource_group": "rg-heroes", "principal_id": "00000000-0000-0000-0000-00000000000a"},
			map[string]any{"app_settings.CLIENT_ID": appID, "app_settings.SCM_DO_BUILD_DURING_DEPLOYMENT": "true", "https_only": true,
				"identity[0].type": "SystemAssigned", "site_config[0].health_check_path": "/", "site_config[0].always_on": true,
				"site_config[0].application_stack[0].python_version": "3.12", "ftp_publish_basic_authentication_enabled": false},
		},
		"azure-web-app with Node": {
			map[string]any{"name": longName, "sku_name": "F1", "resource_group_name": "web", "runtime": map[string]any{"language": "node", "version": "22-lts"}},
			[]string{"azurerm_linux_web_app.this", "azurerm_resource_group.this", "azurerm_service_plan.this"},
			map[string]any{"url": "https://" + longName + ".azurewebsites.net", "name": longName, "resource_group": "web", "principal_id": "00000000-0000-0000-0000-00000000000a"},
			map[string]any{"site_config[0].always_on": false, "site_config[0].application_stack[0].node_version": "22-lts"},
		},
		"azure-function": {
			map[string]any{"name": "vault-function-of-contoso", "app_settings": map[string]any{"CLIENT_ID": appID}},
			[]string{"azurerm_linux_function_app.this", "azurerm_resource_group.this",
				`azurerm_role_assignment.storage["Storage Blob Data Owner"]`, `azurerm_role_assignment.storage["Storage Queue Data Contributor"]`,
				`azurerm_role_assignment.storage["Storage Table Data Contributor"]`, "azurerm_service_plan.this", "azurerm_storage_account.this"},
			map[string]any{"url": "https://vault-function-of-contoso.azurewebsites.net", "name": "vault-function-of-contoso", "resource_group": "rg-vault-function-of-contoso", "principal_id": "00000000-0000-0000-0000-00000000000a"},
			map[string]any{"storage_account_name": "stvaultfunctionofcontoso", "storage_uses_managed_identity": true, "https_only": true, "app_settings.CLIENT_ID": appID},
		},
		"azure-function on App Service": {
			map[string]any{"name": longName, "sku_name": "B1", "runtime": map[string]any{"language": "node", "version": "22"}},
			[]string{"azurerm_linux_function_app.this", "azurerm_resource_group.this",
				`azurerm_role_assignment.storage["Storage Blob Data Owner"]`, `azurerm_role_assignment.storage["Storage Queue Data Contributor"]`,
				`azurerm_role_assignment.storage["Storage Table Data Contributor"]`, "azurerm_service_plan.this", "azurerm_storage_account.this"},
			map[string]any{"url": "https://" + longName + ".azurewebsites.net", "name": longName, "resource_group": "rg-" + longName, "principal_id": "00000000-0000-0000-0000-00000000000a"},
			map[string]any{"site_config[0].always_on": true, "site_config[0].application_stack[0].node_version": "22"},
		},
		"key-vault": {
			map[string]any{"name": "kv-contoso", "readers": map[string]any{"api": appID}},
			[]string{"azurerm_key_vault.this", "azurerm_resource_group.this", "azurerm_role_assignment.deployer", `azurerm_role_assignment.readers["api"]`},
			map[string]any{"url": "https://kv-contoso.vault.azure.net", "resource_group": "rg-kv-contoso", "id": "/subscriptions/0/key_vault/kv-contoso", "principal_id": "00000000-0000-0000-0000-000000000002"},
			map[string]any{"rbac_authorization_enabled": true, "tenant_id": "00000000-0000-0000-0000-000000000001"},
		},
	} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			w := azure(t)
			name, _, _ := strings.Cut(module, " ")
			c := terraform.Configuration{Module: name, Variables: test.variables}
			p, err := w.Plan(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			var addresses []string
			settings := map[string]any{}
			for _, r := range p.Resources {
				addresses = append(addresses, r.Address)
				for _, a := range r.Attributes {
					if _, wanted := test.settings[a.Path]; wanted {
						settings[a.Path] = a.To
					}
				}
			}
			if diff := cmp.Diff(test.resources, addresses); diff != "" {
				t.Errorf("the resources (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.settings, settings); diff != "" {
				t.Errorf("the arguments (-want +got):\n%s", diff)
			}
			outputs, err := w.Apply(t.Context(), c, anything)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.outputs, outputs); diff != "" {
				t.Errorf("the outputs (-want +got):\n%s", diff)
			}
			if again, err := w.Plan(t.Context(), c); err != nil || len(again.Resources) > 0 {
				t.Errorf("a second plan changes %+v, %v", again, err)
			}
			if err := w.Destroy(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestModulesRefuseWhatAzureWould, before the first resource is created.
func TestModulesRefuseWhatAzureWould(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		module    string
		variables map[string]any
		want      string
	}{
		"a name with capitals":      {"azure-web-app", map[string]any{"name": "Heroes"}, "lowercase letters"},
		"a region as people say":    {"azure-function", map[string]any{"name": "heroes", "location": "West Europe"}, "westeurope"},
		"Flex Consumption":          {"azure-function", map[string]any{"name": "heroes", "sku_name": "FC1"}, "another resource"},
		"two hyphens":               {"key-vault", map[string]any{"name": "kv--contoso"}, "single hyphens"},
		"a function's Node":         {"azure-web-app", map[string]any{"name": "heroes", "runtime": map[string]any{"language": "node", "version": "22"}}, "22-lts"},
		"a web app's Node":          {"azure-function", map[string]any{"name": "heroes", "runtime": map[string]any{"language": "node", "version": "22-lts"}}, "e.g. 22."},
		"a Python that is none":     {"azure-function", map[string]any{"name": "heroes", "runtime": map[string]any{"language": "python", "version": "312"}}, "e.g. 3.12"},
		"a setting of the provider": {"azure-web-app", map[string]any{"name": "heroes", "app_settings": map[string]any{"website_vnet_route_all": "1"}}, "manages this setting"},
		"a language that is none":   {"azure-web-app", map[string]any{"name": "heroes", "runtime": map[string]any{"language": "cobol", "version": "1"}}, "python or node"},
		"a vault's name too long":   {"key-vault", map[string]any{"name": strings.Repeat("v", 25)}, "3 to 24"},
		"a setting's name":          {"azure-web-app", map[string]any{"name": "heroes", "app_settings": map[string]any{"A-B": "x"}}, "letters, digits"},
		"a port for the privileged": {"local-api", map[string]any{"port": 80}, "1024"},
		"an argument of no type":    {"local-api", map[string]any{"port": "x"}, "a number is required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := azure(t).Plan(t.Context(), terraform.Configuration{Module: test.module, Variables: test.variables})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}

// TestModulesAreFormatted by Terraform's rules, and pass their own tests.
func TestModulesAreFormatted(t *testing.T) {
	t.Parallel()
	w := azure(t)
	if out, err := exec.Command(w.Program.Path, "fmt", "-check", "-recursive", "-diff", ".").CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
	for _, module := range terraform.BuiltIn() {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(module)); err != nil {
				t.Fatal(err)
			}
			for _, arguments := range [][]string{{"init", "-backend=false"}, {"validate"}, {"test"}} {
				run := exec.Command(w.Program.Path, arguments...)
				run.Dir, run.Env = dir, append(os.Environ(), "TF_CLI_CONFIG_FILE="+w.Env["TF_CLI_CONFIG_FILE"], "NO_COLOR=1")
				if out, err := run.CombinedOutput(); err != nil {
					t.Fatalf("terraform %s: %v\n%s", strings.Join(arguments, " "), err, out)
				}
			}
		})
	}
}

// TestModulesAreExplained: each README contains the module's variables and outputs with their
// descriptions, and an example. UPDATE=1 writes them.
func TestModulesAreExplained(t *testing.T) {
	t.Parallel()
	hosting, err := os.ReadFile("../docs/hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(terraform.BuiltIn(), stack.BuiltInModules) {
		t.Errorf("manifests can name the modules %v, and the program contains %v", stack.BuiltInModules, terraform.BuiltIn())
	}
	for _, module := range terraform.BuiltIn() {
		m, err := terraform.ReadModule(module)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(hosting), "](../terraform/"+module+"/README.md)") {
			t.Errorf("docs/hosting.md does not list %s", module)
		}
		for _, output := range []string{"url", "principal_id", "resource_group"} {
			if _, has := m.Outputs[output]; !has {
				t.Errorf("%s has no output %s", module, output)
			}
		}
		file := filepath.Join(module, "README.md")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		const mark = "<!-- generated: begin -->\n"
		before, have, _ := strings.Cut(string(raw), mark)
		want := reference(t, module, m)
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(file, []byte(before+mark+want), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s differs from the module; UPDATE=1 go test -run TestModulesAreExplained ./terraform writes it\n%s", file, diff)
		}
	}
}

func reference(t *testing.T, module string, m terraform.Module) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("## Example\n\n```yaml\napiVersion: provision/v1\nkind: Terraform\nmetadata: {name: hosting}\nspec:\n  module: " + module + "\n")
	if required := m.Required(); len(required) > 0 {
		b.WriteString("  variables:\n")
		for _, name := range required {
			fmt.Fprintf(&b, "    %s: contoso-heroes\n", name)
		}
	}
	b.WriteString("```\n\n## Variables\n\n| variable | type | default | what it is |\n|---|---|---|---|\n")
	for _, name := range sortedKeys(m.Variables) {
		v := m.Variables[name]
		if v.Description == "" {
			t.Errorf("%s: variable %s has no description", module, name)
		}
		standard := "**required**"
		if !v.Required {
			raw, err := json.Marshal(v.Default)
			if err != nil {
				t.Fatal(err)
			}
			standard = "`" + string(raw) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", name, v.Type, standard, v.Description)
	}
	b.WriteString("\n## Outputs\n\n| output | what it is |\n|---|---|\n")
	for _, name := range sortedKeys(m.Outputs) {
		if m.Outputs[name].Description == "" {
			t.Errorf("%s: output %s has no description", module, name)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, m.Outputs[name].Description)
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
