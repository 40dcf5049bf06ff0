package microsoft

import (
	"testing"

	"github.com/google/uuid"
)

// TestTable checks the form of every line of the table, because a wrong id would have no visible
// effect.
func TestTable(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	unique := func(id, of string) {
		t.Helper()
		if uuid.Validate(id) != nil {
			t.Errorf("%s: %q is no GUID", of, id)
		}
		if ids[id] != "" {
			t.Errorf("%s has the id of %s", of, ids[id])
		}
		ids[id] = of
	}
	for _, a := range Applications() {
		unique(a.AppID, a.Name)
		values := map[string]bool{}
		for _, p := range a.Scopes {
			unique(p.ID, a.Name+" scope "+p.Value)
			if p.Title == "" || values["scope "+p.Value] {
				t.Errorf("%s scope %q has no title, or is there twice", a.Name, p.Value)
			}
			values["scope "+p.Value] = true
		}
		for _, p := range a.Roles {
			if ids[p.ID] != a.Name+" scope "+p.Value { // they may share it
				unique(p.ID, a.Name+" role "+p.Value)
			}
			if p.Title == "" || values["role "+p.Value] {
				t.Errorf("%s role %q has no title, or is there twice", a.Name, p.Value)
			}
			values["role "+p.Value] = true
		}
	}
}

func TestFindResource(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"797F4846-ba00-4fd7-ba43-dac1f8f63013":        "Windows Azure Service Management API",
		"https://management.azure.com/":               "Windows Azure Service Management API",
		"https://vault.azure.net":                     "Azure Key Vault",
		"https://orders.blob.core.windows.net":        "Azure Storage",
		"https://contoso.sharepoint.com/":             "Office 365 SharePoint Online",
		"https://app.vssps.visualstudio.com":          "Azure DevOps",
		"https://outlook.office365.com/":              "Office 365 Exchange Online",
		"https://contoso.crm4.dynamics.com":           "Dataverse",
		"https://analysis.windows.net/powerbi/api/":   "Power BI Service",
		"https://orders.documents.azure.com":          "Azure Cosmos DB",
		"https://database.windows.net":                "Azure SQL Database",
		"https://contoso.sharepoint.com/sites/orders": "",
		"https://sharepoint.com.evil.example":         "",
		"https://evilsharepoint.com":                  "",
		"http://contoso.sharepoint.com":               "",
		"04b07795-8ddb-461a-bbee-02f9e1bf7b46":        "", // a client
	} {
		if got, _ := Clouds[0].FindResource(name); got.Name != want {
			t.Errorf("FindResource(%q) = %q, want %q", name, got.Name, want)
		}
	}
}
