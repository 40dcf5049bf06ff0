package graphapi

import (
	"encoding/json"
	"slices"

	"provision/emulator/directory"
)

// The owners of applications, service principals and groups.
// Source: learn.microsoft.com/graph/api/application-post-owners.

// owned returns the object that the path names, and its owners.
func (c *call) owned(from reads) (id string, owners []string, err error) {
	switch c.collection() {
	case "applications":
		app, err := c.application(from)
		if err != nil {
			return "", nil, err
		}
		return app.ID, app.OwnerIDs, nil
	case "groups":
		g, err := c.group(from)
		if err != nil {
			return "", nil, err
		}
		return g.ID, g.OwnerIDs, nil
	}
	sp, err := c.servicePrincipal(from)
	if err != nil {
		return "", nil, err
	}
	return sp.ID, sp.OwnerIDs, nil
}

func (c *call) listOwners() (answer, error) {
	_, owners, err := c.owned(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listObjects(owners)
}

// listObjects answers with the live objects with the ids. Like Graph, it omits objects
// in the recycle bin.
func (c *call) listObjects(ids []string) (answer, error) {
	return c.list(objectKind, c.objects(ids), nil)
}

func (c *call) objects(ids []string) func(func(any) bool) {
	return func(yield func(any) bool) {
		for _, id := range ids {
			if object, ok := c.view.Object(id); ok && !yield(object) {
				return
			}
		}
	}
}

// reference reads {"@odata.id": "…/directoryObjects/ID"}.
func (c *call) reference() (string, error) {
	var request map[string]json.RawMessage
	var url string
	if err := json.Unmarshal(c.body, &request); err == nil {
		err = json.Unmarshal(request["@odata.id"], &url)
		if err == nil {
			return referencedID(url)
		}
	}
	return "", badRequest("The request must contain the reference @odata.id.")
}

func (c *call) addOwner() (answer, error) {
	owner, err := c.reference()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		id, owners, err := c.owned(tx)
		if err != nil {
			return err
		}
		if err := c.mustOwn(owners); err != nil {
			return err
		}
		return tx.AddOwner(id, owner)
	})
}

func (c *call) removeOwner() (answer, error) {
	owner := c.keys["owner"].value
	return noContent(), c.update(func(tx *directory.Tx) error {
		id, owners, err := c.owned(tx)
		if err != nil {
			return err
		}
		if err := c.mustOwn(owners); err != nil {
			return err
		}
		if !slices.Contains(owners, owner) {
			return directory.NotFound(owner)
		}
		return tx.RemoveOwner(id, owner)
	})
}
