package graphapi

import (
	"net/http"
	"reflect"
	"slices"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// Administrative units. Source:
// learn.microsoft.com/graph/api/resources/administrativeunit. The units are also
// available at the path that they had before /directory existed.
var unitRoutes = slices.Concat(unitRoutesBelow("directory/administrativeUnits"), unitRoutesBelow("administrativeUnits"))

func unitRoutesBelow(set string) []route {
	return append(scopedRoleRoutesBelow(set), []route{
		{method: "GET", pattern: set, requires: readUnits, handle: (*call).listUnits},
		{method: "POST", pattern: set, requires: writeUnits, handle: (*call).createUnit},
		{method: "GET", pattern: set + "/{id}", requires: readUnits, handle: (*call).getUnit},
		{method: "PATCH", pattern: set + "/{id}", requires: writeUnits, handle: (*call).updateUnit},
		{method: "DELETE", pattern: set + "/{id}", requires: writeUnits, handle: (*call).deleteUnit},
		{method: "GET", pattern: set + "/{id}/members", requires: readUnits, handle: (*call).listUnitMembers},
		{method: "GET", pattern: set + "/{id}/members/{cast}", requires: readUnits, handle: (*call).listUnitMembers},
		{method: "POST", pattern: set + "/{id}/members", requires: createGroups, handle: (*call).createGroupInUnit},
		{method: "POST", pattern: set + "/{id}/members/$ref", requires: writeUnits, handle: (*call).addUnitMember},
		{method: "DELETE", pattern: set + "/{id}/members/{member}/$ref", requires: writeUnits, handle: (*call).removeUnitMember},
	}...)
}

var (
	readUnits  = oneOf("AdministrativeUnit.Read.All AdministrativeUnit.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
	writeUnits = oneOf("AdministrativeUnit.ReadWrite.All Directory.ReadWrite.All")
)

var unitKind = &kind{
	set:       "directory/administrativeUnits",
	odataType: "microsoft.graph.administrativeUnit",
	resource:  "AdministrativeUnit",
	structs:   []reflect.Type{reflect.TypeFor[directory.AdministrativeUnit]()},
	filters:   map[string]odata.Rule{"id": equalityRule, "displayName": textRule, "description": textRule},
	sortable:  map[string]bool{"displayName": false},
	readOnly:  []string{"id", "deletedDateTime"},
}

func (c *call) unit(from reads) (*directory.AdministrativeUnit, error) {
	u, ok := from.AdministrativeUnit(c.keys["id"].value)
	if !ok {
		return nil, directory.NotFound(c.keys["id"].value)
	}
	return u, nil
}

func (c *call) listUnits() (answer, error) {
	return c.list(unitKind, anys(c.view.AdministrativeUnits()), nil)
}

func (c *call) getUnit() (answer, error) {
	u, err := c.unit(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, unitKind, u)
}

func (c *call) createUnit() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	asked := &directory.AdministrativeUnit{}
	if err := b.apply(asked, unitKind.readOnly); err != nil {
		return answer{}, err
	}
	var created *directory.AdministrativeUnit
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = tx.CreateAdministrativeUnit(asked)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(unitKind, created)
}

func (c *call) updateUnit() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		u, err := c.unit(tx)
		if err != nil {
			return err
		}
		changed := u.Clone()
		if err := b.apply(changed, unitKind.readOnly); err != nil {
			return err
		}
		return tx.UpdateAdministrativeUnit(changed)
	})
}

func (c *call) deleteUnit() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		return tx.DeleteAdministrativeUnit(c.keys["id"].value)
	})
}

func (c *call) listUnitMembers() (answer, error) {
	u, err := c.unit(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(u.MemberIDs)
}

// createGroupInUnit creates a group as a member of the unit. Source:
// learn.microsoft.com/graph/api/administrativeunit-post-members.
func (c *call) createGroupInUnit() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created *directory.Group
	err = c.update(func(tx *directory.Tx) error {
		u, err := c.unit(tx)
		if err != nil {
			return err
		}
		if created, err = c.newGroup(tx, b, nil); err != nil {
			return err
		}
		return tx.AddUnitMember(u.ID, created.ID)
	})
	if err != nil {
		return answer{}, err
	}
	a, err := c.directoryObject(created)
	a.status, a.location = http.StatusCreated, c.root()+"/groups/"+created.ID
	return a, err
}

func (c *call) addUnitMember() (answer, error) {
	member, err := c.reference()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		u, err := c.unit(tx)
		if err != nil {
			return err
		}
		return tx.AddUnitMember(u.ID, member)
	})
}

func (c *call) removeUnitMember() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		u, err := c.unit(tx)
		if err != nil {
			return err
		}
		return tx.RemoveUnitMember(u.ID, c.keys["member"].value)
	})
}
