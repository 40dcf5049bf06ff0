package policy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"provision/stack"
)

// around contains the objects to which the examples refer.
const around = `apiVersion: provision/v1
kind: Stack
metadata: {name: shop}
---
apiVersion: provision/v1
kind: Application
metadata: {name: orders}
spec:
  displayName: Orders
  api: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read}, {value: Orders.Unused}]}
  owners: [ada, ben]
---
apiVersion: provision/v1
kind: Application
metadata: {name: client}
spec: {displayName: Client, owners: [ada, ben], publicClient: {redirectUris: ["http://localhost"]}, servicePrincipal: {appRoleAssignmentRequired: true}, permissions: [{resource: orders, scopes: [Orders.Read], adminConsent: true}]}
---
apiVersion: provision/v1
kind: Conformance
metadata: {name: orders}
spec: {resource: orders, client: client, endpoints: [{request: GET /orders, requires: {scopes: [Orders.Read]}}]}
---
apiVersion: provision/v1
kind: User
metadata: {name: ada}
spec: {userPrincipalName: "ada@${tenant.domain}"}
---
apiVersion: provision/v1
kind: User
metadata: {name: ben}
spec: {userPrincipalName: "ben@${tenant.domain}"}
---
apiVersion: provision/v1
kind: Group
metadata: {name: auditors}
spec: {displayName: Auditors, members: [{user: ada}]}
---
`

func example(t testing.TB, metadata, spec string) []*stack.Stack {
	t.Helper()
	dir := t.TempDir()
	document := "apiVersion: provision/v1\nkind: Application\nmetadata: {name: example" + metadata + "}\nspec:\n  " + strings.ReplaceAll(spec, "\n", "\n  ") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(around+document), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, valid := range map[string][2]time.Time{"two-years.pem": {now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)}, "half-a-year.pem": {now, now.AddDate(0, 6, 0)}, "expired.pem": {now.AddDate(0, -6, 0), now.AddDate(0, -1, 0)}} {
		if strings.Contains(spec, name) {
			writeCertificate(t, filepath.Join(dir, name), valid[0], valid[1])
		}
	}
	stacks, err := stack.Load(dir, stack.Stage{})
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return stacks
}

// writeCertificate writes a certificate that is valid between two times.
func writeCertificate(t testing.TB, path string, from, to time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err == nil {
		err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func of(t testing.TB, stacks []*stack.Stack, rule string) (found []Violation) {
	t.Helper()
	all, err := Check(stacks, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.Application == "example" && v.Rule == rule {
			found = append(found, v)
		}
	}
	return found
}

// Each rule finds a violation in its violating example, at one of its lines, and none in its
// correct example.
func TestRules(t *testing.T) {
	t.Parallel()
	rules, seen := Rules(), map[string]bool{}
	if len(rules) < 40 {
		t.Errorf("%d rules", len(rules))
	}
	for _, r := range rules {
		t.Run(r.ID, func(t *testing.T) {
			if seen[r.ID] || r.Reason == "" || r.Fix == "" || r.Source == "" || r.Severity == "" {
				t.Errorf("stands twice, or says too little: %+v", r)
			}
			seen[r.ID] = true
			if r.Live {
				return // TestCheckLive
			}
			found := of(t, example(t, "", r.Violates), r.ID)
			if len(found) != 1 {
				t.Fatalf("%d violations: %+v", len(found), found)
			}
			if found[0].Position.Line <= strings.Count(around, "\n") || found[0].Message == "" {
				t.Errorf("%+v", found[0])
			}
			if found := of(t, example(t, "", r.Clean), r.ID); len(found) > 0 {
				t.Errorf("the clean example: %+v", found)
			}
		})
	}
}

// An exception applies to its rule until its date. An exception to an unknown rule is an error.
func TestExceptions(t *testing.T) {
	t.Parallel()
	exception := func(rule, until string) string {
		return fmt.Sprintf(", exceptions: [{rule: %s, reason: behind the firewall, until: %s}]", rule, until)
	}
	const spec = "displayName: A\nweb: {redirectUris: ['https://abc.ngrok.app/in']}"
	for until, want := range map[string]string{"2026-06-01": "behind the firewall (until 2026-06-01)", "2026-05-31": ""} {
		found := of(t, example(t, exception("redirect-tunnel", until), spec), "redirect-tunnel")
		expired := map[bool]string{true: "behind the firewall (until " + until + ")"}[want == ""]
		if len(found) != 1 || found[0].Excepted != want || found[0].Expired != expired {
			t.Errorf("until %s: %+v", until, found)
		}
	}
	if found := of(t, example(t, exception("no-owner", "2026-12-31"), spec), "redirect-tunnel"); len(found) != 1 || found[0].Excepted != "" {
		t.Errorf("of another rule: %+v", found)
	}
	if _, err := Check(example(t, exception("redirect-tunel", "2026-12-31"), spec), now); err == nil || !strings.Contains(err.Error(), `rule "redirect-tunel", which does not exist`) {
		t.Errorf("an exception from no rule: %v", err)
	}
}

// TestExceptionOfAStackFromNoRule: the error names the stack, even if it has no application.
func TestExceptionOfAStackFromNoRule(t *testing.T) {
	t.Parallel()
	for _, applications := range []string{"", "---\napiVersion: provision/v1\nkind: Application\nmetadata: {name: api}\nspec: {displayName: API}\n"} {
		dir := t.TempDir()
		text := "apiVersion: provision/v1\nkind: Stack\nmetadata:\n  name: orders\n  exceptions: [{rule: no-ovner, reason: a robot owns it, until: 2026-12-31}]\n" + applications
		if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stacks, err := stack.Load(dir, stack.Stage{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(stacks, now); err == nil || !strings.Contains(err.Error(), `stack.yaml:5:16: stack orders has an exception from rule "no-ovner"`) {
			t.Errorf("the error is %v", err)
		}
	}
}

// TestThousandApplications: the time grows in proportion to the number of applications. The
// fastest of many attempts counts, so that other work on the machine has no effect.
func TestThousandApplications(t *testing.T) {
	tenantOf := func(applications int) func(best time.Duration) time.Duration {
		stacks := example(t, "", "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}\nsecrets: [{name: app}]")
		one := stacks[0].Applications[len(stacks[0].Applications)-1]
		for range applications {
			stacks[0].Applications = append(stacks[0].Applications, one)
		}
		return func(best time.Duration) time.Duration {
			began := time.Now()
			all, err := Check(stacks, now)
			if err != nil || len(all) < 3*applications {
				t.Fatalf("%d violations: %v", len(all), err)
			}
			return min(best, time.Since(began))
		}
	}
	few, many := tenantOf(100), tenantOf(1000)
	bestOfFew, bestOfMany := time.Hour, time.Hour
	for range 50 {
		bestOfFew, bestOfMany = few(bestOfFew), many(bestOfMany)
		if bestOfMany < 40*bestOfFew {
			return
		}
	}
	t.Errorf("100 applications take %s and 1,000 take %s", bestOfFew, bestOfMany)
}

// The page of rules is rendered from the table; UPDATE=1 writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	const path = "../docs/check.md"
	want := Reference()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s differs from the table (%v): run UPDATE=1 go test ./policy -run TestReference", path, err)
	}
}

// TestCheckLive: violations name live registrations by display name and appId, and use the
// lifetimes of their secrets in the tenant.
func TestCheckLive(t *testing.T) {
	t.Parallel()
	live := &stack.Stack{Name: "live", Applications: []*stack.Application{{Name: "site", Adopt: "0a1b", DisplayName: "Site", Owners: []string{"ada", "ben"},
		Secrets: []stack.Secret{{Name: "app", KeyID: "1", NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -1)}}}}}
	all, err := CheckLive(live, now)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]Violation{}
	for _, v := range all {
		rules[v.Rule] = v
	}
	for _, rule := range []string{"secret-expired", "secret-lifetime-year"} {
		if v, ok := rules[rule]; !ok || v.Subject() != "Site (0a1b)" {
			t.Errorf("%s: %+v", rule, v)
		}
	}
	var b strings.Builder
	if err := WriteSARIF(&b, "", all); err != nil || !strings.Contains(b.String(), `"fullyQualifiedName": "applications/0a1b"`) || strings.Contains(b.String(), "physicalLocation") {
		t.Errorf("SARIF: %v\n%s", err, b.String())
	}
}

// TestSARIFHasNoControlCharacters: CI logs show the file, and its names come from the tenant.
func TestSARIFHasNoControlCharacters(t *testing.T) {
	t.Parallel()
	name := "Site \u202egpj\u200b\x1b[2J\u009b\u2028"
	var b strings.Builder
	if err := WriteSARIF(&b, "", []Violation{{Rule: "no-owner", Severity: Low, Application: name, AppID: "0a1b", Message: name}}); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl)) }); i >= 0 {
		t.Errorf("raw: %q", b.String()[i:i+10])
	}
	var document struct {
		Runs []struct {
			Results []struct{ Message struct{ Text string } }
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &document); err != nil || !strings.Contains(document.Runs[0].Results[0].Message.Text, name) {
		t.Errorf("%v: the name has changed: %+v", err, document)
	}
}

// TestNew: a violation that already exists in the tenant is not new; a second one is.
func TestNew(t *testing.T) {
	t.Parallel()
	appIDs := map[string]string{"shop/site": "0a1b"}
	declared := []Violation{{Rule: "redirect-tunnel", Stack: "shop", Application: "site", Message: "a"}, {Rule: "redirect-tunnel", Stack: "shop", Application: "site", Message: "b"},
		{Rule: "secret-lifetime", Stack: "shop", Application: "site", Message: "secret app"}, {Rule: "redirect-tunnel", Stack: "shop", Application: "other", Message: "a"}}
	live := []Violation{{Rule: "redirect-tunnel", AppID: "0a1b", Message: "a"}, {Rule: "secret-lifetime", AppID: "0a1b", Message: "secret App"}}
	got := New(declared, live, appIDs)
	if len(got) != 2 || got[0].Message != "b" || got[1].Application != "other" {
		t.Errorf("new: %+v", got)
	}
}
