package emulatortest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"provision/emulator/emulatortest"
)

// cli is an Azure CLI with a separate profile, signed in as the tenant's administrator.
type cli struct {
	testing.TB
	tenant *emulatortest.Tenant
	env    []string
	dir    string
}

func newCLI(t *testing.T) *cli {
	t.Helper()
	if _, err := exec.LookPath("az"); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal("the Azure CLI is needed: apt-get install azure-cli")
		}
		t.Skip("the Azure CLI is needed: apt-get install azure-cli")
	}
	modules, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	c := &cli{TB: t, tenant: emulatortest.Start(t), dir: t.TempDir()}
	c.env = append(os.Environ(),
		"HOME="+c.dir, "AZURE_CONFIG_DIR="+filepath.Join(c.dir, "azure"),
		"AZURE_CORE_COLLECT_TELEMETRY=false", "AZURE_CORE_ONLY_SHOW_ERRORS=true",
		"REQUESTS_CA_BUNDLE="+c.tenant.CAFile, "PYTHONPATH="+modules, "PYTHONDONTWRITEBYTECODE=1",
		"HTTPS_PROXY=", "NO_PROXY=localhost")
	origin := c.tenant.Origin
	endpoints, err := json.Marshal(map[string]any{"endpoints": map[string]string{
		"resourceManager": origin + "/", "management": origin + "/", "gallery": origin + "/",
		"activeDirectory": origin, "activeDirectoryResourceId": "https://management.azure.com/",
		"activeDirectoryGraphResourceId": origin + "/", "microsoftGraphResourceId": origin + "/",
	}, "suffixes": map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	c.run("cloud", "register", "--name", "local", "--cloud-config", string(endpoints))
	c.run("cloud", "set", "--name", "local")
	c.run("login", "--service-principal", "--username", c.tenant.ClientID, "--password", c.tenant.ClientSecret,
		"--tenant", c.tenant.TenantID, "--allow-no-subscriptions")
	return c
}

func (c *cli) try(arguments ...string) (answer, fault string, ok bool) {
	c.Helper()
	command := exec.Command("az", append(arguments, "--output", "tsv")...)
	command.Dir, command.Env = c.dir, c.env
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	err := command.Run()
	return strings.TrimSpace(out.String()), strings.TrimSpace(errors.String()), err == nil
}

// run runs a command that must succeed, and returns its output.
func (c *cli) run(arguments ...string) string {
	c.Helper()
	answer, fault, ok := c.try(arguments...)
	if !ok {
		c.Fatalf("az %s: %s", strings.Join(arguments[:min(4, len(arguments))], " "), fault)
	}
	return answer
}

// expect runs a command and compares its output.
func (c *cli) expect(want string, arguments ...string) {
	c.Helper()
	if got := c.run(arguments...); got != want {
		c.Errorf("az %s: answers %q, want %q", strings.Join(arguments, " "), got, want)
	}
}

func TestAzureCLI(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	graph := "00000003-0000-0000-c000-000000000000"
	uri := "api://" + c.tenant.TenantID + "/orders"
	app := c.run("ad", "app", "create", "--display-name", "orders", "--identifier-uris", uri, "--web-redirect-uris", "https://orders.example/cb",
		"--app-roles", `[{"allowedMemberTypes":["User"],"description":"all","displayName":"Admin","isEnabled":"true","value":"Admin"}]`, "--query", "appId")
	c.expect("orders", "ad", "app", "show", "--id", app, "--query", "displayName")
	c.expect(app, "ad", "app", "show", "--id", uri, "--query", "appId")
	c.run("ad", "app", "update", "--id", app, "--display-name", "orders 2")
	c.expect(app, "ad", "app", "list", "--display-name", "orders 2", "--query", "[].appId")

	c.run("ad", "app", "permission", "add", "--id", app, "--api", graph, "--api-permissions", "e1fe6dd8-ba31-4d61-89e7-88639da4683d=Scope")
	c.expect("1", "ad", "app", "permission", "list", "--id", app, "--query", "[0].resourceAccess | length(@)")
	c.expect(app, "ad", "sp", "create", "--id", app, "--query", "appId")
	c.expect("orders 2", "ad", "sp", "show", "--id", app, "--query", "displayName")
	c.expect("User.Read", "ad", "app", "permission", "grant", "--id", app, "--api", graph, "--scope", "User.Read", "--query", "scope")
	c.expect("User.Read", "ad", "app", "permission", "list-grants", "--id", app, "--query", "[0].scope")

	if secret := c.run("ad", "app", "credential", "reset", "--id", app, "--append", "--query", "password"); len(secret) < 30 {
		t.Error("credential reset answers no secret")
	}
	c.run("ad", "app", "credential", "reset", "--id", app, "--append", "--create-cert")
	c.expect("1", "ad", "app", "credential", "list", "--id", app, "--cert", "--query", "length(@)")
	key := c.run("ad", "app", "credential", "list", "--id", app, "--query", "[0].keyId")
	c.run("ad", "app", "credential", "delete", "--id", app, "--key-id", key)
	c.expect("0", "ad", "app", "credential", "list", "--id", app, "--query", "length(@)")
	c.run("ad", "sp", "credential", "reset", "--id", app)
	c.run("ad", "app", "federated-credential", "create", "--id", app, "--parameters",
		`{"name":"main","issuer":"https://token.example","subject":"repo:main","audiences":["api://AzureADTokenExchange"]}`)
	c.expect("repo:main", "ad", "app", "federated-credential", "show", "--id", app, "--federated-credential-id", "main", "--query", "subject")

	user := c.run("ad", "user", "create", "--display-name", "Ada", "--user-principal-name", "ada@"+c.tenant.Domain, "--password", "Correct-Horse-1", "--query", "id")
	c.expect(user, "ad", "user", "show", "--id", "ada@"+c.tenant.Domain, "--query", "id")
	group := c.run("ad", "group", "create", "--display-name", "operators", "--mail-nickname", "operators", "--query", "id")
	c.run("ad", "group", "member", "add", "--group", "operators", "--member-id", user)
	if _, fault, ok := c.try("ad", "group", "member", "add", "--group", group, "--member-id", user); ok || !strings.Contains(fault, "already exist") {
		t.Errorf("adding a member twice: %s", fault)
	}
	c.expect("true", "ad", "group", "member", "check", "--group", group, "--member-id", user, "--query", "value")
	c.expect("Ada", "ad", "group", "member", "list", "--group", group, "--query", "[].displayName")
	c.expect("operators", "ad", "user", "get-member-groups", "--id", user, "--query", "[].displayName")
	c.run("ad", "app", "owner", "add", "--id", app, "--owner-object-id", user)
	c.expect("ada@"+c.tenant.Domain, "ad", "app", "owner", "list", "--id", app, "--query", "[].userPrincipalName")
	c.expect("Contoso", "rest", "--url", c.tenant.Origin+"/v1.0/organization", "--resource", c.tenant.Origin+"/", "--query", "value[0].displayName")

	c.run("ad", "sp", "create-for-rbac", "--name", "rbac")
	c.run("ad", "group", "delete", "--group", group)
	c.run("ad", "user", "delete", "--id", user)
	c.run("ad", "app", "delete", "--id", app)
	if _, fault, ok := c.try("ad", "app", "show", "--id", app); ok || !strings.Contains(fault, "does not exist") {
		t.Errorf("a deleted application: %s", fault)
	}
}
