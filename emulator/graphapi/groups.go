package graphapi

import (
	"net/http"

	"provision/emulator/directory"
)

// Source: learn.microsoft.com/graph/api/resources/group.
var groupRoutes = []route{
	{method: "GET", pattern: "groups", requires: readGroups, handle: (*call).listGroups},
	{method: "GET", pattern: "groups/$count", requires: readGroups, handle: (*call).countGroups},
	{method: "POST", pattern: "groups", requires: createGroups, handle: (*call).createGroup},
	{method: "GET", pattern: "groups/{id}", requires: readGroups, handle: (*call).getGroup},
	{method: "PATCH", pattern: "groups/{id}", requires: writeMembers, handle: (*call).updateGroup},
	{method: "DELETE", pattern: "groups/{id}", requires: deleteGroups, handle: (*call).deleteGroup},
	{method: "GET", pattern: "groups/{id}/owners", requires: readMembers, handle: (*call).listOwners},
	{method: "POST", pattern: "groups/{id}/owners/$ref", requires: writeGroups, handle: (*call).addOwner},
	{method: "DELETE", pattern: "groups/{id}/owners/{owner}/$ref", requires: writeGroups, handle: (*call).removeOwner},
	{method: "GET", pattern: "groups/{id}/members", requires: readMembers, handle: (*call).listMembers},
	{method: "GET", pattern: "groups/{id}/members/{cast}", requires: readMembers, handle: (*call).listMembers},
	{method: "POST", pattern: "groups/{id}/members/$ref", requires: writeMembers, handle: (*call).addMember},
	{method: "DELETE", pattern: "groups/{id}/members/{member}/$ref", requires: writeMembers, handle: (*call).removeMember},
	{method: "GET", pattern: "groups/{id}/transitiveMembers", requires: readMembers, handle: (*call).listTransitiveMembers},
	{method: "GET", pattern: "groups/{id}/transitiveMembers/{cast}", requires: readMembers, handle: (*call).listTransitiveMembers},
}

// group returns the group that the path names.
func (c *call) group(from reads) (*directory.Group, error) {
	k := c.keys["id"]
	var g *directory.Group
	var ok bool
	switch k.property {
	case "id":
		if err := k.mustBeGUID(); err != nil {
			return nil, err
		}
		g, ok = from.Group(k.value)
	case "uniqueName":
		g, ok = from.GroupByUniqueName(k.value)
	default:
		return nil, unknownKey(k)
	}
	if !ok {
		return nil, directory.NotFound(k.value)
	}
	return g, nil
}

func (c *call) listGroups() (answer, error) {
	return c.list(groupKind, anys(c.view.Groups()), func(property, value string) ([]any, bool) {
		switch property {
		case "id":
			return found(c.view.Group(value))
		case "uniqueName":
			return found(c.view.GroupByUniqueName(value))
		}
		return nil, false
	})
}

func (c *call) countGroups() (answer, error) { return c.count(groupKind, anys(c.view.Groups())) }

func (c *call) getGroup() (answer, error) {
	g, err := c.group(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, groupKind, g)
}

func (c *call) createGroup() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created *directory.Group
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = c.newGroup(tx, b, nil)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(groupKind, created)
}

func (c *call) newGroup(tx *directory.Tx, b body, uniqueName *string) (*directory.Group, error) {
	for _, property := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
		if _, ok := b.properties[property]; !ok {
			return nil, missing(property, "Group")
		}
	}
	g := &directory.Group{UniqueName: uniqueName, MemberIDs: b.takeBind("members")}
	owners := b.takeBind("owners")
	if err := b.apply(g, groupKind.readOnly); err != nil {
		return nil, err
	}
	created, err := tx.CreateGroup(g)
	if err != nil {
		return nil, err
	}
	return created, c.addFirstOwners(tx, created.ID, owners)
}

// maxBoundMembers is the maximum number of members that one PATCH adds.
const maxBoundMembers = 20

// updateGroup adds members@odata.bind to a group. If no group has the uniqueName and
// the caller prefers this, it creates the group. Sources:
// learn.microsoft.com/graph/api/group-upsert, group-post-members.
func (c *call) updateGroup() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	if len(b.binds["members"]) > maxBoundMembers {
		return answer{}, badRequest("The number of references in members@odata.bind exceeds the limit of %d.", maxBoundMembers)
	}
	if len(b.properties) > 0 { // GroupMember.ReadWrite.All is sufficient for members alone
		if ok, _ := c.caller.satisfies(writeGroups); !ok {
			return answer{}, accessDenied()
		}
	}
	if err := c.mayWriteMailSettings(b); err != nil {
		return answer{}, err
	}
	var created *directory.Group
	err = c.update(func(tx *directory.Tx) error {
		k := c.keys["id"]
		if _, err := seen(tx, c.group); err != nil && k.property == "uniqueName" && c.createsIfMissing() {
			if err := b.sameKey("uniqueName", k.value); err != nil {
				return err
			}
			created, err = c.newGroup(tx, b, &k.value)
			return err
		}
		g, err := c.group(tx)
		if err != nil {
			return err
		}
		members := b.takeBind("members")
		changed := g.Clone()
		if err := b.apply(changed, groupKind.readOnly); err != nil {
			return err
		}
		if err := tx.UpdateGroup(changed); err != nil {
			return err
		}
		return tx.AddMembers(g.ID, members...)
	})
	switch {
	case err != nil:
		return answer{}, err
	case created != nil:
		return c.created(groupKind, created)
	}
	return noContent(), nil
}

// mayWriteMailSettings checks that a signed-in user writes the properties that
// Exchange stores, in a request without other properties. Source:
// learn.microsoft.com/graph/api/group-update.
func (c *call) mayWriteMailSettings(b body) error {
	for _, name := range mailSettings {
		if _, sent := b.properties[name]; !sent {
			continue
		}
		if !c.caller.Delegated() {
			return accessDenied()
		}
		if len(b.properties) > 1 {
			return badRequest("The property '%s' must be updated in a separate request.", name)
		}
	}
	return nil
}

func (c *call) deleteGroup() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		g, err := c.group(tx)
		if err != nil {
			return err
		}
		return tx.DeleteGroup(g.ID)
	})
}

func (c *call) listMembers() (answer, error) {
	g, err := c.group(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(g.MemberIDs)
}

func (c *call) listTransitiveMembers() (answer, error) {
	g, err := c.group(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(c.view.TransitiveMembers(g.ID))
}

// listCast answers with the objects, or only with objects of the type in the path, or
// with their count.
func (c *call) listCast(ids []string) (answer, error) {
	cast, ok := c.keys["cast"]
	if !ok {
		return c.listObjects(ids)
	}
	if equalFold(cast.value, "$count") {
		return c.count(objectKind, c.objects(ids))
	}
	k, known := kindNamed(cast.value)
	if !known {
		return answer{}, noSuchSegment(cast.value)
	}
	return c.list(k, func(yield func(any) bool) {
		for object := range c.objects(ids) {
			if kindOf(object) == k && !yield(object) {
				return
			}
		}
	}, nil)
}

func (c *call) addMember() (answer, error) {
	member, err := c.reference()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		g, err := c.group(tx)
		if err != nil {
			return err
		}
		return tx.AddMembers(g.ID, member)
	})
}

func (c *call) removeMember() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		g, err := c.group(tx)
		if err != nil {
			return err
		}
		return tx.RemoveMember(g.ID, c.keys["member"].value)
	})
}
