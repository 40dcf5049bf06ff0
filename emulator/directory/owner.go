package directory

import "slices"

// AddOwner makes a user or a service principal an owner of an application, a
// service principal or a group.
func (tx *Tx) AddOwner(objectID, ownerID string) error {
	if !tx.Visible(ownerID) {
		return NotFound(ownerID)
	}
	if _, ok := tx.User(ownerID); !ok {
		if _, ok := tx.ServicePrincipal(ownerID); !ok {
			return NotFound(ownerID)
		}
	}
	return tx.changeOwners(objectID, func(owners []string) ([]string, error) {
		if slices.Contains(owners, ownerID) {
			return nil, alreadyReferenced("owners")
		}
		if len(owners) >= maxOwners {
			return nil, tooMany("owners", maxOwners)
		}
		return append(slices.Clip(owners), ownerID), nil
	})
}

// RemoveOwner removes an owner. The last user who owns a group cannot be removed.
// Source: learn.microsoft.com/graph/api/group-delete-owners.
func (tx *Tx) RemoveOwner(objectID, ownerID string) error {
	if g, ok := tx.Group(objectID); ok {
		isUser := func(id string) bool { _, user := tx.User(id); return user }
		others := slices.ContainsFunc(g.OwnerIDs, func(id string) bool { return id != ownerID && isUser(id) })
		if slices.Contains(g.OwnerIDs, ownerID) && isUser(ownerID) && !others {
			return badRequest("The group must have at least one owner, hence this owner cannot be removed.")
		}
	}
	return tx.changeOwners(objectID, func(owners []string) ([]string, error) {
		i := slices.Index(owners, ownerID)
		if i < 0 {
			return nil, NotFound(ownerID)
		}
		return slices.Delete(slices.Clone(owners), i, i+1), nil
	})
}

func (tx *Tx) changeOwners(objectID string, change func([]string) ([]string, error)) (err error) {
	object, ok := tx.Object(objectID)
	if !ok {
		return NotFound(objectID)
	}
	switch o := object.(type) {
	case *Application:
		o = o.Clone()
		if o.OwnerIDs, err = change(o.OwnerIDs); err == nil {
			tx.put(applications, o)
		}
	case *ServicePrincipal:
		o = o.Clone()
		if o.OwnerIDs, err = change(o.OwnerIDs); err == nil {
			tx.put(servicePrincipals, o)
		}
	case *Group:
		o = o.Clone()
		if o.OwnerIDs, err = change(o.OwnerIDs); err == nil {
			tx.put(groups, o)
		}
	default:
		return NotFound(objectID)
	}
	return err
}

func alreadyReferenced(property string) *Error {
	return badRequest("One or more added object references already exist for the following modified properties: '%s'.", property)
}
