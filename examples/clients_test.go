package examples

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExtension signs in with MSAL Node, like the extension.
func TestExtension(t *testing.T) {
	t.Parallel()
	const modules = "../emulator/login/testdata/msal-node/node_modules"
	needs(t, onPath("node"), "Node", "apt-get install nodejs")
	needs(t, exists(filepath.Join(modules, "@azure/msal-node/package.json")), "MSAL Node", "npm ci --prefix emulator/login/testdata/msal-node")
	s := apply(t, "vscode-fastapi", nil)
	b := s.browser()
	line, rest := s.start("open ", "provision", "exec", "--", "env", "NODE_PATH="+absolute(t, modules),
		"node", absolute(t, "vscode-extension/client.js"), "out/vscode-fastapi/extension.json", s.api()+"/secure")
	b.Visit(strings.TrimPrefix(line, "open "))
	s.signIn(b)
	b.See("Signed in. Go back to the editor.")
	for i, want := range []string{"with a new token", "with the token it had"} {
		if line := <-rest; !strings.HasPrefix(line, "200 ") || !strings.HasSuffix(line, want) || !strings.Contains(line, `"status":"ok"`) {
			t.Errorf("call %d: %s", i+1, line)
		}
	}
}

// TestWebClient signs in without a library.
func TestWebClient(t *testing.T) {
	t.Parallel()
	s := apply(t, "heroes", nil)
	b := s.browser()
	line, _ := s.start("open ", "provision", "exec", "--", "web-client", "--env", "out/heroes/.env_oauth", "--api", s.api(), "--listen", "127.0.0.1:0")
	b.Visit(strings.TrimPrefix(line, "open "))
	s.signIn(b)
	b.See(`"heroes"`)
	b.See(`"name": "Ripley"`)
	b.See(`"scp": "Heroes.Delete Heroes.Read Heroes.Write"`)
	// The authorization response can be used only once.
	callback := b.Address()
	b.Visit(callback)
	b.See("This answer belongs to another sign-in.")
}

// TestWebLogin signs in with MSAL for Python, in two browsers at the same time.
func TestWebLogin(t *testing.T) {
	t.Parallel()
	python := pythonWithMSAL()
	needs(t, python != "", "MSAL for Python", "apt-get install python3-msal")
	needs(t, onPath("curl"), "curl", "apt-get install curl")
	s := apply(t, "web-login", nil)
	one, other := s.browser(), s.browser()
	line, _ := s.start("open ", "provision", "exec", "--", "sh", "-c",
		"set -a; . ./out/web-login/.env; PORT=0 exec "+python+" "+absolute(t, "web-login/backend.py"))
	address := strings.TrimPrefix(line, "open ")
	home := strings.TrimSuffix(address, "api/oauthlogin")
	one.Visit(address)
	other.Visit(address) // starts before the first has ended
	s.signIn(one)
	one.See("Welcome Ada (web-login), ada.web-login@contoso.onmicrosoft.com: registered just now.")
	s.signIn(other)
	other.See("Welcome Ada (web-login), ada.web-login@contoso.onmicrosoft.com: sign-in 2.")
	other.Visit(home + "api/oauthtoken?code=x&state=y")
	other.See("There is no sign-in of yours to end.")

	// A user of another organization, in which nobody has consented yet.
	visitor := s.browser()
	name, password := s.foreigner()
	visitor.Visit(address)
	s.signInAs(visitor, name, password)
	visitor.See("Permissions requested")
	visitor.See("Web Login Backend")
	visitor.Click("#idBtn_Accept")
	visitor.See("Welcome Bob, " + name + ": registered just now.")
}

// foreigner creates a user of the other organization as its administrator.
func (s *system) foreigner() (name, password string) {
	s.Helper()
	name, password = "bob@fabrikam.onmicrosoft.com", "Str0ng-enough-for-a-test"
	s.write("bob.sh", []byte(`set -e
curl -sSf -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" $PROVISION_MANAGEMENT_URL/tenants >tenants.json
read tenant id secret <<END
$(python3 -c 'import json; t = [t for t in json.load(open("tenants.json")) if t["domain"].startswith("fabrikam")][0]; print(t["tenantId"], t["clientId"], t["clientSecret"])')
END
token=$(curl -sSf --cacert $SSL_CERT_FILE ${AZURE_AUTHORITY_HOST}$tenant/oauth2/v2.0/token -d grant_type=client_credentials \
    -d scope=https://graph.microsoft.com/.default -d client_id=$id --data-urlencode "client_secret=$secret" | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
curl -sSf --cacert $SSL_CERT_FILE $GRAPH_ENDPOINT/v1.0/users -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{
    "accountEnabled": true, "displayName": "Bob", "mailNickname": "bob", "userPrincipalName": "`+name+`",
    "passwordProfile": {"password": "`+password+`", "forceChangePasswordNextSignIn": false}}'
`))
	s.run("sh", "-ec", "set -a; . ./local.env; sh bob.sh")
	return name, password
}

func pythonWithMSAL() string {
	first, _ := exec.LookPath("python3")
	for _, python := range []string{first, "/usr/bin/python3"} { // Debian's packages belong to this one
		if python != "" && exec.Command(python, "-c", "import msal").Run() == nil {
			return python
		}
	}
	return ""
}

// TestPage signs in with MSAL Browser.
func TestPage(t *testing.T) {
	t.Parallel()
	needs(t, onPath("node"), "Node", "apt-get install nodejs")
	needs(t, exists("spa/node_modules/@azure/msal-browser/package.json"), "MSAL Browser", "npm ci --prefix examples/spa")
	port := freePort(t)
	s := apply(t, "spa", func(text string) string { return strings.ReplaceAll(text, "localhost:3000", "localhost:"+port) })
	b := s.browser()
	line, _ := s.start("open ", "node", absolute(t, "spa/server.js"), "out/spa/config.json", s.api(), port)
	b.Visit(strings.TrimPrefix(line, "open "))
	b.Wait("#sign-in[data-ready]")
	b.Click("#call")
	b.See("401 ")
	b.Click("#sign-in")
	s.signIn(b)
	b.See("Signed in as Ada (spa).")
	b.Click("#call")
	b.See(`"username":"ada.spa@contoso.onmicrosoft.com"`)
	for _, address := range b.Requested() {
		if !strings.HasPrefix(address, "https://login.microsoftonline.com/") && !strings.HasPrefix(address, "http://localhost:") && !strings.HasPrefix(address, "http://127.0.0.1:") && !strings.HasPrefix(address, "data:") {
			t.Errorf("asked for %s", address)
		}
	}
}

// TestVault gets secrets with curl.
func TestVault(t *testing.T) {
	t.Parallel()
	needs(t, onPath("curl"), "curl", "apt-get install curl")
	s := apply(t, "vault-function", nil)
	api := s.api()
	ask := func(secret string) string {
		return s.run("provision", "exec", "--", "sh", "-ec", `eval "$(provision output --format dotenv --show-secrets)"
			export TENANT_ID CLIENT_ID=$FUNCTION_CLIENT_ID CLIENT_SECRET=$FUNCTION_CLIENT_SECRET FUNCTION=`+api+` AUTHORITY=
			`+absolute(t, "vault/vault.sh")+" "+secret)
	}
	for secret, want := range map[string][2]string{
		"demo": {`"value":"the value of demo"`, "200"}, "none": {`"code":"SecretNotFound"`, "404"}, "unreachable": {`"code":"AzureKeyVaultFatalError"`, "502"},
	} {
		if got := ask(secret); !strings.Contains(got, want[0]) || !strings.HasSuffix(got, "\n"+want[1]+"\n") {
			t.Errorf("%s: %s", secret, got)
		}
	}
}
