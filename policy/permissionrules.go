package policy

import (
	"slices"
	"strings"

	"provision/stack"
)

// tenantWide are application permissions that lead to the role Global
// Administrator in one step or two.
var tenantWide = []string{
	"RoleManagement.ReadWrite.Directory", "AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All", "Directory.ReadWrite.All", "RoleAssignmentSchedule.ReadWrite.Directory",
	"RoleEligibilitySchedule.ReadWrite.Directory", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup", "PrivilegedAccess.ReadWrite.AzureAD", "PrivilegedAccess.ReadWrite.AzureADGroup",
	"UserAuthenticationMethod.ReadWrite.All", "UserAuthMethod-Passkey.ReadWrite.All", "Policy.ReadWrite.AuthenticationMethod", "Policy.ReadWrite.PermissionGrant", "Policy.ReadWrite.ConditionalAccess", "User-PasswordProfile.ReadWrite.All",
	"Domain.ReadWrite.All", "Organization.ReadWrite.All", "EntitlementManagement.ReadWrite.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "RoleManagementPolicy.ReadWrite.Directory", "User.ReadWrite.All", "User.EnableDisableAccount.All",
	"DeviceManagementConfiguration.ReadWrite.All", "DeviceManagementRBAC.ReadWrite.All", "SynchronizationData-User.Upload", "PartnerSecurity.ReadWrite.All",
}

// mailAndFiles are beginnings of permissions over the data of all users.
var mailAndFiles = []string{"Mail.", "MailboxSettings.", "Files.", "Sites.", "Chat.", "ChatMessage.", "Calendars.", "Contacts.", "Notes.", "ChannelMessage.", "OnlineMeetings.", "CallRecords."}

// overAllMailAndFiles reports whether an application permission opens the mail or files of every user:
// of Microsoft Graph, or of Exchange and SharePoint themselves.
func overAllMailAndFiles(resource, role string) bool {
	switch {
	case strings.HasSuffix(role, ".Selected"):
		return false
	case isGraph(resource):
		return begins(role, mailAndFiles) && !isTenantWide(role)
	case strings.EqualFold(resource, "00000002-0000-0ff1-ce00-000000000000"):
		return role == "full_access_as_app" || strings.HasSuffix(role, "AsApp") || begins(role, mailAndFiles)
	case strings.EqualFold(resource, "00000003-0000-0ff1-ce00-000000000000"):
		return begins(role, mailAndFiles)
	}
	return false
}

// riskyByConsent are delegated permissions that attackers request in consent phishing.
var riskyByConsent = []string{"Mail.", "MailboxSettings.", "Files.ReadWrite", "Files.Read.All", "Sites.", "Contacts.", "Notes.", "Chat.", "EWS.", "IMAP.", "SMTP.", "POP."}

const permissionSource = "Microsoft: Microsoft Graph permissions reference; Security best practices for application properties; Maester: MT.1050"

func isTenantWide(role string) bool { return slices.Contains(tenantWide, role) }

func begins(value string, with []string) bool {
	return slices.ContainsFunc(with, func(prefix string) bool { return strings.HasPrefix(value, prefix) })
}

// permissionRules are about the permissions of the application on other APIs.
var permissionRules = []Rule{
	{
		ID: "graph-path-to-administrator", Severity: Critical, Reason: "anyone who has a credential of the application can become Global Administrator, directly or through another application or group",
		Fix: "request the narrowest permission, such as Application.ReadWrite.OwnedBy", Source: permissionSource + "; Microsoft: Security operations for privileged accounts",
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [RoleManagement.ReadWrite.Directory]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [Application.ReadWrite.OwnedBy]}]",
		find:     eachGraphRole(isTenantWide, "leads to Global Administrator"),
	},
	{
		ID: "graph-all-mail-and-files", Severity: High, Reason: "anyone who has a credential of the application can read or change the data of every user",
		Fix: "limit the application to some mailboxes or sites (application access policies, Sites.Selected), or use delegated permissions", Source: permissionSource + "; Microsoft: Limit application permissions to specific Exchange Online mailboxes",
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [Mail.Read]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [Sites.Selected]}]",
		find: eachPermission(func(_ subject, p stack.Permission) (roles, scopes []string) {
			return those(p.Roles, func(role string) bool { return overAllMailAndFiles(p.Resource, role) }), nil
		}, "is over the data of all users"),
	},
	{
		ID: "graph-write-all", Severity: High, Reason: "anyone who has a credential of the application can change every object of the kind",
		Fix: "request a read permission, or a narrower one", Source: permissionSource,
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [Device.ReadWrite.All]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [Device.Read.All]}]",
		find: eachGraphRole(func(role string) bool {
			return hasAny(role, ".ReadWrite.All", ".Manage.All", ".FullControl.All", ".Create") && !isTenantWide(role) && !begins(role, mailAndFiles)
		}, "writes all objects"),
	},
	{
		ID: "graph-read-directory", Severity: Medium, Reason: "anyone who has a credential of the application can read all users, groups and applications of the tenant",
		Fix: "request read permissions, such as User.Read.All or GroupMember.Read.All", Source: permissionSource,
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [Directory.Read.All]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [GroupMember.Read.All]}]",
		find:     eachGraphRole(func(role string) bool { return role == "Directory.Read.All" || role == "AuditLog.Read.All" }, "is over the whole directory"),
	},
	{
		ID: "graph-delegated-administrator", Severity: High, Reason: "when an administrator signs in, the client has the administrator's power over the tenant",
		Fix: "request the narrowest permission", Source: permissionSource,
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, scopes: [Directory.AccessAsUser.All]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, scopes: [User.Read]}]",
		find: eachGraphScope(func(scope string, _ bool) bool { return scope == "Directory.AccessAsUser.All" || isTenantWide(scope) },
			"gives a client the power of the administrator who signs in"),
	},
	{
		ID: "user-consent-risky", Severity: Medium, Reason: "users who are asked for such a permission get used to consenting, which consent phishing exploits",
		Fix: "grant admin consent (adminConsent: true) and let users consent to low-risk permissions only", Source: "Microsoft: Configure how users consent to applications; Protect against consent phishing; CIS Microsoft 365 Foundations Benchmark",
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, scopes: [Mail.Read]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, scopes: [Mail.Read], adminConsent: true}]",
		find:     eachGraphScope(func(scope string, consented bool) bool { return !consented && begins(scope, riskyByConsent) }, "is left to the consent of users"),
	},
	{
		ID: "permission-without-consent", Severity: Low, Reason: "an application permission does nothing until an administrator consents to it, and the manifests do not show who consented, and why",
		Fix: "set adminConsent: true, or remove the permission", Source: "Microsoft: Overview of permissions and consent, Application permissions",
		Violates: "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [GroupMember.Read.All]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, roles: [GroupMember.Read.All], adminConsent: true}]",
		find: eachPermission(func(_ subject, p stack.Permission) (roles, scopes []string) {
			if p.AdminConsent {
				return nil, nil
			}
			return p.Roles, nil
		}, "is requested, and the manifest does not consent to it"),
	},
	{
		ID: "azure-ad-graph", Severity: Medium, Reason: "Azure AD Graph is retired, and its permissions are wider than they say",
		Fix: "use Microsoft Graph", Source: "Microsoft: Migrate your apps from Azure AD Graph to Microsoft Graph",
		Violates: "displayName: A\npermissions: [{resource: 00000002-0000-0000-c000-000000000000, scopes: [User.Read]}]",
		Clean:    "displayName: A\npermissions: [{resource: Microsoft Graph, scopes: [User.Read]}]",
		find: eachPermission(func(_ subject, p stack.Permission) (roles, scopes []string) {
			if p.Resource == oldGraph {
				return p.Roles, p.Scopes
			}
			return nil, nil
		}, "is one of Azure AD Graph"),
	},
	{
		ID: "permission-unused", Severity: Low, Reason: "the client has a permission without an effect today, and gets everything that is added to it later",
		Fix: "remove the permission, or state the endpoint that requires it", Source: "Microsoft: Enhance security with the principle of least privilege, Unused permissions",
		Violates: "displayName: A\npermissions: [{resource: orders, scopes: [Orders.Unused]}]",
		Clean:    "displayName: A\npermissions: [{resource: orders, scopes: [Orders.Read]}]",
		find: eachPermission(func(a subject, p stack.Permission) (roles, scopes []string) {
			needed, documented := a.all.needed[reference(a.stack, p.Resource)]
			if !documented {
				return nil, nil
			}
			unused := func(value string) bool { return !needed[value] }
			return those(p.Roles, unused), those(p.Scopes, unused)
		}, "is required by no endpoint"),
	},
}
