package directory

import "testing"

// shop is a resource with a role for users, a role for applications and a disabled role, with a
// user, a group that contains the user, and a client.
type shop struct {
	book
	resource, client, plain *ServicePrincipal
	ada                     *User
	group                   *Group
}

func newShop(t *testing.T) shop {
	b := inMemory(t)
	closed := role("Closed")
	closed.IsEnabled = false
	app := b.application(&Application{DisplayName: "orders", AppRoles: []AppRole{role("Admin", "User"), role("Worker", "Application"), closed}})
	s := shop{book: b, ada: b.user("ada")}
	s.resource = b.principal(app)
	s.client = b.principal(b.application(&Application{DisplayName: "client"}))
	s.plain = b.principal(b.application(&Application{DisplayName: "plain"}))
	s.group = b.group("operators", s.ada.ID)
	return s
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	distribution := s.group
	s.update(func(tx *Tx) (err error) {
		distribution, err = tx.CreateGroup(&Group{DisplayName: "mail", MailNickname: "mail", MailEnabled: true, GroupTypes: []string{"Unified"}})
		return err
	})
	for _, test := range []struct {
		name, principal, resource, role, want string
	}{
		{"a user's role to a user", s.ada.ID, s.resource.ID, id("role Admin"), ""},
		{"the same again", s.ada.ID, s.resource.ID, id("role Admin"), "Permission being assigned already exists on the object"},
		{"a user's role to a group", s.group.ID, s.resource.ID, id("role Admin"), ""},
		{"a user's role to an application", s.client.ID, s.resource.ID, id("role Admin"), "allowedMemberTypes"},
		{"an application's role to an application", s.client.ID, s.resource.ID, id("role Worker"), ""},
		{"an application's role to a user", s.ada.ID, s.resource.ID, id("role Worker"), "allowedMemberTypes"},
		{"a disabled role", s.ada.ID, s.resource.ID, id("role Closed"), "was not found"},
		{"a role of nobody", s.ada.ID, s.resource.ID, id("role Nothing"), "was not found"},
		{"the default role where there are roles", s.ada.ID, s.resource.ID, DefaultRole, "was not found"},
		{"the default role where there are none", s.ada.ID, s.plain.ID, DefaultRole, ""},
		{"an unknown principal", id("nobody"), s.resource.ID, id("role Admin"), "404 Request_ResourceNotFound"},
		{"an unknown resource", s.ada.ID, id("nothing"), id("role Admin"), "404 Request_ResourceNotFound"},
		{"a role that is no GUID", s.ada.ID, s.resource.ID, "Admin", "Invalid GUID"},
		{"a group without security", distribution.ID, s.resource.ID, id("role Admin"), "security-enabled"},
	} {
		err := s.Update(func(tx *Tx) error {
			_, err := tx.CreateAssignment(&AppRoleAssignment{PrincipalID: test.principal, ResourceID: test.resource, AppRoleID: test.role})
			return err
		})
		check(t, test.name, err, test.want)
	}
	if n := len(s.AssignmentsTo(s.resource.ID)); n != 3 {
		t.Errorf("the resource has %d assignments, want 3", n)
	}
	a := s.AssignmentsOf(s.client.ID)[0]
	if a.PrincipalType != "ServicePrincipal" || a.PrincipalDisplayName != "client" || a.ResourceDisplayName != "orders" {
		t.Errorf("the assignment tells %+v", a)
	}
	s.update(func(tx *Tx) error {
		ada, app := s.ada.Clone(), (*Application)(nil)
		ada.DisplayName = "Ada L."
		app, _ = tx.ApplicationByAppID(s.resource.AppID)
		app = app.Clone()
		app.DisplayName = "Orders 2"
		if err := tx.UpdateApplication(app); err != nil {
			return err
		}
		return tx.UpdateUser(ada)
	})
	for _, renamed := range s.AssignmentsTo(s.resource.ID) {
		if renamed.ResourceDisplayName != "Orders 2" || renamed.PrincipalID == s.ada.ID && renamed.PrincipalDisplayName != "Ada L." {
			t.Errorf("after both were renamed an assignment tells %+v", renamed)
		}
	}
	s.update(func(tx *Tx) error { return tx.DeleteAssignment(a.ID) })
	check(t, "taking it back twice", s.Update(func(tx *Tx) error { return tx.DeleteAssignment(a.ID) }), "404")
}

func TestGrants(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, test := range []struct {
		name  string
		grant OAuth2PermissionGrant
		want  string
	}{
		{"for everybody", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "AllPrincipals", Scope: " read  write read"}, ""},
		{"for everybody again", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "AllPrincipals", Scope: "other"}, "409 Request_MultipleObjectsWithSameKeyValue: Permission entry already exists."},
		{"for one user beside it", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "Principal", PrincipalID: &s.ada.ID, Scope: "read"}, ""},
		{"for one user, unnamed", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "Principal", Scope: "read"}, "principalId"},
		{"for everybody, naming one", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "AllPrincipals", PrincipalID: &s.ada.ID}, "principalId"},
		{"for a user unknown", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.resource.ID, ConsentType: "Principal", PrincipalID: ptr(id("x"))}, "404"},
		{"for an unknown client", OAuth2PermissionGrant{ClientID: id("x"), ResourceID: s.resource.ID, ConsentType: "AllPrincipals"}, "404"},
		{"of no type", OAuth2PermissionGrant{ClientID: s.client.ID, ResourceID: s.plain.ID}, "consentType"},
	} {
		err := s.Update(func(tx *Tx) error {
			_, err := tx.CreateGrant(&test.grant)
			return err
		})
		check(t, test.name, err, test.want)
	}
	grants := s.GrantsOf(s.client.ID)
	if len(grants) != 2 {
		t.Fatalf("the client has %d grants, want 2", len(grants))
	}
	for _, g := range grants {
		if g.ConsentType == "AllPrincipals" && g.Scope != "read write" {
			t.Errorf("the scope is %q", g.Scope)
		}
	}
	s.update(func(tx *Tx) error { return tx.UpdateGrant(grants[0].ID, "read write list") })
	if g, _ := s.Grant(grants[0].ID); g.Scope != "read write list" {
		t.Errorf("the scope is %q", g.Scope)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	eve := s.user("eve")
	add := func(ids ...string) error {
		return s.Update(func(tx *Tx) error { return tx.AddMembers(s.group.ID, ids...) })
	}
	check(t, "a member twice", add(s.ada.ID), "already exist")
	check(t, "a new and an old member", add(eve.ID, s.ada.ID), "already exist")
	if g, _ := s.Group(s.group.ID); len(g.MemberIDs) != 1 {
		t.Error("a refused write added a member")
	}
	check(t, "an unknown member", add(id("nobody")), "404")
	check(t, "the group itself", add(s.group.ID), "itself")
	check(t, "a service principal", add(s.client.ID), "")
	if groups := s.GroupsOf(s.client.ID); len(groups) != 1 || groups[0].ID != s.group.ID {
		t.Errorf("the client is in %v", groups)
	}
	s.update(func(tx *Tx) error { return tx.RemoveMember(s.group.ID, s.client.ID) })
	if len(s.GroupsOf(s.client.ID)) != 0 {
		t.Error("the client is still in a group")
	}
	check(t, "removing no member", s.Update(func(tx *Tx) error { return tx.RemoveMember(s.group.ID, s.client.ID) }), "404")

	named := func(name string) error {
		return s.Update(func(tx *Tx) error {
			_, err := tx.CreateGroup(&Group{DisplayName: "g", MailNickname: "g", SecurityEnabled: true, UniqueName: &name})
			return err
		})
	}
	check(t, "a uniqueName", named("provision.s.operators"), "")
	check(t, "the same uniqueName", named("provision.s.operators"), "property uniqueName")
	check(t, "a group that is neither", s.Update(func(tx *Tx) error {
		_, err := tx.CreateGroup(&Group{DisplayName: "g", MailNickname: "g"})
		return err
	}), "mail-enabled")
}

func TestUsers(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	ada := b.user("ada")
	if !ada.CheckPassword(password) || ada.CheckPassword("correct-horse-1") || (&User{}).CheckPassword("") {
		t.Error("the password is checked wrongly")
	}
	for _, test := range []struct {
		name, password string
		change         func(*User)
		want           string
	}{
		{"somebody else", password, func(u *User) {}, ""},
		{"a principal name taken, in another case", password, func(u *User) { u.UserPrincipalName = "ADA@contoso.onmicrosoft.com" }, "property userPrincipalName already exists"},
		{"a foreign domain", password, func(u *User) { u.UserPrincipalName = "bob@example.com" }, "verified domain"},
		{"no domain", password, func(u *User) { u.UserPrincipalName = "bob" }, "NAME@DOMAIN"},
		{"a space in the name", password, func(u *User) { u.UserPrincipalName = "b b@contoso.onmicrosoft.com" }, "NAME@DOMAIN"},
		{"no display name", password, func(u *User) { u.DisplayName = "" }, "displayName"},
		{"no nickname", password, func(u *User) { u.MailNickname = "" }, "mailNickname"},
		{"a short password", "Ab1!", func(u *User) {}, "password complexity requirements"},
		{"a password of two kinds", "abcdefgh1", func(u *User) {}, "password complexity requirements"},
		{"a long country", password, func(u *User) { u.UsageLocation = ptr("Utopia") }, "usageLocation"},
	} {
		u := user("bob")
		test.change(u)
		err := b.Update(func(tx *Tx) error {
			if _, err := tx.CreateUser(u, test.password); err != nil {
				return err
			}
			return errUndo
		})
		if err == errUndo {
			err = nil
		}
		check(t, test.name, err, test.want)
	}
	b.update(func(tx *Tx) error { return tx.SetPassword(ada.ID, "Other-Horse-2", true) })
	if u, _ := b.UserByUPN("Ada@Contoso.onmicrosoft.com"); !u.CheckPassword("Other-Horse-2") || !u.ForceChange {
		t.Error("the password was not replaced")
	}
}
