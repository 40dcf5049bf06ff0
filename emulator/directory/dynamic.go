package directory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// ruleProperties are the properties of a user that membership rules may name,
// in lower case, each with its values: none for null.
var ruleProperties = func() map[string]func(*User) []string {
	text := func(of func(*User) *string) func(*User) []string {
		return func(u *User) []string {
			if s := of(u); s != nil && *s != "" {
				return []string{*s}
			}
			return nil
		}
	}
	flag := func(of func(*User) *bool) func(*User) []string {
		return func(u *User) []string {
			if b := of(u); b != nil {
				return []string{strconv.FormatBool(*b)}
			}
			return nil
		}
	}
	all := map[string]func(*User) []string{
		"accountenabled":               flag(func(u *User) *bool { return &u.AccountEnabled }),
		"dirsyncenabled":               flag(func(u *User) *bool { return u.OnPremSyncEnabled }),
		"city":                         text(func(u *User) *string { return u.City }),
		"companyname":                  text(func(u *User) *string { return u.CompanyName }),
		"country":                      text(func(u *User) *string { return u.Country }),
		"department":                   text(func(u *User) *string { return u.Department }),
		"displayname":                  text(func(u *User) *string { return &u.DisplayName }),
		"employeeid":                   text(func(u *User) *string { return u.EmployeeID }),
		"facsimiletelephonenumber":     text(func(u *User) *string { return u.FaxNumber }),
		"givenname":                    text(func(u *User) *string { return u.GivenName }),
		"jobtitle":                     text(func(u *User) *string { return u.JobTitle }),
		"mail":                         text(func(u *User) *string { return u.Mail }),
		"mailnickname":                 text(func(u *User) *string { return &u.MailNickname }),
		"mobile":                       text(func(u *User) *string { return u.MobilePhone }),
		"objectid":                     text(func(u *User) *string { return &u.ID }),
		"onpremisesdistinguishedname":  text(func(u *User) *string { return u.OnPremDN }),
		"onpremisessecurityidentifier": text(func(u *User) *string { return u.OnPremSID }),
		"passwordpolicies":             text(func(u *User) *string { return u.PasswordPolicies }),
		"physicaldeliveryofficename":   text(func(u *User) *string { return u.OfficeLocation }),
		"postalcode":                   text(func(u *User) *string { return u.PostalCode }),
		"preferredlanguage":            text(func(u *User) *string { return u.PreferredLanguage }),
		"state":                        text(func(u *User) *string { return u.State }),
		"streetaddress":                text(func(u *User) *string { return u.StreetAddress }),
		"surname":                      text(func(u *User) *string { return u.Surname }),
		"usagelocation":                text(func(u *User) *string { return u.UsageLocation }),
		"userprincipalname":            text(func(u *User) *string { return &u.UserPrincipalName }),
		"usertype":                     text(func(u *User) *string { return &u.UserType }),
		"telephonenumber":              func(u *User) []string { return u.BusinessPhones },
		"othermails":                   func(u *User) []string { return u.OtherMails },
		"proxyaddresses":               func(u *User) []string { return u.ProxyAddresses },
	}
	for i := range 15 {
		all[fmt.Sprintf("extensionattribute%d", i+1)] = text(func(u *User) *string { return u.OnPremises.attribute(i) })
	}
	return all
}()

// attribute returns the extension attribute with an index from 0.
func (o *OnPremisesExtensionAttributes) attribute(i int) *string {
	return []*string{
		o.ExtensionAttribute1, o.ExtensionAttribute2, o.ExtensionAttribute3, o.ExtensionAttribute4, o.ExtensionAttribute5,
		o.ExtensionAttribute6, o.ExtensionAttribute7, o.ExtensionAttribute8, o.ExtensionAttribute9, o.ExtensionAttribute10,
		o.ExtensionAttribute11, o.ExtensionAttribute12, o.ExtensionAttribute13, o.ExtensionAttribute14, o.ExtensionAttribute15,
	}[i]
}

func dynamic(g *Group) bool { return slices.Contains(g.GroupTypes, "DynamicMembership") }

// computed reports whether the group has dynamic membership.
func computed(g *Group) bool {
	return dynamic(g) && !g.Deleted() && !strings.EqualFold(text(g.RuleProcessing), "Paused")
}

// computeMembers updates the members of dynamic groups after changes: all members of changed
// groups, and the changed users in the other groups.
func (tx *Tx) computeMembers(changes memdb.Changes) error {
	users, changed := map[string]*User{}, map[string]bool{}
	for _, c := range changes {
		object := c.After
		if object == nil {
			object = c.Before
		}
		switch o := object.(type) {
		case *User:
			users[o.ID], _ = tx.User(o.ID) // nil for a deleted user
		case *Group:
			changed[o.ID] = true
		}
	}
	if len(users) == 0 && len(changed) == 0 {
		return nil
	}
	for _, g := range collect(each[Group](tx.reader, groups, "computed", "yes"), func(*Group) bool { return true }) {
		is, err := parseRule(text(g.MembershipRule))
		if err != nil {
			return fmt.Errorf("group %s: %w", g.ID, err) // checkRule has refused it
		}
		candidates := users
		if changed[g.ID] {
			candidates = map[string]*User{}
			for _, id := range g.MemberIDs {
				candidates[id] = nil
			}
			for u := range tx.Users() {
				candidates[u.ID] = u
			}
		}
		members := slices.DeleteFunc(slices.Clone(g.MemberIDs), func(id string) bool {
			u, looked := candidates[id]
			return looked && (u == nil || !is(u))
		})
		for _, id := range slices.Sorted(maps.Keys(candidates)) {
			if u := candidates[id]; u != nil && is(u) && !slices.Contains(g.MemberIDs, id) {
				members = append(members, id)
			}
		}
		if !slices.Equal(members, g.MemberIDs) {
			g = g.Clone()
			g.MemberIDs = members
			tx.put(groups, g)
		}
	}
	return nil
}
