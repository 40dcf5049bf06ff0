package graphapi

import (
	"net/http"
	"slices"

	"provision/emulator/directory"
)

// Source: learn.microsoft.com/graph/api/resources/oauth2permissiongrant.
var grantRoutes = []route{
	{method: "GET", pattern: "oauth2PermissionGrants", requires: readGrants, handle: (*call).listGrants},
	{method: "POST", pattern: "oauth2PermissionGrants", requires: writeGrants, handle: (*call).createGrant},
	{method: "GET", pattern: "oauth2PermissionGrants/{id}", requires: readGrants, handle: (*call).getGrant},
	{method: "PATCH", pattern: "oauth2PermissionGrants/{id}", requires: writeGrants, handle: (*call).updateGrant},
	{method: "DELETE", pattern: "oauth2PermissionGrants/{id}", requires: writeGrants, handle: (*call).deleteGrant},
	{method: "GET", pattern: "users/{id}/oauth2PermissionGrants", requires: readGrants, handle: (*call).listUserGrants},
}

func (c *call) listGrants() (answer, error) {
	return c.list(grantKind, anys(c.view.Grants()), func(property, value string) ([]any, bool) {
		switch property {
		case "id":
			return found(c.view.Grant(value))
		case "clientId":
			return listed(c.view.GrantsOf(value)), true
		case "resourceId":
			return listed(c.view.GrantsTo(value)), true
		case "principalId":
			return listed(c.view.GrantsBy(value)), true
		}
		return nil, false
	})
}

func (c *call) listGrantsOf(grants []*directory.OAuth2PermissionGrant) (answer, error) {
	return c.list(grantKind, anys(slices.Values(grants)), nil)
}

func (c *call) listUserGrants() (answer, error) {
	u, err := c.user(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listGrantsOf(c.view.GrantsBy(u.ID))
}

func (c *call) grant() (*directory.OAuth2PermissionGrant, error) {
	k := c.keys["id"]
	if g, ok := c.view.Grant(k.value); ok && k.property == "id" {
		return g, nil
	}
	return nil, directory.NotFound(k.value)
}

func (c *call) getGrant() (answer, error) {
	g, err := c.grant()
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, grantKind, g)
}

func (c *call) createGrant() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	// Graph still accepts the two dates that grants once had, and ignores them.
	b.take("startTime")
	b.take("expiryTime")
	asked := &directory.OAuth2PermissionGrant{}
	if err := b.apply(asked, []string{"id"}); err != nil {
		return answer{}, err
	}
	for _, required := range []struct{ property, value string }{
		{"clientId", asked.ClientID}, {"consentType", asked.ConsentType}, {"resourceId", asked.ResourceID},
	} {
		if required.value == "" {
			return answer{}, missing(required.property, "OAuth2PermissionGrant")
		}
	}
	var created *directory.OAuth2PermissionGrant
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = tx.CreateGrant(asked)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(grantKind, created)
}

func (c *call) updateGrant() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	g, err := c.grant()
	if err != nil {
		return answer{}, err
	}
	b.take("startTime")
	b.take("expiryTime")
	changed := *g
	if err := b.apply(&changed, grantKind.readOnly); err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		return tx.UpdateGrant(g.ID, changed.Scope)
	})
}

func (c *call) deleteGrant() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		return tx.DeleteGrant(c.keys["id"].value)
	})
}
