package directory

import "testing"

func TestDeletedApplication(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.assign(s.client.ID, s.resource.ID, id("role Worker"))
	s.assign(s.ada.ID, s.resource.ID, id("role Admin"))
	s.update(func(tx *Tx) error {
		if err := tx.AddMembers(s.group.ID, s.resource.ID); err != nil {
			return err
		}
		if err := tx.AddOwner(s.client.ID, s.resource.ID); err != nil {
			return err
		}
		_, err := tx.CreateGrant(&OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "AllPrincipals", Scope: "read"})
		return err
	})
	app, _ := s.ApplicationByAppID(s.resource.AppID)

	s.update(func(tx *Tx) error { return tx.DeleteApplication(app.ID) })
	if _, ok := s.Application(app.ID); ok {
		t.Error("the application is still there")
	}
	if _, ok := s.ServicePrincipalByAppID(app.AppID); ok {
		t.Error("its principal is still there")
	}
	if len(s.DeletedApplications()) != 1 || len(s.DeletedServicePrincipals()) != 1 {
		t.Error("the recycle bin does not hold them as two objects")
	}
	if len(s.AssignmentsOf(s.client.ID))+len(s.AssignmentsOf(s.ada.ID))+len(s.GrantsOf(s.client.ID)) != 0 {
		t.Error("assignments or grants to it are still there")
	}

	s.update(func(tx *Tx) error {
		_, err := tx.Restore(app.ID)
		return err
	})
	sp, ok := s.ServicePrincipalByAppID(app.AppID)
	if !ok || sp.ID != s.resource.ID || len(sp.AppRoles) != 3 {
		t.Errorf("the principal did not come back with its application: %v", sp)
	}

	s.update(func(tx *Tx) error { return tx.DeleteApplication(app.ID) })
	s.update(func(tx *Tx) error { return tx.Purge(app.ID) })
	if len(s.DeletedApplications()) != 0 || len(s.DeletedServicePrincipals()) != 0 {
		t.Error("the recycle bin still holds something")
	}
	if g, _ := s.Group(s.group.ID); len(g.MemberIDs) != 1 {
		t.Errorf("the group still has %v", g.MemberIDs)
	}
	if sp, _ := s.ServicePrincipal(s.client.ID); len(sp.OwnerIDs) != 0 {
		t.Errorf("the client still has the owner %v", sp.OwnerIDs)
	}
	check(t, "purging it twice", s.Update(func(tx *Tx) error { return tx.Purge(app.ID) }), "404")
}

func TestDeletedPrincipalLeavesApplication(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	app, _ := s.ApplicationByAppID(s.resource.AppID)
	s.update(func(tx *Tx) error { return tx.DeleteServicePrincipal(s.resource.ID) })
	if _, ok := s.Application(app.ID); !ok {
		t.Error("the application went with its principal")
	}
	successor := s.principal(app)
	err := s.Update(func(tx *Tx) error {
		_, err := tx.Restore(s.resource.ID)
		return err
	})
	check(t, "restoring beside a successor", err, "already exists")
	s.update(func(tx *Tx) error { return tx.Purge(s.resource.ID) })
	if sp, _ := s.ServicePrincipalByAppID(app.AppID); sp == nil || sp.ID != successor.ID {
		t.Error("the purge took the successor")
	}
	graph, _ := s.ServicePrincipalByAppID(MicrosoftGraphAppID)
	check(t, "deleting Microsoft Graph", s.Update(func(tx *Tx) error { return tx.DeleteServicePrincipal(graph.ID) }), "403")
}

func TestDeletedUser(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.assign(s.ada.ID, s.resource.ID, id("role Admin"))
	s.update(func(tx *Tx) error {
		_, err := tx.CreateGrant(&OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "Principal", PrincipalID: &s.ada.ID, Scope: "x"})
		return err
	})
	s.update(func(tx *Tx) error { return tx.DeleteUser(s.ada.ID) })
	if len(s.AssignmentsTo(s.resource.ID)) != 0 || len(s.GrantsOf(s.client.ID)) != 0 {
		t.Error("an assignment or a consent of a deleted user still counts")
	}
	if _, ok := s.UserByUPN(s.ada.UserPrincipalName); ok {
		t.Error("the user is still found")
	}
	successor := s.user("ada")
	restore := func() error {
		return s.Update(func(tx *Tx) error {
			_, err := tx.Restore(s.ada.ID)
			return err
		})
	}
	check(t, "restoring while the name is taken", restore(), "userPrincipalName")
	s.update(func(tx *Tx) error {
		if err := tx.DeleteUser(successor.ID); err != nil {
			return err
		}
		return tx.Purge(successor.ID)
	})
	check(t, "restoring afterwards", restore(), "")
	u, ok := s.UserByUPN(s.ada.UserPrincipalName)
	if !ok || u.ID != s.ada.ID || !u.CheckPassword(password) || len(s.GroupsOf(u.ID)) != 1 || len(s.AssignmentsOf(u.ID)) != 1 {
		t.Error("the user did not come back as he was")
	}
	s.update(func(tx *Tx) error {
		if err := tx.DeleteUser(u.ID); err != nil {
			return err
		}
		return tx.Purge(u.ID)
	})
	if g, _ := s.Group(s.group.ID); len(g.MemberIDs) != 0 || len(s.View().tables()[assignments]) != len(administratorRoles) || len(s.View().tables()[grants]) != 0 {
		t.Error("the purged user is still a member or has a role")
	}
}

func TestDeletedGroup(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.assign(s.group.ID, s.resource.ID, id("role Admin"))
	s.update(func(tx *Tx) error { return tx.DeleteGroup(s.group.ID) })
	if len(s.GroupsOf(s.ada.ID)) != 0 || len(s.DeletedGroups()) != 1 {
		t.Error("the group is not in the recycle bin alone")
	}
	s.update(func(tx *Tx) error {
		_, err := tx.Restore(s.group.ID)
		return err
	})
	if len(s.GroupsOf(s.ada.ID)) != 1 {
		t.Error("the group did not come back with its member")
	}
}
