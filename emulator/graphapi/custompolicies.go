package graphapi

import (
	"net/http"
	"reflect"
	"slices"

	"provision/emulator/directory"
)

// App management policies for some applications and service principals.
// Source: learn.microsoft.com/graph/api/resources/appmanagementpolicy.
var customPolicyRoutes = slices.Concat([]route{
	{method: "GET", pattern: "policies/appManagementPolicies", requires: readAppPolicies, handle: (*call).listCustomPolicies},
	{method: "POST", pattern: "policies/appManagementPolicies", requires: writeAppPolicies, handle: (*call).createCustomPolicy},
	{method: "GET", pattern: "policies/appManagementPolicies/{id}", requires: readAppPolicies, handle: (*call).getCustomPolicy},
	{method: "PATCH", pattern: "policies/appManagementPolicies/{id}", requires: writeAppPolicies, handle: (*call).updateCustomPolicy},
	{method: "DELETE", pattern: "policies/appManagementPolicies/{id}", requires: writeAppPolicies, handle: (*call).deleteCustomPolicy},
	{method: "GET", pattern: "policies/appManagementPolicies/{id}/appliesTo", requires: readAssignedPolicies, handle: (*call).listPolicyAppliesTo},
}, assignedPolicyRoutes("applications"), assignedPolicyRoutes("servicePrincipals"))

func assignedPolicyRoutes(set string) []route {
	return []route{
		{method: "GET", pattern: set + "/{id}/appManagementPolicies", requires: readAssignedPolicies, handle: (*call).listAssignedPolicies},
		{method: "POST", pattern: set + "/{id}/appManagementPolicies/$ref", requires: assignPolicies, handle: (*call).assignPolicy},
		{method: "DELETE", pattern: set + "/{id}/appManagementPolicies/{policy}/$ref", requires: assignPolicies, handle: (*call).unassignPolicy},
	}
}

var (
	readAssignedPolicies = readApplications.and("Policy.Read.All Policy.ReadWrite.ApplicationConfiguration")
	assignPolicies       = readApplications.and("Policy.ReadWrite.ApplicationConfiguration")
)

var customPolicyKind = &kind{
	set:       "policies/appManagementPolicies",
	odataType: "microsoft.graph.appManagementPolicy",
	resource:  "AppManagementPolicy",
	structs:   []reflect.Type{reflect.TypeFor[directory.CustomAppManagementPolicy]()},
	readOnly:  []string{"id", "deletedDateTime"},
}

func (c *call) customPolicy(from reads) (*directory.CustomAppManagementPolicy, error) {
	id := c.keys["id"].value
	p, ok := from.CustomAppManagementPolicy(id)
	if !ok {
		return nil, directory.NotFound(id)
	}
	return p, nil
}

func (c *call) listCustomPolicies() (answer, error) {
	return c.list(customPolicyKind, anys(c.view.CustomAppManagementPolicies()), nil)
}

func (c *call) getCustomPolicy() (answer, error) {
	p, err := c.customPolicy(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, customPolicyKind, p)
}

func (c *call) createCustomPolicy() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	asked := &directory.CustomAppManagementPolicy{}
	if err := b.apply(asked, customPolicyKind.readOnly); err != nil {
		return answer{}, err
	}
	asked.ID = ""
	var created *directory.CustomAppManagementPolicy
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = tx.PutCustomAppManagementPolicy(asked)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(customPolicyKind, created)
}

func (c *call) updateCustomPolicy() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		p, err := c.customPolicy(tx)
		if err != nil {
			return err
		}
		changed := p.Clone()
		if err := b.apply(changed, customPolicyKind.readOnly); err != nil {
			return err
		}
		_, err = tx.PutCustomAppManagementPolicy(changed)
		return err
	})
}

func (c *call) deleteCustomPolicy() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		return tx.DeleteCustomAppManagementPolicy(c.keys["id"].value)
	})
}

func (c *call) listPolicyAppliesTo() (answer, error) {
	p, err := c.customPolicy(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(p.AppliesToIDs)
}

// assignable returns the id of the application or service principal that the path names.
func (c *call) assignable(from reads) (string, error) {
	if c.route.segments[0] == "applications" {
		app, err := c.application(from)
		if err != nil {
			return "", err
		}
		return app.ID, nil
	}
	sp, err := c.servicePrincipal(from)
	if err != nil {
		return "", err
	}
	return sp.ID, nil
}

func (c *call) listAssignedPolicies() (answer, error) {
	id, err := c.assignable(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.list(customPolicyKind, anys(slices.Values(c.view.CustomAppManagementPoliciesOf(id))), nil)
}

func (c *call) assignPolicy() (answer, error) {
	policy, err := c.reference()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		id, err := c.assignable(tx)
		if err != nil {
			return err
		}
		return tx.AssignAppManagementPolicy(id, policy)
	})
}

func (c *call) unassignPolicy() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		id, err := c.assignable(tx)
		if err != nil {
			return err
		}
		return tx.UnassignAppManagementPolicy(id, c.keys["policy"].value)
	})
}
