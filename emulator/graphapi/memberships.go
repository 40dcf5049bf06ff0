package graphapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// The memberships of an object, and the objects that it owns.
// Sources: learn.microsoft.com/graph/api/directoryobject-getmemberobjects,
// user-list-memberof, user-list-ownedobjects.
var membershipRoutes = membershipsOf(
	"users", readUsers, "groups", readGroups, "servicePrincipals", readApplications, "directoryObjects", readObjects)

// membershipsOf returns the routes of several collections, each with the permissions
// that reading its objects requires.
func membershipsOf(pairs ...any) (routes []route) {
	for i := 0; i < len(pairs); i += 2 {
		set, read := pairs[i].(string), pairs[i+1].(requirement)
		var self requirement
		if set == "users" {
			self = readSelf
		}
		member := requirement{slices.Concat(readMemberOf[0], read[0])}
		add := func(method, path string, requires requirement, handle func(*call) (answer, error)) {
			routes = append(routes, route{method: method, pattern: set + "/{id}/" + path, requires: requires, self: self, handle: handle})
		}
		if set != "directoryObjects" {
			add("GET", "memberOf", member, (*call).listMemberOf)
			add("GET", "memberOf/{cast}", member, (*call).listMemberOf)
			add("GET", "transitiveMemberOf", member, (*call).listTransitiveMemberOf)
			add("GET", "transitiveMemberOf/{cast}", member, (*call).listTransitiveMemberOf)
		}
		for _, action := range []struct {
			name   string
			handle func(*call) (answer, error)
		}{
			{"checkMemberGroups", (*call).checkMemberGroups},
			{"checkMemberObjects", (*call).checkMemberObjects},
			{"getMemberGroups", (*call).getMemberGroups},
			{"getMemberObjects", (*call).getMemberObjects},
		} {
			add("POST", action.name, member, action.handle)
			add("POST", "microsoft.graph."+action.name, member, action.handle)
		}
		if set == "users" || set == "servicePrincipals" {
			add("GET", "ownedObjects", read, (*call).listOwned)
			add("GET", "ownedObjects/{cast}", read, (*call).listOwned)
		}
	}
	return routes
}

// listMemberOf returns the objects of which an object is a direct member.
func (c *call) listMemberOf() (answer, error) {
	id, err := c.endpoint(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(c.view.MemberOf(id))
}

// listTransitiveMemberOf answers the memberships of an object, also through
// groups.
func (c *call) listTransitiveMemberOf() (answer, error) {
	id, err := c.endpoint(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(c.view.TransitiveMemberOf(id))
}

func (c *call) listOwned() (answer, error) {
	id, err := c.endpoint(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(c.view.OwnedBy(id))
}

// maxChecked is the maximum number of groups in one request.
const maxChecked = 20

func (c *call) checkMemberGroups() (answer, error) {
	var request struct {
		GroupIDs []string `json:"groupIds"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || request.GroupIDs == nil {
		return answer{}, badSyntax("The parameter 'groupIds' is required.")
	}
	return c.checkMembers(request.GroupIDs, c.groupsAmong)
}

func (c *call) checkMemberObjects() (answer, error) {
	var request struct {
		IDs []string `json:"ids"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || request.IDs == nil {
		return answer{}, badSyntax("The parameter 'ids' is required.")
	}
	return c.checkMembers(request.IDs, func(ids []string) []string { return ids })
}

func (c *call) checkMembers(asked []string, among func([]string) []string) (answer, error) {
	if len(asked) > maxChecked {
		return answer{}, badRequest("Too many identifiers: at most %d are allowed.", maxChecked)
	}
	id, err := c.endpoint(c.view)
	if err != nil {
		return answer{}, err
	}
	held := among(c.view.TransitiveMemberOf(id))
	return c.strings(slices.DeleteFunc(asked, func(group string) bool {
		return !slices.ContainsFunc(held, func(h string) bool { return strings.EqualFold(h, group) })
	}))
}

func (c *call) getMemberGroups() (answer, error)  { return c.getMembers(c.groupsAmong) }
func (c *call) getMemberObjects() (answer, error) { return c.getMembers(nil) }

func (c *call) getMembers(among func([]string) []string) (answer, error) {
	var request struct {
		SecurityEnabledOnly *bool `json:"securityEnabledOnly"`
	}
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &request); err != nil {
			return answer{}, badSyntax("Unable to read the action's parameters.")
		}
	}
	id, err := c.endpoint(c.view)
	if err != nil {
		return answer{}, err
	}
	ids := c.view.TransitiveMemberOf(id)
	if among != nil {
		ids = among(ids)
	}
	if request.SecurityEnabledOnly != nil && *request.SecurityEnabledOnly {
		ids = slices.DeleteFunc(ids, func(id string) bool {
			g, ok := c.view.Group(id)
			return !ok || !g.SecurityEnabled
		})
	}
	return c.strings(ids)
}

func (c *call) groupsAmong(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, ok := c.view.Group(id)
		return !ok
	})
}

// strings answers a collection of plain strings.
func (c *call) strings(values []string) (answer, error) {
	if values == nil {
		values = []string{}
	}
	data, err := json.Marshal(struct {
		Context string   `json:"@odata.context"`
		Value   []string `json:"value"`
	}{c.root() + "/$metadata#Collection(Edm.String)", values})
	return answer{status: http.StatusOK, body: data}, err
}
