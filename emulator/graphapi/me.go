package graphapi

import "net/http"

// The signed-in user. Source: learn.microsoft.com/graph/api/user-get.
var meRoutes = []route{
	{method: "GET", pattern: "me", requires: readSelf, handle: (*call).getMe},
	{method: "GET", pattern: "me/memberOf", requires: readSelf, handle: (*call).listMyGroups},
	{method: "GET", pattern: "me/transitiveMemberOf", requires: readSelf, handle: (*call).listMyTransitiveGroups},
	{method: "POST", pattern: "me/checkMemberGroups", requires: readSelf, handle: (*call).checkMyGroups},
	{method: "POST", pattern: "me/getMemberGroups", requires: readSelf, handle: (*call).getMyGroups},
	{method: "GET", pattern: "me/manager", requires: readSelf, handle: (*call).getMyManager},
	{method: "GET", pattern: "me/ownedObjects", requires: readSelf, handle: (*call).listMyObjects},
	{method: "GET", pattern: "me/appRoleAssignments", requires: readAssignments, handle: (*call).listMyAssignments},
	{method: "GET", pattern: "me/oauth2PermissionGrants", requires: readGrants, handle: (*call).listMyGrants},
}

// asMe serves a path below /me as the path of the signed-in user.
func (c *call) asMe(serve func(*call) (answer, error)) (answer, error) {
	if !c.caller.Delegated() {
		return answer{}, badSyntax("/me request is only valid with delegated authentication flow.")
	}
	c.keys["id"] = key{"id", c.caller.UserID}
	return serve(c)
}

func (c *call) getMe() (answer, error) {
	return c.asMe(func(c *call) (answer, error) {
		u, err := c.user(c.view)
		if err != nil {
			return answer{}, err
		}
		return c.one(http.StatusOK, userKind, u)
	})
}

func (c *call) listMyGroups() (answer, error) { return c.asMe((*call).listMemberOf) }

func (c *call) listMyTransitiveGroups() (answer, error) {
	return c.asMe((*call).listTransitiveMemberOf)
}

func (c *call) checkMyGroups() (answer, error) { return c.asMe((*call).checkMemberGroups) }
func (c *call) getMyGroups() (answer, error)   { return c.asMe((*call).getMemberGroups) }
func (c *call) getMyManager() (answer, error)  { return c.asMe((*call).getManager) }
func (c *call) listMyObjects() (answer, error) { return c.asMe((*call).listOwned) }

func (c *call) listMyAssignments() (answer, error) {
	return c.asMe(func(c *call) (answer, error) {
		return c.listAssignmentsOf(c.caller.UserID)
	})
}

func (c *call) listMyGrants() (answer, error) { return c.asMe((*call).listUserGrants) }
