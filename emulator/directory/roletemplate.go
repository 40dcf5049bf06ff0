package directory

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// GlobalAdministrator is the template id of the role that may do everything.
const GlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

//go:embed roles.tsv
var roleTable string

// DirectoryRoleTemplate is a built-in role, the same in every tenant.
// Source: Graph resource type "directoryRoleTemplate".
type DirectoryRoleTemplate struct {
	ID              string  `json:"id"`
	DeletedDateTime *string `json:"deletedDateTime"`
	Description     string  `json:"description"`
	DisplayName     string  `json:"displayName"`
}

var roleTemplates = sync.OnceValue(func() (all []DirectoryRoleTemplate) {
	for line := range strings.Lines(roleTable) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, DirectoryRoleTemplate{ID: id, DisplayName: name, Description: "Built-in role " + name + "."})
	}
	slices.SortFunc(all, func(a, b DirectoryRoleTemplate) int { return strings.Compare(a.ID, b.ID) })
	return all
})

// DirectoryRoleTemplates returns every built-in role, ordered by id.
func DirectoryRoleTemplates() []DirectoryRoleTemplate { return slices.Clone(roleTemplates()) }

// RoleTemplate returns the built-in role with a template id.
func RoleTemplate(id string) (DirectoryRoleTemplate, bool) {
	i := slices.IndexFunc(roleTemplates(), func(t DirectoryRoleTemplate) bool { return same(t.ID, id) })
	if i < 0 {
		return DirectoryRoleTemplate{}, false
	}
	return roleTemplates()[i], true
}
