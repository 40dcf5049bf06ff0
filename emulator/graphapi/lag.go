package graphapi

import (
	"net/http"
	"slices"

	"provision/emulator/directory"
)

// Writes that are not visible yet (directory.SetLag). Reads answer the visible state.
// A write to an object that is not visible answers the same error as for an object
// that does not exist. The object must also exist in the newest state.

// seen finds the object that a path names if it is visible and still exists.
func seen[T any](tx *directory.Tx, find func(reads) (T, error)) (T, error) {
	if object, err := find(tx.Seen()); err != nil {
		return object, err
	}
	return find(tx)
}

// update executes a write of the caller, who may see it before other callers.
func (c *call) update(change func(*directory.Tx) error) error {
	return c.service.directory.UpdateBy(c.caller.name(), change)
}

// name identifies a caller: the client, and the user on whose behalf it acts.
func (c Caller) name() string { return c.AppID + " " + c.UserID }

// checkSeen refuses a write to an object that exists and is not visible yet. It skips
// upserts, which check this themselves.
func (c *call) checkSeen() error {
	if c.method == http.MethodGet || c.createsIfMissing() {
		return nil
	}
	for name, k := range c.keys {
		if c.holds(c.written, name, k) && !c.holds(c.view, name, k) {
			return directory.NotFound(k.value)
		}
	}
	return nil
}

// holds reports whether a state contains the object that a key of the path names.
func (c *call) holds(view directory.View, name string, k key) bool {
	switch name {
	case "id":
		if c.collection() == "directory" && c.route.segments[1] == "deletedItems" {
			_, ok := view.DeletedObject(k.value)
			return ok
		}
		return c.named(view, k.value)
	case "assignment":
		_, ok := view.Assignment(k.value)
		return ok
	case "credential":
		app, err := c.application(view)
		if err != nil {
			return false
		}
		_, err = c.federated(view, app.ID)
		return err == nil
	case "owner":
		_, owners, err := c.owned(view)
		return err == nil && slices.Contains(owners, k.value)
	case "member":
		return slices.Contains(view.MemberOf(k.value), c.container(view))
	}
	return true
}

// named reports whether an object or a relation exists, by any of its keys.
func (c *call) named(view directory.View, key string) bool {
	if _, ok := c.auditTarget(view, key); ok {
		return true
	}
	if _, ok := view.Grant(key); ok {
		return true
	}
	if _, ok := view.RoleAssignment(key); ok {
		return true
	}
	_, ok := view.RoleDefinition(key)
	return ok
}

// container returns the object id of the group, unit or role in the path.
func (c *call) container(view directory.View) string {
	k := c.keys["id"]
	if g, ok := view.GroupByUniqueName(k.value); ok {
		return g.ID
	}
	if role, ok := view.DirectoryRoleByTemplate(k.value); ok {
		return role.ID
	}
	return k.value
}
