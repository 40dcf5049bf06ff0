package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"provision/emulator/emulatortest"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

// TestRealTenantPage runs the commands of docs/real-tenant.md unchanged, against the local tenant
// addressed as a real one. The differences: the tenant's id; the credentials of exec, which
// replace az login; and the answer to the questions of apply and destroy.
func TestRealTenantPage(t *testing.T) {
	needs(t, "sh")
	text, err := os.ReadFile("../../docs/real-tenant.md")
	if err != nil {
		t.Fatal(err)
	}
	script := &txtar.Archive{Comment: []byte("env PROVISION_YES=true\n")}
	blocks := 0
	for _, block := range pageBlock.FindAllStringSubmatch(string(text), -1) {
		kind, name, body := block[1], block[2], block[3]
		switch {
		case kind == "sh":
			blocks++
			name = fmt.Sprintf("block%d.sh", blocks)
			body = regexp.MustCompile("(?m)^az login .*$").ReplaceAllString(body, "")
			script.Comment = fmt.Appendf(script.Comment, "exec provision exec --credentials -- sh -e %s\n", name)
		case name != "":
			script.Comment = fmt.Appendf(script.Comment, "exec provision exec --credentials -- sh -c 'sed s/11111111-2222-3333-4444-555555555555/$AZURE_TENANT_ID/ %s >%s'\n", name+".page", name)
			name += ".page"
		case kind == "text":
			for line := range strings.Lines(body) {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(line, "\n")), "…", ".*")
				script.Comment = fmt.Appendf(script.Comment, "grep '^%s$' printed\n", pattern)
			}
			continue
		default:
			continue
		}
		script.Files = append(script.Files, txtar.File{Name: name, Data: []byte(body)})
		if strings.Contains(body, "provision verify") {
			script.Comment = append(script.Comment, "cp stdout printed\n"...)
		}
	}
	if blocks < 7 {
		t.Fatalf("the page has %d blocks of sh", blocks)
	}
	script.Comment = append(script.Comment, "exec sh -c 'ls .provision/staging/sign-ins'\n! stdout .\n"...)
	file := filepath.Join(t.TempDir(), "real-tenant.txtar")
	if err := os.WriteFile(file, txtar.Format(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{file}, Condition: have, Setup: func(env *testscript.Env) error {
		if err := os.CopyFS(filepath.Join(env.WorkDir, "manifests"), os.DirFS("../../manifests")); err != nil {
			return err
		}
		env.Setenv("PROVISION_PORTS", freshPorts().String())
		env.Defer(func() { endProcesses(t, env.WorkDir) })
		return setPrograms(env)
	}})
}

// openAsPerson fills in the sign-in form of an address for the user that login_hint names, like a
// person with a browser.
func openAsPerson() {
	if err := signInAsPerson(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func signInAsPerson(address string) error {
	raw, err := os.ReadFile(".provision/staging/passwords.json")
	if err != nil {
		return err
	}
	var passwords map[string]string
	if err := json.Unmarshal(raw, &passwords); err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	user := u.Query().Get("login_hint")
	page, err := emulatortest.FillForms(http.DefaultTransport, address, url.Values{"loginfmt": {user}, "passwd": {passwords[strings.ToLower(user)]}})
	if err == nil && !strings.Contains(page, "Signed in") {
		err = fmt.Errorf("not signed in: %s", page)
	}
	return err
}
