package graphapi

import (
	"slices"
	"strings"
)

// Caller is the sender of a request, according to the verified token.
type Caller struct {
	AppID              string   // the client application
	ServicePrincipalID string   // its object id in this tenant
	UserID             string   // the signed-in user's object id; empty for a token of the application alone
	Roles              []string // application permissions (app-only)
	Scopes             []string // delegated permissions
}

// Delegated reports whether a user is signed in.
func (c Caller) Delegated() bool { return c.UserID != "" }

func (c Caller) permissions() []string {
	if c.Delegated() {
		return c.Scopes
	}
	return c.Roles
}

// requirement lists the permissions of a route: the caller needs at least one
// permission of every set. An empty requirement admits any caller with a valid token.
//
// A set contains application roles and delegated scopes. A permission that exists only
// as a role is never in a token as a scope, and the reverse.
type requirement [][]string

// oneOf creates a set; the names are separated by spaces.
func oneOf(permissions string) requirement { return requirement{strings.Fields(permissions)} }

// and also requires a permission of another set.
func (r requirement) and(permissions string) requirement {
	return append(slices.Clip(r), strings.Fields(permissions))
}

// or adds permissions to the only set of a requirement.
func (r requirement) or(permissions string) requirement {
	return requirement{append(slices.Clip(r[0]), strings.Fields(permissions)...)}
}

// ownedBy is sufficient for writes to objects that the calling application owns.
const ownedBy = "Application.ReadWrite.OwnedBy"

// The requirements, from the permission tables of Graph's reference
// (microsoftgraph/microsoft-graph-devx-content, permissions/new).
var (
	anyCaller = requirement{}

	readApplications   = oneOf("Application.Read.All Application.ReadWrite.All Application.ReadWrite.OwnedBy Directory.Read.All Directory.ReadWrite.All")
	createApplications = oneOf("AppRegistration.Create Application.ReadWrite.All Application.ReadWrite.OwnedBy")
	writeApplications  = oneOf("Application.ReadWrite.All Application.ReadWrite.OwnedBy")
	// Service principals, and the secrets and owners of applications too.
	writePrincipals = writeApplications.or("Directory.ReadWrite.All")
	addAppOwners    = writePrincipals.and("Directory.Read.All Directory.ReadWrite.All Application.ReadWrite.All")

	readAssignments  = oneOf("AppRoleAssignment.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
	writeAssignments = oneOf("AppRoleAssignment.ReadWrite.All")
	// Assignments at a service principal also require the permission to read it.
	readPrincipalAssignments   = readApplications
	writePrincipalAssignments  = writeAssignments.and("Application.Read.All Application.ReadWrite.All Application.ReadWrite.OwnedBy Directory.Read.All Directory.ReadWrite.All")
	deletePrincipalAssignments = writeAssignments.or("Application.ReadWrite.All")

	readGrants  = oneOf("DelegatedPermissionGrant.Read.All DelegatedPermissionGrant.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
	writeGrants = oneOf("DelegatedPermissionGrant.ReadWrite.All Directory.ReadWrite.All")

	readUsers   = oneOf("User.ReadBasic.All User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
	createUsers = oneOf("User.ReadWrite.All Directory.ReadWrite.All")
	writeUsers  = oneOf("User.ReadWrite.All Directory.ReadWrite.All User-PasswordProfile.ReadWrite.All User.EnableDisableAccount.All User-Phone.ReadWrite.All User-Mail.ReadWrite.All")
	deleteUsers = oneOf("User.ReadWrite.All User.DeleteRestore.All")

	inviteUsers = oneOf("User.Invite.All User.ReadWrite.All Directory.ReadWrite.All")

	readGroups   = oneOf("Group.ReadBasic.All GroupMember.Read.All Group.Read.All Group.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
	createGroups = oneOf("Group.Create Group.ReadWrite.All Directory.ReadWrite.All")
	writeGroups  = oneOf("Group.ReadWrite.All Directory.ReadWrite.All")
	deleteGroups = oneOf("Group.ReadWrite.All")
	readMembers  = oneOf("GroupMember.ReadBasic.All GroupMember.Read.All GroupMember.ReadWrite.All Group.ReadBasic.All Group.Read.All Group.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
	writeMembers = oneOf("GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All")
	readMemberOf = oneOf("GroupMember.ReadBasic.All GroupMember.Read.All Group.ReadBasic.All Group.Read.All Group.ReadWrite.All User.Read.All Directory.Read.All Directory.ReadWrite.All")

	readObjects      = oneOf("Directory.Read.All Directory.ReadWrite.All")
	readOrganization = oneOf("Organization.Read.All Organization.ReadWrite.All Directory.Read.All Directory.ReadWrite.All User.Read User.Read.All User.ReadBasic.All")
	readDomains      = oneOf("Domain.Read.All Domain.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")

	readAppPolicies  = oneOf("Policy.Read.ApplicationConfiguration Policy.Read.All Policy.ReadWrite.ApplicationConfiguration")
	writeAppPolicies = oneOf("Policy.ReadWrite.ApplicationConfiguration")

	readSelf = oneOf("User.Read User.ReadWrite User.ReadBasic.All User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
)

// satisfies reports whether a caller meets a requirement, and whether only with a
// permission that is limited to the caller's own objects.
func (c Caller) satisfies(r requirement) (ok, ownedOnly bool) {
	held := c.permissions()
	for _, set := range r {
		met, unconfined := false, false
		for _, permission := range set {
			if slices.ContainsFunc(held, func(h string) bool { return strings.EqualFold(h, permission) }) {
				met = true
				unconfined = unconfined || permission != ownedBy
			}
		}
		if !met {
			return false, false
		}
		ownedOnly = ownedOnly || !unconfined
	}
	return true, ownedOnly
}
