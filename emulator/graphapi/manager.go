package graphapi

import (
	"provision/emulator/directory"
)

// A user's manager and reports.
// Source: learn.microsoft.com/graph/api/user-list-manager.

func (c *call) getManager() (answer, error) {
	u, err := c.user(c.view)
	if err != nil {
		return answer{}, err
	}
	manager, ok := c.view.Manager(u.ID)
	if !ok {
		return answer{}, directory.NotFound("manager")
	}
	return c.directoryObject(manager)
}

func (c *call) setManager() (answer, error) {
	manager, err := c.reference()
	if err != nil {
		return answer{}, err
	}
	return c.changeManager(manager)
}

func (c *call) removeManager() (answer, error) { return c.changeManager("") }

func (c *call) changeManager(manager string) (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		u, err := c.user(tx)
		if err != nil {
			return err
		}
		if u.ManagerID == "" && manager == "" { // a manager in the recycle bin can be removed
			return directory.NotFound("manager")
		}
		return tx.SetManager(u.ID, manager)
	})
}

func (c *call) listReports() (answer, error) {
	u, err := c.user(c.view)
	if err != nil {
		return answer{}, err
	}
	var ids []string
	for _, report := range c.view.ReportsOf(u.ID) {
		ids = append(ids, report.ID)
	}
	return c.listObjects(ids)
}
