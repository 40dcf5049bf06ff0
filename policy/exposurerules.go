package policy

import (
	"regexp"
	"slices"
	"strings"

	"provision/stack"
)

var writes = regexp.MustCompile(`(?i)(write|manage|delete|create|update|admin|full|impersonat)`)

var guid = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

const scopeSource = "Microsoft: Protected web API, App registration; Microsoft: Overview of permissions and consent"

// exposureRules check the access that an application gives to others.
var exposureRules = []Rule{
	{
		ID: "multi-tenant", Severity: Medium, Reason: "users of every tenant can sign in, and only the application's own checks refuse them",
		Fix: "use AzureADMyOrg, or state the customers of the application, or the permitted tenants in the Conformance document", Source: "Microsoft: Convert your app to be multitenant; CIS Microsoft 365 Foundations Benchmark",
		Violates: "displayName: A\nsignInAudience: AzureADMultipleOrgs",
		Clean:    "displayName: A\nsignInAudience: AzureADMyOrg",
		find: when(func(a subject) bool { return a.multiTenant() && !a.all.tenants[a.id()] && len(a.Customers) == 0 },
			"it admits users of every tenant, but it has no customers, and no Conformance document permits other tenants", "signInAudience"),
	},
	{
		ID: "personal-accounts", Severity: High, Reason: "anybody with a Microsoft account can sign in",
		Fix: "use AzureADMyOrg or AzureADMultipleOrgs", Source: "Microsoft: Validation differences by supported account types",
		Violates: "displayName: A\nsignInAudience: AzureADandPersonalMicrosoftAccount\napi: {requestedAccessTokenVersion: 2}",
		Clean:    "displayName: A\nsignInAudience: AzureADMyOrg",
		find: when(func(a subject) bool {
			return a.SignInAudience != nil && strings.Contains(*a.SignInAudience, "PersonalMicrosoftAccount")
		}, "it admits personal accounts", "signInAudience"),
	},
	{
		ID: "instance-property-lock", Severity: Medium, Reason: "an administrator of another tenant can add a credential to its service principal and act as the application there",
		Fix: "set servicePrincipalLockConfiguration: {isEnabled: true, allProperties: true}", Source: "Microsoft: Configure app instance property lock",
		Violates: "displayName: A\nsignInAudience: AzureADMultipleOrgs",
		Clean:    "displayName: A\nsignInAudience: AzureADMultipleOrgs\nservicePrincipalLockConfiguration: {isEnabled: true, allProperties: true}",
		find: when(func(a subject) bool { return a.multiTenant() && (a.PrincipalLock == nil || !a.PrincipalLock.IsEnabled) },
			"its service principals in other tenants are not locked", "servicePrincipalLockConfiguration"),
	},
	{
		ID: "assignment-required", Severity: Medium, Reason: "every user of the tenant, guests too, gets tokens for the application",
		Fix: "set servicePrincipal: {appRoleAssignmentRequired: true} and assign users and groups", Source: "Microsoft: Restrict an app to a set of users; Microsoft Entra security recommendations",
		Violates: "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}",
		Clean:    "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}\nservicePrincipal: {appRoleAssignmentRequired: true}",
		find: when(func(a subject) bool {
			return a.interactive() && !a.multiTenant() && !isTrue(a.ServicePrincipal.AppRoleAssignmentRequired)
		},
			"everybody in the tenant can sign in", "servicePrincipal", "appRoleAssignmentRequired"),
	},
	{
		ID: "scope-write-by-user", Severity: High, Reason: "every user can consent to a client that changes data in their name",
		Fix: "set type: Admin for the scope", Source: scopeSource,
		Violates: "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Write}]}",
		Clean:    "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Write, type: Admin}, {value: Orders.Read}]}",
		find:     eachScope(func(s stack.Scope) bool { return s.Type != "Admin" && writes.MatchString(s.Value) }, "permits changes, and users can consent to it"),
	},
	{
		ID: "scope-disabled", Severity: Low, Reason: "nobody can request the scope, and clients that need it fail",
		Fix: "remove the scope, or enable it", Source: scopeSource,
		Violates: "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read, isEnabled: false}]}",
		Clean:    "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read}]}",
		find:     eachScope(func(s stack.Scope) bool { return isFalse(s.IsEnabled) }, "is disabled"),
	},
	{
		ID: "role-unassigned", Severity: Low, Reason: "a role that nobody has is not tested, and its effect is not visible",
		Fix: "assign the role, or remove it", Source: "Microsoft: Add app roles to your application; principle of least privilege",
		Violates: "displayName: A\nappRoles: [{value: Auditor, displayName: Auditor, description: Audits, allowedMemberTypes: [User]}]",
		Clean:    "displayName: A\nappRoles: [{value: Auditor, displayName: Auditor, description: Audits, allowedMemberTypes: [User]}]\nroleAssignments: [{role: Auditor, groups: [auditors]}]",
		find: func(a subject) (places []place) {
			for i, r := range a.AppRoles {
				if !isFalse(r.IsEnabled) && !a.all.held[a.id()+" "+r.Value] {
					places = append(places, at("role "+r.Value+" is assigned to nobody", "appRoles", i))
				}
			}
			return places
		},
	},
	{
		ID: "identifier-uri-unverified", Severity: Medium, Reason: "another application, of this tenant or of a tenant that owns the name, can be mistaken for this one",
		Fix: "use api://${appId}, api://TENANT-ID/NAME or a verified domain", Source: "Microsoft: Restrictions on identifier URIs of Microsoft Entra applications; Security best practices for application properties",
		Violates: "displayName: A\nidentifierUris: ['api://orders']",
		Clean:    "displayName: A\nidentifierUris: ['api://${appId}']",
		find: eachURI(func(uri string) bool {
			host, api := strings.CutPrefix(uri, "api://")
			return api && !strings.Contains(host, "${") && !guid.MatchString(host) && !strings.Contains(host, ".")
		}, "is a name that is not verified"),
	},
	{
		ID: "identifier-uri-http", Severity: Low, Reason: "the name looks like an address that is not encrypted, and cannot be verified",
		Fix: "use api://${appId} or https and a verified domain", Source: "Microsoft: Restrictions on identifier URIs of Microsoft Entra applications",
		Violates: "displayName: A\nidentifierUris: ['http://orders.contoso.onmicrosoft.com']",
		Clean:    "displayName: A\nidentifierUris: ['https://orders.contoso.onmicrosoft.com']",
		find:     eachURI(func(uri string) bool { return strings.HasPrefix(uri, "http://") }, "begins with http"),
	},
	{
		ID: "token-version", Severity: Low, Reason: "the audience and the issuer of version 1 tokens differ from version 2, and APIs confuse them",
		Fix: "set api: {requestedAccessTokenVersion: 2}", Source: "Microsoft: Access tokens, Token formats",
		Violates: "displayName: A\napi: {oauth2PermissionScopes: [{value: Orders.Read}]}",
		Clean:    "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read}]}",
		find: when(func(a subject) bool {
			return len(a.API.OAuth2PermissionScopes) > 0 && !a.Version2Tokens()
		}, "the API gets version 1 tokens", "api", "requestedAccessTokenVersion"),
	},
	{
		ID: "mapped-claims", Severity: High, Reason: "any administrator of claims policies, also of another tenant, puts claims of their choice into tokens",
		Fix: "remove acceptMappedClaims and use a signing key of the application's own", Source: "Microsoft: Customize app JSON Web Token claims; apiApplication resource type",
		Violates: "displayName: A\napi: {requestedAccessTokenVersion: 2, acceptMappedClaims: true}",
		Clean:    "displayName: A\napi: {requestedAccessTokenVersion: 2}",
		find:     when(func(a subject) bool { return isTrue(a.API.AcceptMappedClaims) }, "it accepts mapped claims without its own signing key", "api", "acceptMappedClaims"),
	},
	{
		ID: "preauthorized-foreign", Severity: Medium, Reason: "a client that nobody here controls gets the scopes of every user without consent",
		Fix: "pre-authorize applications of the stack only, and let users or an administrator consent to others", Source: "Microsoft: Protected web API, App registration; Maester: pre-authorized applications",
		Violates: "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read}], preAuthorizedApplications: [{application: 5b3c1a50-0f2f-4a53-8d7e-2f2f1a7f9c03, scopes: [Orders.Read]}]}",
		Clean:    "displayName: A\napi: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read}]}",
		find: func(a subject) (places []place) {
			for i, p := range a.API.PreAuthorizedApplications {
				if guid.MatchString(p.Application) && !slices.Contains(firstParty, strings.ToLower(p.Application)) {
					places = append(places, at("client "+p.Application+" is pre-authorized and belongs to no stack", "api", "preAuthorizedApplications", i))
				}
			}
			return places
		},
	},
	{
		ID: "group-claims-all", Severity: Low, Reason: "tokens contain every group of a user, but none if the user is in more than 200 groups",
		Fix: "use groupMembershipClaims: ApplicationGroup and assign the groups", Source: "Microsoft: Configure group claims for applications",
		Violates: "displayName: A\ngroupMembershipClaims: All",
		Clean:    "displayName: A\ngroupMembershipClaims: ApplicationGroup",
		find:     when(func(a subject) bool { return a.GroupMembershipClaims != nil && *a.GroupMembershipClaims == "All" }, "tokens have all groups of a user", "groupMembershipClaims"),
	},
	{
		ID: "unverified-email", Severity: High, Reason: "a user of another tenant can set their address to the address of another user, and is mistaken for that user",
		Fix: "set authenticationBehaviors: {removeUnverifiedEmailClaim: true}, and identify users by tid and oid", Source: "Microsoft: Migrate away from using email claims for authorization (nOAuth)",
		Violates: "displayName: A\nauthenticationBehaviors: {removeUnverifiedEmailClaim: false}",
		Clean:    "displayName: A\nauthenticationBehaviors: {removeUnverifiedEmailClaim: true}",
		find: when(func(a subject) bool {
			return a.AuthenticationBehaviors != nil && isFalse(a.AuthenticationBehaviors.RemoveUnverifiedEmailClaim)
		}, "tokens have addresses that nobody has verified", "authenticationBehaviors", "removeUnverifiedEmailClaim"),
	},
	{
		ID: "email-claim-multi-tenant", Severity: Medium, Reason: "the user's tenant chooses the address, so an API that identifies users by it can confuse two users",
		Fix: "identify users by tid and oid, and remove the optional claim email", Source: "Microsoft: Claims validation; Microsoft: Migrate away from using email claims for authorization (nOAuth)",
		Violates: "displayName: A\nsignInAudience: AzureADMultipleOrgs\noptionalClaims: {accessToken: [{name: email}]}",
		Clean:    "displayName: A\nsignInAudience: AzureADMyOrg\noptionalClaims: {accessToken: [{name: email}]}",
		find: when(func(a subject) bool {
			return a.multiTenant() && a.OptionalClaims != nil && slices.ContainsFunc(slices.Concat(a.OptionalClaims.AccessToken, a.OptionalClaims.IDToken), func(c stack.OptionalClaim) bool { return c.Name == "email" })
		}, "tokens of every tenant have the claim email", "optionalClaims"),
	},
	{
		ID: "client-principal-required", Severity: Medium, Reason: "applications without a service principal in the tenant get tokens, and no policy of the tenant applies to them",
		Fix: "remove requireClientServicePrincipal: false", Source: "Microsoft: authenticationBehaviors, requireClientServicePrincipal",
		Violates: "displayName: A\nauthenticationBehaviors: {requireClientServicePrincipal: false}",
		Clean:    "displayName: A\nauthenticationBehaviors: {requireClientServicePrincipal: true}",
		find: when(func(a subject) bool {
			return a.AuthenticationBehaviors != nil && isFalse(a.AuthenticationBehaviors.RequireClientServicePrincipal)
		}, "clients need no service principal", "authenticationBehaviors", "requireClientServicePrincipal"),
	},
}

// firstParty lists clients of Microsoft that users have: Azure CLI, PowerShell, Visual
// Studio, Office and Teams.
var firstParty = []string{
	"04b07795-8ddb-461a-bbee-02f9e1bf7b46", "1950a258-227b-4e31-a9cf-717495945fc2", "872cd9fa-d31f-45e0-9eab-6e460a02d1f1", "aebc6443-996d-45c2-90f0-388ff96faa56",
	"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346", "ea5a67f6-b6f3-4338-b240-c655ddc3cc8e", "d3590ed6-52b3-4102-aeff-aad2292ab01c",
	"57fb890c-0dab-4253-a5e0-7188c88b2bb4", "08e18876-6177-487e-b8b5-cf950c1e598c", "bc59ab01-8403-45c6-8796-ac3ef710b3e3", "4765445b-32c6-49b0-83e6-1d93765276ca", "0ec893e0-5785-4de6-99da-4ed124e5296c",
}
