package graphapi

import (
	"net/http"
	"reflect"

	"provision/emulator/directory"
)

// The tenant's default app management policy.
// Source: Graph "Get tenantAppManagementPolicy" and "Update tenantAppManagementPolicy".
var appManagementRoutes = []route{
	{method: "GET", pattern: "policies/defaultAppManagementPolicy", requires: readAppPolicies, handle: (*call).getAppManagementPolicy},
	{method: "PATCH", pattern: "policies/defaultAppManagementPolicy", requires: writeAppPolicies, handle: (*call).updateAppManagementPolicy},
}

var appManagementKind = &kind{
	set:       "policies/defaultAppManagementPolicy",
	odataType: "microsoft.graph.tenantAppManagementPolicy",
	resource:  "TenantAppManagementPolicy",
	structs:   []reflect.Type{reflect.TypeFor[directory.AppManagementPolicy]()},
	readOnly:  []string{"id", "deletedDateTime"},
}

func (c *call) getAppManagementPolicy() (answer, error) {
	return c.one(http.StatusOK, appManagementKind, c.view.AppManagementPolicy())
}

func (c *call) updateAppManagementPolicy() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		changed := tx.AppManagementPolicy().Clone()
		if err := b.apply(changed, appManagementKind.readOnly); err != nil {
			return err
		}
		return tx.UpdateAppManagementPolicy(changed)
	})
}
