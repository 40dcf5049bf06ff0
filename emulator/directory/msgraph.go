package directory

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// MicrosoftGraphAppID names Microsoft Graph in every tenant.
const MicrosoftGraphAppID = "00000003-0000-0000-c000-000000000000"

// microsoftTenantID is the organization that owns Microsoft Graph's application.
const microsoftTenantID = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

//go:embed msgraph.tsv
var msgraphTable string

type permissions struct {
	roles  []AppRole
	scopes []PermissionScope
}

var readPermissions = sync.OnceValue(func() (p permissions) {
	for line := range strings.Lines(msgraphTable) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		value, kind, consent, id, name := field[0], field[1], field[2], field[3], field[4]
		if kind == "role" {
			p.roles = append(p.roles, AppRole{
				ID: id, Value: &value, DisplayName: &name, Description: &name,
				AllowedMemberTypes: []string{"Application"}, IsEnabled: true, Origin: "Application",
			})
			continue
		}
		p.scopes = append(p.scopes, PermissionScope{
			ID: id, Value: value, Type: consent, IsEnabled: true,
			AdminConsentDisplayName: &name, AdminConsentDescription: &name,
			UserConsentDisplayName: &name, UserConsentDescription: &name,
		})
	}
	return p
})

// microsoftGraphPermissions returns every application role and delegated scope
// of Microsoft Graph, under the ids that they have in every tenant.
func microsoftGraphPermissions() ([]AppRole, []PermissionScope) {
	p := readPermissions()
	return slices.Clone(p.roles), slices.Clone(p.scopes)
}
