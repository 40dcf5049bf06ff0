package provision_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// capability is a claim about the local tenant, with the test that proves it: a test function
// as FOLDER.TestName, or a script of cmd/provision as NAME.txtar.
type capability struct{ claim, witness string }

// capabilities are the claims of docs/capabilities.md, by area. An area ends with the claims
// about what is not supported.
var capabilities = []struct {
	area        string
	can, cannot []capability
}{
	{"Signing in", []capability{
		{"Authorization code flow with PKCE, from a sign-in page without scripts", "emulator/login.TestSignInPage"},
		{"A code is redeemed once, and only with its code verifier", "emulator/login.TestProofKey"},
		{"Client credentials with a secret, a certificate or a federated credential", "emulator/login.TestClientCredentials"},
		{"Client certificates, also as PEM", "emulator/login.TestClientCertificateAsPEM"},
		{"Federated credentials of issuers on the Internet or on this machine", "emulator.TestFederatedIssuerOnThisMachine"},
		{"Device code flow, at v1 and v2.0", "emulator/login.TestDeviceCode"},
		{"On-behalf-of flow", "emulator/login.TestOnBehalfOf"},
		{"Refresh tokens, which end with a new password", "emulator/login.TestPasswordChangeRevokes"},
		{"User name and password (ROPC) for members of the tenant", "emulator/login.TestPasswordGrant"},
		{"Implicit and hybrid flow where the registration allows them", "emulator/login.TestImplicitFlow"},
		{"Single-page applications: cross-origin redemption, limited refresh tokens", "emulator/login.TestSinglePageApplication"},
		{"Single sign-on within a browser, `prompt`, `max_age`, logout", "emulator/login.TestSession"},
		{"Managed identities: the endpoints of App Service and of virtual machines", "emulator/emulatortest.TestManagedIdentity"},
		{"Errors with the codes and words of Entra (AADSTS)", "emulator/login.TestMessagesOfEntra"},
	}, []capability{
		{"Conditional Access: of the `claims` parameter only `xms_cc` and `acrs` have an effect", "emulator/login.TestClaimsRequest"},
		{"Personal accounts: `consumers` is not a tenant", "emulator/login.TestUnknownTenant"},
		{"Other grant types: AADSTS70003", "emulator/login.TestRefusedTokenRequests"},
	}},
	{"Consent and assignment", []capability{
		{"A consent page, whose result is an oauth2PermissionGrant", "emulator/login.TestConsentIsGiven"},
		{"Admin consent at both endpoints, by four built-in roles", "emulator/login.TestAdminConsent"},
		{"AADSTS65001 without consent, AADSTS50105 without a required assignment", "emulator/login.TestErrorsAfterSignIn"},
		{"App roles through direct membership of a group", "emulator/login.TestUserTokens"},
	}, []capability{
		{"App roles through nested groups, as in Entra", "emulator/login.TestNestedGroupsGiveNoRole"},
	}},
	{"Tokens", []capability{
		{"Claims of v1.0 and v2.0 tokens in the documented formats", "emulator/login.TestTokensPage"},
		{"Optional claims and group claims, with the overage claim", "emulator/login.TestOptionalClaims"},
		{"Key rollover: keys are added, withdrawn and rotated on request", "emulator.TestKeysRotate"},
		{"A clock that can be moved", "emulator.TestTokensExpireAfterClockChange"},
		{"Tokens with any claims, for tests, through the management API", "emulator/login.TestSign"},
	}, []capability{
		{"Signed SAML tokens: a token signing certificate can be created, but nothing is signed with it", "emulator/graphapi.TestAddTokenSigningCertificate"},
	}},
	{"Microsoft Graph", []capability{
		{"Applications with the validation of Graph", "emulator/directory.TestRegistrationsThatEntraRefuses"},
		{"Secrets, certificates and federated credentials", "emulator/graphapi.TestPasswords"},
		{"Service principals, app role assignments, oauth2PermissionGrants", "emulator/graphapi.TestAppRoleAssignments"},
		{"Users, and security and Microsoft 365 groups", "emulator/graphapi.TestMicrosoft365Groups"},
		{"Dynamic groups by the documented user properties", "emulator/directory.TestDynamicMembers"},
		{"Directory roles, role assignments, administrative units", "emulator/graphapi.TestAdministrativeUnits"},
		{"Invitations of guests from other tenants of the emulator", "emulator/graphapi.TestInvitations"},
		{"The recycle bin: restore and purge", "emulator/graphapi.TestRecycleBin"},
		{"`$batch` with up to 20 requests", "emulator/graphapi.TestBatch"},
		{"`$filter`, `$search`, `$orderby`, `$expand`, `$select`, `$count` and paging", "emulator/graphapi.TestFilters"},
		{"Delta queries", "emulator/graphapi.TestDelta"},
		{"Application permissions and delegated scopes are enforced on every route", "emulator/graphapi.TestEveryRouteIsGuarded"},
		{"The audit log and the sign-in log", "emulator/graphapi.TestEveryWriteIsAudited"},
	}, []capability{
		{"Unknown properties: they are refused and never ignored", "emulator/graphapi.TestApplicationBodiesThatAreRefused"},
		{"`$skip`, and options inside `$expand` other than `$select`: they are refused", "emulator/graphapi.TestQueriesThatGraphRefuses"},
		{"Filters that Graph does not support: they are refused", "emulator/graphapi.TestFiltersThatGraphRefuses"},
	}},
	{"Clouds, tenants and clients", []capability{
		{"Several tenants, guests and multi-tenant applications", "multi-tenant.txtar"},
		{"Microsoft's public host names, through a proxy, for unchanged programs", "exec.txtar"},
		{"The clouds of the US Government and China", "clouds.txtar"},
		{"The Azure CLI", "emulator/emulatortest.TestAzureCLI"},
		{"MSAL for Python, Node and Go", "emulator/login.TestMSALPrograms"},
		{"Every credential of azidentity, with msgraph-sdk-go", "emulator.TestEveryCredentialOfAzidentity"},
	}, []capability{
		{"Azure Resource Manager, except metadata, tenants and an empty list of subscriptions", "emulator/arm.TestRefusedRequests"},
		{"Hosts other than Microsoft's through the proxy", "emulator/proxy.TestRefusedRequests"},
	}},
	{"Operation and failures", []capability{
		{"An acknowledged write survives a killed process", "emulator/directory.TestKilledProcessLosesNothingAcknowledged"},
		{"Snapshots: save and restore the whole tenant", "emulator.TestSnapshotIsRestored"},
		{"Fault injection: latency, throttling, broken answers, dropped connections", "faults.txtar"},
		{"Replication lag, with jitter or read-your-writes", "replication-lag.txtar"},
		{"The published quotas of Graph", "emulator.TestQuotas"},
		{"In memory, for one process", "in-memory.txtar"},
	}, []capability{
		{"A second process that serves the same state folder; commands connect to the first", "emulator.TestStateDirectoryAdmitsOneProcess"},
	}},
}

const capabilitiesPage = "docs/capabilities.md"

// TestCapabilities compares docs/capabilities.md with the table, and checks that each witness
// exists. UPDATE=1 writes the page.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# What the local tenant can and cannot do

This page is for developers who decide whether the local tenant is sufficient for a test. Each
claim names the test that proves it. [Limits](limits.md) describes the differences from Entra in
more detail. The page is generated: ` + "`UPDATE=1 go test -run TestCapabilities .`" + ` writes it.
`)
	row := func(yes string, c capability) {
		source, err := findWitness(c.witness)
		if err != nil {
			t.Errorf("%q: %v", c.claim, err)
			return
		}
		name := c.witness[strings.LastIndex(c.witness, ".Test")+1:]
		fmt.Fprintf(&b, "| %s | %s | [`%s`](../%s) |\n", c.claim, yes, name, source)
	}
	for _, a := range capabilities {
		fmt.Fprintf(&b, "\n## %s\n\n| claim | supported | test |\n|---|---|---|\n", a.area)
		for _, c := range a.can {
			row("yes", c)
		}
		for _, c := range a.cannot {
			row("no", c)
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(capabilitiesPage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(capabilitiesPage)
	if diff := cmp.Diff(string(page), b.String()); err != nil || diff != "" {
		t.Errorf("%s differs from the table (%v); UPDATE=1 go test -run TestCapabilities . writes it (-page +table):\n%s", capabilitiesPage, err, diff)
	}
}

func TestFindWitnessRefusesMissingTests(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"gone.txtar", "emulator.TestGone", "nowhere.TestQuotas", "emulator.newStation", "TestCapabilities"} {
		if source, err := findWitness(gone); err == nil {
			t.Errorf("%s was found in %s", gone, source)
		}
	}
}

// findWitness returns the file of a test function or script.
func findWitness(witness string) (string, error) {
	if strings.HasSuffix(witness, ".txtar") {
		file := "cmd/provision/testdata/script/" + witness
		_, err := os.Stat(file)
		return file, err
	}
	folder, name, found := strings.Cut(witness, ".")
	if !found || !strings.HasPrefix(name, "Test") {
		return "", fmt.Errorf("%q is not FOLDER.TestName or NAME.txtar", witness)
	}
	files, err := filepath.Glob(folder + "/*_test.go")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == name {
				return filepath.ToSlash(file), nil
			}
		}
	}
	return "", fmt.Errorf("no test %s in %s", name, folder)
}
