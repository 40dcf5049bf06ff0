package directory

import (
	"slices"
	"strings"
	"testing"
)

func TestMembershipRules(t *testing.T) {
	t.Parallel()
	u := &User{
		ID: id("ada"), DisplayName: "Ada \"The\" Countess", UserPrincipalName: "ada@contoso.onmicrosoft.com", UserType: "Member", AccountEnabled: true,
		Department: ptr("Sales"), JobTitle: ptr("Head of Sales"), UsageLocation: ptr("GB"), ManagerID: id("boss"),
		OtherMails: []string{"ada@home.example"}, ProxyAddresses: []string{"SMTP:ada@contoso.example", "smtp:a@contoso.example"},
		OnPremises: OnPremisesExtensionAttributes{ExtensionAttribute3: ptr("blue")},
	}
	for text, want := range map[string]bool{
		`user.department -eq "Sales"`:                                  true,
		`(user.department -eq "sales")`:                                true,
		`user.department eq 'Sales'`:                                   true,
		`USER.Department -EQ "SALES"`:                                  true,
		`user.department -ne "Sales"`:                                  false,
		`user.city -eq null`:                                           true,
		`user.city -ne $null`:                                          false,
		`user.city -ne "London"`:                                       true,
		`user.objectId -ne null`:                                       true,
		`user.accountEnabled -eq true`:                                 true,
		`user.dirSyncEnabled -eq true`:                                 false,
		`user.jobTitle -startsWith "head"`:                             true,
		`user.jobTitle -notStartsWith "head"`:                          false,
		`user.jobTitle -contains "OF"`:                                 true,
		`user.jobTitle -notContains "of"`:                              false,
		`user.jobTitle -endsWith "sales"`:                              true,
		`user.jobTitle -match "^head.*s$"`:                             true,
		`user.jobTitle -notMatch "marketing"`:                          true,
		`user.department -in ["Marketing", "Sales"]`:                   true,
		`user.department -notIn ["Marketing","Sales"]`:                 false,
		`user.department -eq "Sales" -and user.usageLocation -eq "US"`: false,
		`user.department -eq "Sales" -or user.usageLocation -eq "US" -and user.city -eq "x"`:   true, // -and has a higher precedence
		`(user.department -eq "Sales" -or user.usageLocation -eq "US") -and user.city -eq "x"`: false,
		`-not (user.department -eq "Marketing")`:                                               true,
		`-not user.department -eq "Sales"`:                                                     false,
		`user.proxyAddresses -any (_ -startsWith "smtp:a@")`:                                   true,
		`user.proxyAddresses -all (_ -startsWith "smtp:")`:                                     true,
		`user.proxyAddresses -all (_ -contains "ada")`:                                         false,
		`user.otherMails -contains "home"`:                                                     true,
		`user.extensionAttribute3 -eq "Blue"`:                                                  true,
		"user.displayName -eq \"Ada `\"The`\" Countess\"":                                      true,
		`device.displayName -eq "x" -or device.displayName -ne "x"`:                            false,
		`Direct Reports for "` + id("boss") + `"`:                                              true,
		`direct reports for "` + id("else") + `"`:                                              false,
	} {
		is, err := parseRule(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if is(u) != want {
			t.Errorf("%s: not %v", text, want)
		}
	}
	for text, want := range map[string]string{
		"":                                  "is missing",
		`user.department`:                   "an operator",
		`user.department -eq Sales`:         "write texts in quotes",
		`user.department -eq`:               "a value is missing",
		`user.department -like "S*"`:        "an operator",
		`user.department -eq "S" user.city`: "nothing is expected at user.city",
		`(user.department -eq "S"`:          "a ) is missing",
		`user.shoeSize -eq 43`:              "user.shoesize is not supported",
		`user.memberOf -any (group.objectId -in ["x"])`: "user.memberof is not supported",
		`user.department -in "S"`:                       "a list",
		`user.department -eq ["S"]`:                     "a list",
		`user.department -match "("`:                    "cannot be read",
		`user.city -contains null`:                      "null is compared",
		`user.department -eq "S`:                        "cannot be read",
		`department -eq "S"`:                            "not supported",
	} {
		if _, err := parseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzMembershipRule(f *testing.F) {
	f.Add(`(user.a -eq "x` + "`" + `"") -or -not user.b -in ["1",'2'] -and user.otherMails -any (_ -match "x")`)
	f.Fuzz(func(t *testing.T, text string) {
		if is, err := parseRule(text); err == nil {
			is(&User{})
		}
	})
}

// TestDynamicMembers checks a group's members after changes of users, of the rule and of the type
// of the group.
func TestDynamicMembers(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	people := map[string]*User{}
	create := func(name, department string) {
		t.Helper()
		u := user(name)
		u.Department = &department
		b.update(func(tx *Tx) (err error) {
			people[name], err = tx.CreateUser(u, password)
			return err
		})
	}
	move := func(name, department string) {
		t.Helper()
		b.update(func(tx *Tx) error {
			u, _ := tx.User(people[name].ID)
			u = u.Clone()
			u.Department = &department
			return tx.UpdateUser(u)
		})
	}
	create("ada", "Sales")
	create("bob", "Labs")
	var sales *Group
	b.update(func(tx *Tx) (err error) {
		sales, err = tx.CreateGroup(&Group{DisplayName: "Sales", MailNickname: "sales", SecurityEnabled: true,
			GroupTypes: []string{"DynamicMembership"}, MembershipRule: ptr(`user.department -eq "Sales"`)})
		return err
	})
	change := func(change func(*Group)) error {
		return b.Update(func(tx *Tx) error {
			g, _ := tx.Group(sales.ID)
			g = g.Clone()
			change(g)
			return tx.UpdateGroup(g)
		})
	}
	members := func(when string, want ...string) {
		t.Helper()
		g, _ := b.View().Group(sales.ID)
		var got []string
		for name, u := range people {
			if slices.Contains(g.MemberIDs, u.ID) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || len(g.MemberIDs) != len(want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	members("at first", "ada")
	create("cy", "Sales")
	members("a new user", "ada", "cy")
	move("bob", "Sales")
	move("ada", "Labs")
	members("two who moved", "bob", "cy")
	b.update(func(tx *Tx) error { return tx.DeleteUser(people["cy"].ID) })
	members("one deleted", "bob")
	check(t, "a rule changed", change(func(g *Group) { g.MembershipRule = ptr(`user.department -eq "Labs"`) }), "")
	members("another rule", "ada")
	check(t, "paused", change(func(g *Group) { g.RuleProcessing = ptr("Paused") }), "")
	move("bob", "Labs")
	members("paused", "ada")
	check(t, "on again", change(func(g *Group) { g.RuleProcessing = ptr("On") }), "")
	members("on again", "ada", "bob")
	check(t, "a bad rule", change(func(g *Group) { g.MembershipRule = ptr(`user.department is "Labs"`) }), "400 Request_BadRequest: The membershipRule")
	check(t, "a member by hand", b.Update(func(tx *Tx) error { return tx.AddMembers(sales.ID, people["bob"].ID) }), "follow from its rule")
	check(t, "assigned from now on", change(func(g *Group) { g.GroupTypes, g.RuleProcessing = nil, ptr("Paused") }), "")
	move("bob", "Sales")
	members("assigned", "ada", "bob")
}

func TestMembersOfAMicrosoft365Group(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	var team, other *Group
	var ada *User
	b.update(func(tx *Tx) (err error) {
		if ada, err = tx.CreateUser(user("ada"), password); err != nil {
			return err
		}
		if other, err = tx.CreateGroup(&Group{DisplayName: "Other", MailNickname: "other", SecurityEnabled: true}); err != nil {
			return err
		}
		team, err = tx.CreateGroup(&Group{DisplayName: "Team", MailNickname: "team", MailEnabled: true, GroupTypes: []string{"Unified"}})
		return err
	})
	check(t, "a user", b.Update(func(tx *Tx) error { return tx.AddMembers(team.ID, ada.ID) }), "")
	check(t, "a group", b.Update(func(tx *Tx) error { return tx.AddMembers(team.ID, other.ID) }), "Only users")
	check(t, "a security group that becomes one", b.Update(func(tx *Tx) error {
		g := other.Clone()
		g.GroupTypes, g.MailEnabled = []string{"Unified"}, true
		return tx.UpdateGroup(g)
	}), "Unified")
}
