package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

// TestCustomAppManagementPolicy: a policy that is assigned to an application or a service
// principal replaces restrictions of the default policy only for that object.
func TestCustomAppManagementPolicy(t *testing.T) {
	t.Parallel()
	tt := start(t)
	tt.must(204, "PATCH", "/v1.0/policies/defaultAppManagementPolicy", `{"isEnabled":true,
		"applicationRestrictions":{"passwordCredentials":[{"restrictionType":"passwordAddition"}]},
		"servicePrincipalRestrictions":{"passwordCredentials":[{"restrictionType":"passwordAddition"}]}}`)
	app := tt.must(201, "POST", "/v1.0/applications", `{"displayName":"api"}`).body
	other := tt.must(201, "POST", "/v1.0/applications", `{"displayName":"other"}`).body
	sp := tt.must(201, "POST", "/v1.0/servicePrincipals", fmt.Sprintf(`{"appId":%q}`, app.text("appId"))).body
	policy := tt.must(201, "POST", "/v1.0/policies/appManagementPolicies", `{"displayName":"secrets for a month","description":"","isEnabled":true,"restrictions":{"passwordCredentials":[
		{"restrictionType":"passwordAddition","state":"disabled"},
		{"restrictionType":"passwordLifetime","maxLifetime":"P30D","excludeActors":{"customSecurityAttributes":[{"@odata.type":"#microsoft.graph.customSecurityAttributeStringValueExemption","id":"policy_exempt","operator":"equals","value":"yes"}]}}]}}`).body
	reference := func(id string) string {
		return fmt.Sprintf(`{"@odata.id":"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/%s"}`, id)
	}
	password := func(of, id, end string) string {
		return tt.send("admin", "POST", "/v1.0/"+of+"/"+id+"/addPassword", fmt.Sprintf(`{"passwordCredential":{"displayName":"x","startDateTime":"2026-01-01T00:00:00Z","endDateTime":%q}}`, end)).fault()
	}
	const soon, late = "2026-01-21T00:00:00Z", "2026-02-10T00:00:00Z"
	for _, of := range [][2]string{{"applications", app.text("id")}, {"servicePrincipals", sp.text("id")}} {
		set, id := of[0], of[1]
		if got := password(set, id, soon); !strings.Contains(got, "CredentialTypeNotAllowedAsPerAppPolicy") {
			t.Errorf("%s by the default policy: %s", set, got)
		}
		tt.must(204, "POST", "/v1.0/"+set+"/"+id+"/appManagementPolicies/$ref", reference(policy.text("id")))
		if got := password(set, id, soon); got != "200" {
			t.Errorf("%s by its own policy: %s", set, got)
		}
		if got := password(set, id, late); !strings.Contains(got, "CredentialInvalidLifetimeAsPerAppPolicy") || !strings.Contains(got, policy.text("id")) {
			t.Errorf("%s by its own policy, too long: %s", set, got)
		}
		if all := tt.get("/v1.0/" + set + "/" + id + "/appManagementPolicies").values(); len(all) != 1 || all[0].text("id") != policy.text("id") {
			t.Errorf("%s: policies %v", set, all)
		}
	}
	if got := password("applications", other.text("id"), soon); !strings.Contains(got, "CredentialTypeNotAllowed") {
		t.Errorf("another application: %s", got)
	}
	if all := tt.get("/v1.0/policies/appManagementPolicies/" + policy.text("id") + "/appliesTo").values(); len(all) != 2 {
		t.Errorf("applies to %v", all)
	}
	second := tt.must(201, "POST", "/v1.0/policies/appManagementPolicies", `{"displayName":"second","isEnabled":false}`).body
	for _, step := range []struct{ name, method, path, body, want string }{
		{"two policies", "POST", "applications/" + app.text("id") + "/appManagementPolicies/$ref", reference(second.text("id")), "400"},
		{"no policy", "POST", "applications/" + other.text("id") + "/appManagementPolicies/$ref", reference(app.text("id")), "404"},
		{"one in use", "DELETE", "policies/appManagementPolicies/" + policy.text("id"), "", "400"},
		{"a wrong lifetime", "PATCH", "policies/appManagementPolicies/" + policy.text("id"), `{"restrictions":{"passwordCredentials":[{"restrictionType":"passwordLifetime","maxLifetime":"30 days"}]}}`, "400"},
		{"not assigned", "DELETE", "applications/" + other.text("id") + "/appManagementPolicies/" + policy.text("id") + "/$ref", "", "404"},
	} {
		if got := tt.send("admin", step.method, "/v1.0/"+step.path, step.body).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	tt.must(204, "DELETE", "/v1.0/applications/"+app.text("id")+"/appManagementPolicies/"+policy.text("id")+"/$ref", "")
	if got := password("applications", app.text("id"), soon); !strings.Contains(got, "CredentialTypeNotAllowed") {
		t.Errorf("without its own policy: %s", got)
	}
	tt.must(204, "DELETE", "/v1.0/policies/appManagementPolicies/"+second.text("id"), "")
}
