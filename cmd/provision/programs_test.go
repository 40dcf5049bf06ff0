package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/rogpeppe/go-internal/testscript"
)

// programs are the programs other than Go that scripts run: how to detect each one, and how to
// install it.
var programs = map[string]struct {
	there func() bool
	how   string
}{
	"sh":                   {onPath("sh"), "run the tests on Linux or macOS"},
	"bash":                 {onPath("bash"), "apt-get install bash"},
	"curl":                 {onPath("curl"), "apt-get install curl"},
	"python":               {pythonHas("urllib.request"), "apt-get install python3"},
	"requests":             {pythonHas("requests"), "apt-get install python3-requests"},
	"msal-python":          {pythonHas("msal"), "apt-get install python3-msal"},
	"node":                 {onPath("node"), "apt-get install nodejs"},
	"msal-node":            {msalNodeThere, "npm ci --prefix emulator/login/testdata/msal-node"},
	"terraform":            {func() bool { return onPath("terraform")() || onPath("tofu")() }, "https://developer.hashicorp.com/terraform/install, or .ci/run"},
	"jq":                   {onPath("jq"), "apt-get install jq"},
	"git":                  {onPath("git"), "apt-get install git"},
	"az":                   {onPath("az"), "apt-get install azure-cli"},
	"yaml-language-server": {func() bool { return onPath("node")() && fileExists(languageServer) }, "npm ci --prefix cmd/provision/testdata/yaml-language-server"},
}

func onPath(program string) func() bool {
	return func() bool { _, err := exec.LookPath(program); return err == nil }
}

// python is the first Python with the modules that scripts import. Debian's packages belong to
// the Python in /usr/bin, which is not always the first on PATH.
var python = sync.OnceValue(func() string {
	first, _ := exec.LookPath("python3")
	for _, p := range []string{first, "/usr/bin/python3"} {
		if p != "" && exec.Command(p, "-c", "import msal, requests").Run() == nil {
			return p
		}
	}
	return first
})

func pythonHas(module string) func() bool {
	return func() bool { return python() != "" && exec.Command(python(), "-c", "import "+module).Run() == nil }
}

// nodeModules contains MSAL Node, for which Debian has no package.
var nodeModules = filepath.Join("..", "..", "emulator", "login", "testdata", "msal-node", "node_modules")

// languageServer checks YAML for editors. Debian has no package of it.
var languageServer = filepath.Join("testdata", "yaml-language-server", "node_modules", "yaml-language-server", "bin", "yaml-language-server")

func msalNodeThere() bool {
	return onPath("node")() && fileExists(filepath.Join(nodeModules, "@azure", "msal-node", "package.json"))
}

// have returns the condition [have:PROGRAM]. If PROVISION_TEST_REQUIRE is "all", a missing program is
// an error.
func have(condition string) (bool, error) {
	name, ok := strings.CutPrefix(condition, "have:")
	program, known := programs[name]
	switch {
	case !ok || !known:
		return false, fmt.Errorf("unknown condition %q", condition)
	case program.there():
		return true, nil
	case os.Getenv("PROVISION_TEST_REQUIRE") == "all":
		return false, fmt.Errorf("%s is needed: %s", name, program.how)
	}
	return false, nil
}

// needs skips a test if a program is missing, like the condition have for scripts.
func needs(t *testing.T, program string) {
	t.Helper()
	switch there, err := have("have:" + program); {
	case err != nil:
		t.Fatal(err)
	case !there:
		t.Skipf("%s is needed: %s", program, programs[program].how)
	}
}

func setPrograms(env *testscript.Env) error {
	modules, err := filepath.Abs(nodeModules)
	env.Setenv("PYTHON", python())
	env.Setenv("NODE_PATH", modules)
	if err != nil {
		return err
	}
	server, err := filepath.Abs(languageServer)
	env.Setenv("LANGUAGE_SERVER", server)
	env.Setenv("LINT", filepath.Join(filepath.Dir(server), "..", "..", "..", "lint.cjs"))
	return err
}

// goClient is a Go program without any code for the local tenant: it signs in with azidentity
// from the environment, and sends a request to Graph.
func goClient() {
	if err := askGraph(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func askGraph(ctx context.Context) error {
	credential, err := azidentity.NewEnvironmentCredential(nil)
	if err != nil {
		return err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://graph.microsoft.com/v1.0/organization", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token.Token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var body struct {
		Context string `json:"@odata.context"`
	}
	err = json.NewDecoder(answer.Body).Decode(&body)
	fmt.Println(answer.StatusCode, body.Context)
	return err
}
