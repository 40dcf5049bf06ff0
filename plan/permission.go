package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

// wider are the Graph permissions that include another one.
// Source: the permission tables of the operations in Graph's reference, from the
// least to the most privileged.
var wider = map[string][]string{
	"Application.ReadWrite.OwnedBy":          {"Application.ReadWrite.All", "Directory.ReadWrite.All"},
	"Application.ReadWrite.All":              {"Directory.ReadWrite.All"},
	"User.ReadWrite.All":                     {"Directory.ReadWrite.All"},
	"User-PasswordProfile.ReadWrite.All":     {"User.ReadWrite.All", "Directory.ReadWrite.All"},
	"Group.ReadWrite.All":                    {"Directory.ReadWrite.All"},
	"GroupMember.ReadWrite.All":              {"Group.ReadWrite.All", "Directory.ReadWrite.All"},
	"DelegatedPermissionGrant.ReadWrite.All": {"Directory.ReadWrite.All"},
	"AppRoleAssignment.ReadWrite.All":        {},
	"User.DeleteRestore.All":                 {},
	"Application.Read.All":                   {"Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	"DelegatedPermissionGrant.Read.All":      {"DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	"GroupMember.Read.All":                   {"Group.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	"User.Read.All":                          {"Directory.Read.All", "Directory.ReadWrite.All"},
}

// actsAsUser is the delegated permission for everything that the user may do.
const actsAsUser = "Directory.AccessAsUser.All"

// LacksPermissions is the error for permissions that a plan needs and its caller does
// not have.
type LacksPermissions []string

func (e LacksPermissions) Error() string {
	return fmt.Sprintf("the caller lacks Microsoft Graph permissions that this plan needs: %s", strings.Join(e, ", "))
}

// Lacking returns the permissions of needed that a caller does not have, neither directly nor
// through a wider permission.
func Lacking(needed, held []string) (lacking []string) {
	if slices.Contains(held, actsAsUser) {
		return nil
	}
	for _, need := range needed {
		if !slices.Contains(held, need) && !slices.ContainsFunc(wider[need], func(w string) bool { return slices.Contains(held, w) }) {
			lacking = append(lacking, need)
		}
	}
	return lacking
}

// CheckPermissions compares the permissions of a caller with the least privileged permissions that
// the steps need. If no permission of the caller is known, it does not check. A missing permission
// to purge is not a failure: the objects stay in the recycle bin.
func (p *Plan) CheckPermissions(held []string) error {
	if len(held) == 0 || slices.Contains(held, actsAsUser) {
		return nil
	}
	lacking := map[string]bool{}
	for _, s := range p.Steps {
		need := s.Permission()
		if s.Action == Purge || need == "" || len(Lacking([]string{need}, held)) == 0 {
			continue
		}
		lacking[need] = true
	}
	if len(lacking) == 0 {
		return nil
	}
	return LacksPermissions(slices.Sorted(maps.Keys(lacking)))
}

// ReaderPermissions are the Graph application permissions with which an account can plan.
// User.Read.All also shows the tenant's domain, which User.ReadWrite.All does not.
var ReaderPermissions = []string{"Application.Read.All", "DelegatedPermissionGrant.Read.All", "GroupMember.Read.All", "User.Read.All"}

// DeployerPermissions returns the least privileged Graph application permissions, sorted, with
// which an account can apply and destroy stacks in a tenant that does not contain any of their
// objects.
func DeployerPermissions(stacks []*stack.Stack) []string {
	all := map[string]bool{}
	for _, read := range ReaderPermissions {
		all[read] = true
	}
	takes := func(k Kind, actions ...Action) {
		for _, action := range actions {
			all[Step{Action: action, Key: Key{Kind: k}, Stack: "s", FollowsDelete: true}.Permission()] = true
		}
	}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if !a.Existing && s.Home == "" {
				takes(Application, Create)
			}
			if !a.Existing && s.Home != "" {
				all[Step{Action: Create, Key: Key{Kind: ServicePrincipal}, Stack: "s", Customer: true}.Permission()] = true
			}
			if len(a.RoleAssignments) > 0 {
				takes(Assignment, Create)
			}
			for _, p := range a.Permissions {
				if p.AdminConsent && len(p.Scopes) > 0 {
					takes(Grant, Create)
				}
				if p.AdminConsent && len(p.Roles) > 0 {
					takes(Assignment, Create)
				}
			}
		}
		for _, u := range s.Users {
			if !u.Existing {
				takes(User, Create, Purge)
			}
		}
		for _, g := range s.Groups {
			if !g.Existing {
				takes(Group, Create)
			}
			if len(g.Members) > 0 {
				takes(Member, Create)
			}
		}
	}
	for narrow, wide := range wider { // a permission that a wider one of the list includes
		if slices.ContainsFunc(wide, func(w string) bool { return all[w] }) {
			delete(all, narrow)
		}
	}
	for narrow, wide := range map[string]string{"GroupMember.Read.All": "Group.ReadWrite.All", "DelegatedPermissionGrant.Read.All": "DelegatedPermissionGrant.ReadWrite.All"} {
		if all[wide] {
			delete(all, narrow)
		}
	}
	return slices.Sorted(maps.Keys(all))
}
