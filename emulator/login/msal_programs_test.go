package login

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// needs finds a program on PATH. If it is missing, the test is skipped, or fails if
// PROVISION_TEST_REQUIRE is "all".
func needs(t *testing.T, program, how string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		lacks(t, program, how)
	}
	return path
}

func lacks(t *testing.T, what, how string) {
	t.Helper()
	if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
		t.Fatalf("%s is needed: %s", what, how)
	}
	t.Skipf("%s is needed: %s", what, how)
}

// msalNode returns the command that runs MSAL Node.
func msalNode(t *testing.T) []string {
	node := needs(t, "node", "apt-get install nodejs npm")
	dir := filepath.Join("testdata", "msal-node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@azure", "msal-node", "package.json")); err != nil {
		lacks(t, "MSAL Node", "npm ci --prefix emulator/login/testdata/msal-node")
	}
	return []string{node, filepath.Join(dir, "client.js")}
}

// msalPython is the command that runs MSAL Python. Debian's package belongs to the Python in
// /usr/bin, which is not always the first on PATH.
func msalPython(t *testing.T) []string {
	first := needs(t, "python3", "apt-get install python3-msal")
	for _, python := range []string{first, "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import msal").Run() == nil {
			return []string{python, filepath.Join("testdata", "msal-python", "client.py")}
		}
	}
	lacks(t, "MSAL Python", "apt-get install python3-msal")
	return nil
}

// program is a running program that uses a client library.
type program struct {
	t       *testing.T
	input   *json.Encoder
	answers *bufio.Scanner
}

type object = map[string]any

// said is a program's output for a result.
type said struct {
	AccessToken, IDToken, Account, Username string
	URL, UserCode                           string
	Error, Message                          string
}

// run starts a program for an application. It trusts the tenant's certificate in the way of its
// runtime.
func (w *world) run(t *testing.T, command []string, config object) *program {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	w.must(os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw}), 0o600))
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+bundle, "REQUESTS_CA_BUNDLE="+bundle)
	cmd.Stderr = t.Output()
	input, err := cmd.StdinPipe()
	w.must(err)
	output, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	t.Cleanup(func() {
		input.Close()
		_ = cmd.Wait()
	})
	p := &program{t: t, input: json.NewEncoder(input), answers: bufio.NewScanner(output)}
	p.answers.Buffer(nil, 1<<20)
	config["authority"] = w.origin + "/" + w.tid()
	if answer := p.ask(config); answer.Error != "" {
		t.Fatalf("%s: %s", answer.Error, answer.Message)
	}
	return p
}

func (p *program) ask(what object) said {
	p.t.Helper()
	if err := p.input.Encode(what); err != nil {
		p.t.Fatal(err)
	}
	return p.hear()
}

func (p *program) hear() said {
	p.t.Helper()
	if !p.answers.Scan() {
		p.t.Fatalf("the program ended: %v", p.answers.Err())
	}
	var answer said
	if err := json.Unmarshal(p.answers.Bytes(), &answer); err != nil {
		p.t.Fatalf("%s: %v", p.answers.Bytes(), err)
	}
	return answer
}

// signsIn opens a program's address in ada's browser.
func (p *program) signsIn(w *world, redirect string, scopes ...string) said {
	p.t.Helper()
	start := p.ask(object{"do": "signIn", "scopes": scopes, "redirect": redirect})
	to, err := url.Parse(start.URL)
	w.must(err)
	client := w.browser()
	page := w.signIn(client, w.get(client, to.Path, to.Query()), w.ada.UserPrincipalName, password)
	if page.location == nil || page.location.Query().Get("code") == "" {
		p.t.Fatalf("after the sign-in: %d %v", page.status, page.location)
	}
	response := object{}
	for name, values := range page.location.Query() {
		response[name] = values[0]
	}
	return p.ask(object{"do": "redeem", "response": response})
}

func (w *world) good(t *testing.T, answer said, want object) {
	t.Helper()
	if answer.Error != "" {
		t.Fatalf("%s: %s", answer.Error, answer.Message)
	}
	claims := w.claims(answer.AccessToken)
	for name, value := range want {
		if claims[name] != value {
			t.Errorf("%s is %v, want %v", name, claims[name], value)
		}
	}
}

// presentWorld returns a world with the current time, because client libraries use the machine's
// clock.
func presentWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.clock.advance(time.Since(w.clock.Now()))
	w.login.pollInterval = time.Second
	return w
}

func TestMSALPrograms(t *testing.T) {
	t.Parallel()
	read := "api://orders/read_data"
	for name, command := range map[string]func(*testing.T) []string{"Node": msalNode, "Python": msalPython} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := command(t)

			t.Run("public client signs in, again in silence", func(t *testing.T) {
				t.Parallel()
				w := presentWorld(t)
				p := w.run(t, command, object{"client": w.desktop.AppID})
				first := p.signsIn(w, "http://localhost:5555", read)
				w.good(t, first, object{"oid": w.ada.ID, "scp": "read_data", "azpacr": "0"})
				if first.Account != w.ada.ID+"."+w.tid() || first.Username != w.ada.UserPrincipalName {
					t.Errorf("account %s %s", first.Account, first.Username)
				}
				if again := p.ask(object{"do": "silent", "scopes": []string{read}}); again.AccessToken != first.AccessToken {
					t.Errorf("not from the cache: %s %s", again.Error, again.Message)
				}
				fresh := p.ask(object{"do": "silent", "scopes": []string{read}, "force": true})
				w.good(t, fresh, object{"oid": w.ada.ID})
				if fresh.AccessToken == first.AccessToken {
					t.Error("from the cache, though a fresh token was wanted")
				}
				refused := p.ask(object{"do": "silent", "scopes": []string{"api://orders/write_data"}})
				if !strings.Contains(refused.Message, "AADSTS65001: ") {
					t.Errorf("without consent: %+v", refused)
				}
			})

			if name == "Node" { // MSAL Python requests the user's realm on port 443, whatever the authority's port is
				t.Run("user name and password", func(t *testing.T) {
					t.Parallel()
					w := presentWorld(t)
					p := w.run(t, command, object{"client": w.desktop.AppID})
					signIn := object{"do": "password", "scopes": []string{read}, "username": w.carol.UserPrincipalName, "password": password}
					w.good(t, p.ask(signIn), object{"oid": w.carol.ID, "scp": "read_data"})
					signIn["password"] = "wrong"
					if refused := p.ask(signIn); !strings.Contains(refused.Message, "AADSTS50126: ") {
						t.Errorf("wrong password: %+v", refused)
					}
				})
			}

			t.Run("device", func(t *testing.T) {
				t.Parallel()
				w := presentWorld(t)
				p := w.run(t, command, object{"client": w.desktop.AppID})
				shown := p.ask(object{"do": "device", "scopes": []string{read}})
				if shown.URL != w.origin+"/"+w.tid()+"/deviceauth" {
					t.Fatalf("%+v", shown)
				}
				client := w.browser()
				if done := w.signIn(client, w.typed(client, shown.UserCode), w.ada.UserPrincipalName, password); done.status != http.StatusOK {
					t.Fatalf("%d %s", done.status, done.body)
				}
				w.good(t, p.hear(), object{"oid": w.ada.ID, "scp": "read_data"})
			})

			t.Run("confidential client with a secret", func(t *testing.T) {
				t.Parallel()
				w := presentWorld(t)
				p := w.run(t, command, object{"client": w.site.AppID, "secret": w.siteSecret})
				w.good(t, p.signsIn(w, "https://site.example/callback", read), object{"oid": w.ada.ID, "azpacr": "1"})
				w.good(t, p.ask(object{"do": "application", "scopes": []string{"api://orders/.default"}}), object{"oid": w.siteSP.ID})
				wrong := w.run(t, command, object{"client": w.site.AppID, "secret": "wrong"})
				if refused := wrong.ask(object{"do": "application", "scopes": []string{"api://orders/.default"}}); !strings.Contains(refused.Message, "AADSTS7000215: ") {
					t.Errorf("wrong secret: %+v", refused)
				}
			})

			t.Run("confidential client with a certificate", func(t *testing.T) {
				t.Parallel()
				w := presentWorld(t)
				id := clientIdentity()
				w.certify(w.daemon, id.der)
				der, err := x509.MarshalPKCS8PrivateKey(id.key)
				w.must(err)
				thumbprint := hex.EncodeToString(id.sha1())
				if name == "Node" {
					thumbprint = hex.EncodeToString(id.sha256())
				}
				key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
				p := w.run(t, command, object{"client": w.daemon.AppID, "certificate": object{"key": key, "thumbprint": thumbprint}})
				w.good(t, p.ask(object{"do": "application", "scopes": []string{"api://orders/.default"}}), object{"oid": w.daemonSP.ID, "azpacr": "2"})
			})

			t.Run("on behalf of", func(t *testing.T) {
				t.Parallel()
				w := presentWorld(t)
				p := w.run(t, command, object{"client": w.api.AppID, "secret": w.middle()})
				first := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("access_token")
				ledger := []string{"https://ledger." + w.dir.Tenant().Domain + "//read"}
				w.good(t, p.ask(object{"do": "behalf", "scopes": ledger, "assertion": first}), object{"oid": w.ada.ID, "appid": w.api.AppID, "scp": "read"})
				if refused := p.ask(object{"do": "behalf", "scopes": []string{"User.Read"}, "assertion": first}); !strings.Contains(refused.Message, "AADSTS65001: ") {
					t.Errorf("without consent: %+v", refused)
				}
			})
		})
	}
}
