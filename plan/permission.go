package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
}

// actsAsUser is the delegated permission that allows whatever the user may do.
const actsAsUser = "Directory.AccessAsUser.All"

// LacksPermissions says which permissions a plan needs that its caller does not
// have.
type LacksPermissions []string

func (e LacksPermissions) Error() string {
	return fmt.Sprintf("the caller lacks Microsoft Graph permissions that this plan needs: %s", strings.Join(e, ", "))
}

// CheckPermissions compares the permissions of a caller with the least privileged
// ones that the steps need. If no permission of the caller is known, it does not
// check. What cannot be purged stays in the recycle bin, which is no failure.
func (p *Plan) CheckPermissions(held []string) error {
	if len(held) == 0 || slices.Contains(held, actsAsUser) {
		return nil
	}
	lacking := map[string]bool{}
	for _, s := range p.Steps {
		need := s.Permission()
		if s.Action == Purge || need == "" || slices.Contains(held, need) || slices.ContainsFunc(wider[need], func(w string) bool { return slices.Contains(held, w) }) {
			continue
		}
		lacking[need] = true
	}
	if len(lacking) == 0 {
		return nil
	}
	return LacksPermissions(slices.Sorted(maps.Keys(lacking)))
}
