package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"provision/emulator"
	"provision/emulator/directory"
	"provision/emulator/emulatortest"
)

func TestTwoTenants(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	home := s.tenant
	fabrikam := home.AddTenant(t, directory.Seed{Domain: "fabrikam.onmicrosoft.com"})
	client := home.HTTPClient()
	graph := home.Origin + "/v1.0/organization"
	domain := func(tenant *emulatortest.Tenant) string {
		status, body := get(t, client, graph, token(t, client, tenant, home.Origin, home.Origin+"/.default"))
		value, _ := body["value"].([]any)
		if status != http.StatusOK || len(value) != 1 {
			t.Fatalf("organization of %s: %d %v", tenant.Domain, status, body)
		}
		organization := value[0].(map[string]any)
		if organization["id"] != tenant.TenantID {
			t.Errorf("the token of %s shows the tenant %v", tenant.Domain, organization["id"])
		}
		return organization["displayName"].(string)
	}
	if domain(home) != "Contoso" || domain(fabrikam) != "Fabrikam" {
		t.Error("a token shows another tenant")
	}
	// The administrator of one tenant has no rights in the other.
	form := "grant_type=client_credentials&client_id=" + fabrikam.ClientID + "&client_secret=" + fabrikam.ClientSecret + "&scope=" + home.Origin + "/.default"
	r, err := http.NewRequest(http.MethodPost, home.Origin+"/"+home.TenantID+"/oauth2/v2.0/token", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status, body := answer(t, client, r); status != http.StatusBadRequest || !strings.Contains(body["error_description"].(string), "AADSTS700016") {
		t.Errorf("another tenant's administrator: %d %v", status, body)
	}
	for _, tenant := range []*emulatortest.Tenant{home, fabrikam} {
		status, body := get(t, client, home.Origin+"/tenants?api-version=2022-12-01", token(t, client, tenant, home.Origin, "https://management.azure.com/.default"))
		value, _ := body["value"].([]any)
		if status != http.StatusOK || len(value) != 1 || value[0].(map[string]any)["defaultDomain"] != tenant.Domain {
			t.Errorf("Resource Manager's tenants of %s: %d %v", tenant.Domain, status, body)
		}
	}
	for _, tenant := range []*emulatortest.Tenant{home, fabrikam} {
		dump, err := tenant.Snapshot()
		if err != nil || string(dump) != s.manage("GET", "/snapshot?tenant="+tenant.Domain, "", 200) {
			t.Errorf("snapshot of %s: %v", tenant.Domain, err)
		}
	}
}

// TestAMultiTenantApplicationThroughGraph: an application that is registered in one tenant gets a
// service principal in the other tenant, and changes of the registration appear there.
func TestAMultiTenantApplicationThroughGraph(t *testing.T) {
	t.Parallel()
	home := emulatortest.Start(t)
	fabrikam := home.AddTenant(t, directory.Seed{Domain: "fabrikam.onmicrosoft.com"})
	client := home.HTTPClient()
	atHome, there := token(t, client, home, home.Origin, home.Origin+"/.default"), token(t, client, fabrikam, home.Origin, home.Origin+"/.default")
	app := asJSON(t, client, "POST", home.Origin+"/v1.0/applications", atHome, `{"displayName":"saas","signInAudience":"AzureADMyOrg"}`)
	application, appID := home.Origin+"/v1.0/applications/"+app["id"].(string), app["appId"].(string)
	secret := asJSON(t, client, "POST", application+"/addPassword", atHome, `{}`)["secretText"].(string)
	takeIn := func() (int, map[string]any) {
		r, err := http.NewRequest(http.MethodPost, home.Origin+"/v1.0/servicePrincipals", strings.NewReader(`{"appId":"`+appID+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+there)
		r.Header.Set("Content-Type", "application/json")
		return answer(t, client, r)
	}
	if status, body := takeIn(); status != http.StatusBadRequest {
		t.Errorf("a single-tenant application is taken in: %d %v", status, body)
	}
	asJSON(t, client, "PATCH", application, atHome, `{"signInAudience":"AzureADMultipleOrgs"}`)
	status, principal := takeIn()
	if status != http.StatusCreated || principal["appOwnerOrganizationId"] != home.TenantID || principal["displayName"] != "saas" {
		t.Fatalf("taken in: %d %v", status, principal)
	}
	asJSON(t, client, "PATCH", application, atHome, `{"displayName":"saas two","identifierUris":["api://`+appID+`"]}`)
	_, now := get(t, client, home.Origin+"/v1.0/servicePrincipals/"+principal["id"].(string), there)
	if names, _ := now["servicePrincipalNames"].([]any); now["displayName"] != "saas two" || !slices.Contains(names, any("api://"+appID)) {
		t.Errorf("after the change at home: %v", now)
	}
	if _, apps := get(t, client, home.Origin+"/v1.0/applications", there); len(apps["value"].([]any)) != 1 {
		t.Errorf("applications of the other tenant: %v", apps)
	}
	saas := &emulatortest.Tenant{Origin: home.Origin, TenantID: fabrikam.TenantID, ClientID: appID, ClientSecret: secret}
	if got := token(t, client, saas, home.Origin, home.Origin+"/.default"); got == "" {
		t.Error("no token of the other tenant")
	}
}

func TestTenantsAreManaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStation(t, emulatortest.InDir(dir))
	var made emulator.TenantAccess
	if err := json.Unmarshal([]byte(s.manage("POST", "/tenants", `{"domain":"adatum.example","displayName":"A. Datum"}`, 200)), &made); err != nil {
		t.Fatal(err)
	}
	if made.Domain != "adatum.example" || made.DisplayName != "A. Datum" || made.TenantID == "" || made.ClientID == "" || made.ClientSecret == "" {
		t.Errorf("made %+v", made)
	}
	s.manage("POST", "/tenants", `{"domain":"Adatum.example"}`, 409)
	s.manage("POST", "/tenants", `{"domain":"adatum"}`, 400)
	s.manage("POST", "/tenants", `{"name":"adatum"}`, 400)
	s.manage("GET", "/snapshot?tenant=nowhere.example", "", 404)
	s.manage("PUT", "/replication-lag", `{"lag":"1h"}`, 200)
	s.manage("POST", "/tenants", `{"domain":"late.example"}`, 200)
	var listed []emulator.TenantAccess
	if err := json.Unmarshal([]byte(s.manage("GET", "/tenants", "", 200)), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed) != 3 || listed[0].TenantID != s.tenant.TenantID || !slices.Contains(listed, made) {
		t.Errorf("tenants %+v", listed)
	}
}

func TestTenantsSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var before emulator.TenantAccess
	for range 2 {
		e, err := emulator.New(emulator.Config{Dir: dir, Origin: "https://localhost:1"})
		if err != nil {
			t.Fatal(err)
		}
		access, err := e.EnsureTenant("fabrikam.onmicrosoft.com")
		if err != nil {
			t.Fatal(err)
		}
		if before.TenantID != "" && access != before {
			t.Errorf("the tenant was %+v and is %+v", before, access)
		}
		before = access
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// asJSON sends a JSON body to Graph; the status must be 2xx.
func asJSON(t *testing.T, client *http.Client, method, address, token, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	status, answered := answer(t, client, r)
	if status >= 300 {
		t.Fatalf("%s %s: %d %v", method, address, status, answered)
	}
	return answered
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	formState  = regexp.MustCompile(`name="ctx" value="([^"]*)"`)
)

func TestAGuestOfTheOtherTenant(t *testing.T) {
	t.Parallel()
	home := emulatortest.Start(t)
	fabrikam := home.AddTenant(t, directory.Seed{Domain: "fabrikam.onmicrosoft.com"})
	client := home.HTTPClient()
	const password, cli = "Correct-Horse-7", "04b07795-8ddb-461a-bbee-02f9e1bf7b46" // the Azure CLI
	asJSON(t, client, "POST", home.Origin+"/v1.0/users", token(t, client, home, home.Origin, home.Origin+"/.default"),
		`{"accountEnabled":true,"displayName":"Ada","mailNickname":"ada","userPrincipalName":"ada@contoso.onmicrosoft.com",
		"passwordProfile":{"password":"`+password+`","forceChangePasswordNextSignIn":false}}`)
	invited := asJSON(t, client, "POST", home.Origin+"/v1.0/invitations", token(t, client, fabrikam, home.Origin, home.Origin+"/.default"),
		`{"invitedUserEmailAddress":"ada@contoso.onmicrosoft.com","inviteRedirectUrl":"https://app.example/welcome"}`)

	// The link in the invitation leads to a sign-in with the password of the home tenant, and
	// from there to the target.
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Transport: client.Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, err := browser.Get(invited["inviteRedeemUrl"].(string))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(page.Body)
	page.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	action, state := formAction.FindSubmatch(text), formState.FindSubmatch(text)
	if action == nil || state == nil {
		t.Fatalf("no sign-in form: %s", text)
	}
	page, err = browser.PostForm(home.Origin+string(action[1]), url.Values{
		"ctx": {string(state[1])}, "loginfmt": {"ada@contoso.onmicrosoft.com"}, "passwd": {password},
	})
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if to := page.Header.Get("Location"); to != "https://app.example/welcome" {
		t.Fatalf("%d, on to %q", page.StatusCode, to)
	}

	// In a session of the home tenant, the Azure CLI's token for Fabrikam is the guest's token.
	page, err = browser.Get(home.Origin + "/" + fabrikam.TenantID + "/oauth2/v2.0/authorize?" + url.Values{
		"client_id": {cli}, "redirect_uri": {"http://localhost:5555"}, "response_type": {"code"}, "scope": {"https://management.azure.com/.default offline_access"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	back, err := page.Location()
	if err != nil {
		t.Fatalf("not signed in: %d %v", page.StatusCode, err)
	}
	redeem := func(form url.Values) string {
		t.Helper()
		form.Set("client_id", cli)
		answered, err := client.PostForm(home.Origin+"/"+fabrikam.TenantID+"/oauth2/v2.0/token", form)
		if err != nil {
			t.Fatal(err)
		}
		defer answered.Body.Close()
		var tokens map[string]any
		if err := json.NewDecoder(answered.Body).Decode(&tokens); err != nil || answered.StatusCode != http.StatusOK {
			t.Fatalf("%d %v %v", answered.StatusCode, tokens, err)
		}
		if form.Has("code") {
			return tokens["access_token"].(string) + " " + tokens["refresh_token"].(string)
		}
		return tokens["access_token"].(string)
	}
	management, refresh, _ := strings.Cut(redeem(url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {"http://localhost:5555"}}), " ")
	_, body := get(t, client, home.Origin+"/tenants?api-version=2022-12-01", management)
	var domains []string
	for _, tenant := range body["value"].([]any) {
		domains = append(domains, tenant.(map[string]any)["defaultDomain"].(string))
	}
	if !slices.Equal(domains, []string{"contoso.onmicrosoft.com", "fabrikam.onmicrosoft.com"}) {
		t.Errorf("Resource Manager's tenants %v", domains)
	}
	graph := redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"https://graph.microsoft.com/.default"}})
	if _, me := get(t, client, home.Origin+"/v1.0/me?$select=id,userType,userPrincipalName", graph); me["id"] != invited["invitedUser"].(map[string]any)["id"] ||
		me["userPrincipalName"] != "ada_contoso.onmicrosoft.com#EXT#@fabrikam.onmicrosoft.com" || me["userType"] != "Guest" {
		t.Errorf("me %v", me)
	}
	_, log := get(t, client, home.Origin+"/v1.0/auditLogs/signIns?$filter=userId%20eq%20'"+invited["invitedUser"].(map[string]any)["id"].(string)+"'",
		token(t, client, fabrikam, home.Origin, home.Origin+"/.default"))
	entries, _ := log["value"].([]any)
	if len(entries) == 0 || entries[0].(map[string]any)["appDisplayName"] != "Microsoft Invitation Acceptance Portal" {
		t.Errorf("sign-in log %v", log)
	}
}
