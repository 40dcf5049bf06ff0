package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

func TestFederatedIdentityCredentials(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders"}`)
	list := "/v1.0/applications/" + app.text("id") + "/federatedIdentityCredentials"
	const body = `{"name":"main","issuer":"https://token.example","subject":"repo:main","audiences":["api://AzureADTokenExchange"]}`
	r := tt.must(201, "POST", list, body)
	made := r.body
	if want := origin + "/v1.0/applications('" + app.text("id") + "')/federatedIdentityCredentials/" + made.text("id"); r.Header.Get("Location") != want {
		t.Errorf("Location is %q, want %q", r.Header.Get("Location"), want)
	}
	if _, flexible := made["claimsMatchingExpression"]; flexible || made.at("description") != nil || made.text("name") != "main" {
		t.Errorf("the credential is %v", made)
	}
	const prefer = "Prefer: create-if-missing"
	byName := list + "(name='other')"
	for _, step := range []struct{ name, method, path, body, header, want string }{
		{"the same name again", "POST", list, body, "", "409 Request_MultipleObjectsWithSameKeyValue: FederatedIdentityCredential with name main already exists."},
		{"no issuer", "POST", list, `{"name":"x","subject":"s","audiences":["a"]}`, "", "400 Request_BadRequest: A value is required for property 'issuer'"},
		{"two audiences", "POST", list, `{"name":"x","issuer":"https://x","subject":"s","audiences":["a","b"]}`, "", "400 InvalidFederatedIdentityCredentialValue"},
		{"by id", "GET", list + "/" + made.text("id"), "", "", "200"},
		{"by name", "GET", list + "/main", "", "", "200"},
		{"by name as a key", "GET", list + "(name='main')", "", "", "200"},
		{"by another key", "GET", list + "(issuer='x')", "", "", "400 BadRequest: The key property 'issuer' is not supported."},
		{"by the application's appId", "GET", "/v1.0/applications(appId='" + app.text("appId") + "')/federatedIdentityCredentials/main", "", "", "200"},
		{"a credential that does not exist", "GET", list + "/nothing", "", "", "404 Request_ResourceNotFound"},
		{"another subject", "PATCH", list + "/main", `{"subject":"repo:other","description":"new"}`, "", "204"},
		{"another name", "PATCH", list + "/main", `{"name":"renamed"}`, "", "400 Request_BadRequest: Property 'name' is read-only"},
		{"an upsert without the preference", "PATCH", byName, `{"issuer":"https://token.example"}`, "", "404"},
		{"an upsert with another name in the body", "PATCH", byName, `{"name":"x"}`, prefer, "400 Request_BadRequest: The value of property 'name' does not match"},
		{"an upsert", "PATCH", byName, `{"issuer":"https://token.example","subject":"s","audiences":["a"]}`, prefer, "201"},
		{"an upsert again", "PATCH", byName, `{"subject":"t"}`, prefer, "204"},
		{"an upsert of nothing", "PATCH", list + "(name='third')", `{}`, prefer, "400 Request_BadRequest: A value is required for property 'issuer'"},
		{"what /beta has", "GET", list + "?$select=claimsMatchingExpression", "", "", "400 BadRequest"},
		{"a flexible one", "POST", strings.Replace(list, "v1.0", "beta", 1), `{"name":"flexible","issuer":"https://token.example","audiences":["a"],"claimsMatchingExpression":{"languageVersion":1,"value":"claims['sub'] matches 'repo:*'"}}`, "", "201"},
		{"taking one away", "DELETE", list + "/main", "", "", "204"},
		{"taking it away again", "DELETE", list + "/main", "", "", "404"},
	} {
		headers := []string{}
		if step.header != "" {
			headers = append(headers, step.header)
		}
		if got := tt.send("admin", step.method, step.path, step.body, headers...).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	flexible := tt.get(strings.Replace(list, "v1.0", "beta", 1) + "/flexible")
	if flexible.at("subject") != nil || flexible.text("claimsMatchingExpression.value") != "claims['sub'] matches 'repo:*'" {
		t.Errorf("the flexible credential is %v", flexible)
	}
	if found := tt.get(list + "?$filter=subject eq 't'").values(); len(found) != 1 || found[0].text("name") != "other" {
		t.Errorf("the filter finds %v", found)
	}
	owned := tt.caller("Application.ReadWrite.OwnedBy")
	if got := tt.send(owned, "POST", list, body).fault(); !strings.HasPrefix(got, "403") {
		t.Errorf("a caller that does not own it: %s", got)
	}
	for i := range 18 {
		tt.must(201, "POST", list, fmt.Sprintf(`{"name":"c%[1]d","issuer":"https://token.example","subject":"s%[1]d","audiences":["a"]}`, i))
	}
	if got := tt.send("admin", "POST", list, body).fault(); !strings.Contains(got, "limited to 20") {
		t.Errorf("a 21st: %s", got)
	}
}
