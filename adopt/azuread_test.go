package adopt_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/hashicorp/hcl/v2/hclparse"

	"provision/adopt"
)

// exported exports into a folder, and returns the files.
func (w *world) exported(selection adopt.Selection, stacks ...string) (dir string, files map[string]string, lost []adopt.Lost) {
	w.t.Helper()
	found, err := adopt.Find(context.Background(), w.graph, selection)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := adopt.Export(context.Background(), w.reader(), found, stacks)
	if err != nil {
		w.t.Fatal(err)
	}
	dir, files = w.t.TempDir(), map[string]string{}
	parser := hclparse.NewParser()
	for _, f := range all.Files {
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o644); err != nil {
			w.t.Fatal(err)
		}
		files[f.Path] = string(f.Content)
		if filepath.Ext(path) == ".tf" {
			if _, problems := parser.ParseHCL(f.Content, f.Path); problems.HasErrors() {
				w.t.Errorf("%s is not HCL: %v\n%s", f.Path, problems, f.Content)
			}
		}
	}
	return dir, files, all.Lost
}

// unaligned is configuration without the spaces that align it.
func unaligned(s string) string {
	return regexp.MustCompile(`(?m) +=`).ReplaceAllString(strings.ReplaceAll(s, "\t", " "), " =")
}

// expectAll checks that a file has each line of text.
func expectAll(t *testing.T, files map[string]string, file string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(unaligned(files[file]), line) {
			t.Errorf("%s lacks %q:\n%s", file, line, files[file])
		}
	}
}

// TestExportIsEscaped: Terraform reads text of the tenant as text, and not as a template, a
// comment or a name.
func TestExportIsEscaped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("POST", "/applications", object{"displayName": "9 ${x} \"Override\"", "description": "a\n%{if} \\ \"q\" ${file(\"/etc/passwd\")}", "notes": "*/ # x"})
	w.send("POST", "/applications", object{"displayName": "Terraform", "samlMetadataUrl": "https://contoso.example/m\u2028resource"})
	w.send("POST", "/applications", object{"displayName": "#\n/*"})
	_, files, lost := w.exported(adopt.Selection{Names: []string{"9 ${x} \"Override\"", "Terraform", "#\n/*"}})
	expectAll(t, files, "9-x-override.tf", `resource "azuread_application" "_9_x_override" {`, `display_name = "9 $${x} \"Override\""`,
		`description = "a\n%%{if} \\ \"q\" $${file(\"/etc/passwd\")}"`)
	if files["terraform.tf"] == "" || files["terraform-2.tf"] == "" || !strings.Contains(files["terraform.tf"], "required_providers") {
		t.Errorf("an application called Terraform takes the file of the provider: %v", files)
	}
	if len(lost) != 1 || lost[0].Property != "samlMetadataUrl" {
		t.Errorf("lost: %v", lost)
	}
}

// TestExportRefers: exported resources refer to each other, except where this would be a cycle
// for Terraform.
func TestExportRefers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scope, role := uuid.NewString(), uuid.NewString()
	api := w.send("POST", "/applications", object{"displayName": "API", "api": object{"oauth2PermissionScopes": []any{object{"id": scope, "value": "Orders.Read", "type": "User", "isEnabled": true, "adminConsentDisplayName": "r", "adminConsentDescription": "r"}}},
		"appRoles": []any{object{"id": role, "value": "Admin", "displayName": "Admin", "description": "Admin", "isEnabled": true, "allowedMemberTypes": []string{"User", "Application"}}}})
	access := []any{object{"resourceAppId": api["appId"], "resourceAccess": []any{object{"id": scope, "type": "Scope"}, object{"id": role, "type": "Role"}}}}
	web := w.send("POST", "/applications", object{"displayName": "Web", "requiredResourceAccess": access})
	w.send("PATCH", "/applications/"+api["id"].(string), object{"requiredResourceAccess": access, "api": object{"knownClientApplications": []any{web["appId"]},
		"preAuthorizedApplications": []any{object{"appId": web["appId"], "delegatedPermissionIds": []any{scope}}}}})
	server := w.send("POST", "/servicePrincipals", object{"appId": api["appId"]})["id"].(string)
	client := w.send("POST", "/servicePrincipals", object{"appId": web["appId"]})["id"].(string)
	w.send("POST", "/oauth2PermissionGrants", object{"clientId": client, "resourceId": server, "consentType": "AllPrincipals", "scope": "Orders.Read"})
	w.send("POST", "/servicePrincipals/"+server+"/appRoleAssignedTo", object{"principalId": client, "resourceId": server, "appRoleId": role})
	w.send("POST", "/applications/"+web["id"].(string)+"/addPassword", object{"passwordCredential": object{"displayName": "deploy"}})
	w.send("POST", "/applications/"+web["id"].(string)+"/owners/$ref", object{"@odata.id": w.tenant.Origin + "/v1.0/directoryObjects/" + client})

	_, files, _ := w.exported(adopt.Selection{Names: []string{"API", "Web"}})
	expectAll(t, files, "api.tf", `id = "/applications/`+api["id"].(string)+`"`, `id = "`+api["id"].(string)+`/preAuthorizedApplication/`+web["appId"].(string)+`"`,
		`authorized_client_id = azuread_application.web.client_id`, `permission_ids = [azuread_application.api.oauth2_permission_scope_ids["Orders.Read"]]`,
		`app_role_id = azuread_service_principal.api.app_role_ids["Admin"]`, `principal_object_id = azuread_service_principal.web.object_id`,
		`service_principal_object_id = azuread_service_principal.web.object_id`, `known_client_applications = [azuread_application.web.client_id]`)
	expectAll(t, files, "web.tf", `resource_app_id = "`+api["appId"].(string)+`"`, "# API", "# Orders.Read", "# This configuration does not contain:", "client secret deploy")

	_, files, _ = w.exported(adopt.Selection{Names: []string{"Web"}})
	expectAll(t, files, "web.tf", `resource_object_id = data.azuread_service_principal.api.object_id`, `app_role_id = data.azuread_service_principal.api.app_role_ids["Admin"]`)
	expectAll(t, files, "existing.tf", `data "azuread_service_principal" "api" {`, `client_id = "`+api["appId"].(string)+`"`)
}
