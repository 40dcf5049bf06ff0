package graphapi

import (
	"reflect"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// kind describes a kind of resource for the query options.
type kind struct {
	set       string // the entity set, as in @odata.context
	odataType string // microsoft.graph.application
	resource  string // Application, as in error messages
	structs   []reflect.Type
	filters   map[string]odata.Rule
	sortable  map[string]bool // true: also without the advanced query parameters
	defaults  []string        // the properties that v1.0 returns without $select; nil means all
	newest    string          // the date that orders a list without $orderby, newest first
	beta      []string        // properties that /v1.0 does not have
	onSelect  []string        // properties that are answered only if selected
	readOnly  []string        // properties that a body may contain unchanged, but not change
}

// resourceModel returns the description of the kind for package odata.
func (k *kind) resourceModel() odata.Resource {
	return odata.Resource{Type: k.odataType, Name: k.resource, Structs: k.structs, Filters: k.filters, Sortable: k.sortable, Newest: k.newest}
}

var applicationKind = &kind{
	set:       "applications",
	odataType: "microsoft.graph.application",
	resource:  "Application",
	structs:   []reflect.Type{reflect.TypeFor[directory.Application]()},
	filters: map[string]odata.Rule{
		"id":                                   equalityRule,
		"appId":                                equalityRule,
		"createdDateTime":                      instantRule,
		"deletedDateTime":                      instantRule,
		"displayName":                          textRule,
		"uniqueName":                           textRule,
		"identifierUris":                       textRule,
		"tags":                                 textRule,
		"signInAudience":                       equalityRule,
		"publisherDomain":                      textRule,
		"description":                          indexedRule,
		"notes":                                indexedRule,
		"groupMembershipClaims":                indexedRule,
		"serviceManagementReference":           indexedRule,
		"isFallbackPublicClient":               indexedRule,
		"requiredResourceAccess/resourceAppId": indexedGUID,
		"keyCredentials/keyId":                 indexedGUID,
		"web/redirectUris":                     indexedRule,
		"spa/redirectUris":                     indexedRule,
		"publicClient/redirectUris":            indexedRule,
	},
	sortable: map[string]bool{"displayName": false, "createdDateTime": false, "deletedDateTime": false},
	onSelect: []string{"authenticationBehaviors"},
	readOnly: []string{"id", "appId", "createdDateTime", "deletedDateTime", "publisherDomain", "applicationTemplateId", "disabledByMicrosoftStatus", "certification", "verifiedPublisher"},
}

var servicePrincipalKind = &kind{
	set:       "servicePrincipals",
	odataType: "microsoft.graph.servicePrincipal",
	resource:  "ServicePrincipal",
	structs:   []reflect.Type{reflect.TypeFor[directory.ServicePrincipal]()},
	filters: map[string]odata.Rule{
		"id":                        equalityRule,
		"appId":                     textRule,
		"accountEnabled":            equalityRule,
		"alternativeNames":          textRule,
		"appOwnerOrganizationId":    guidRule,
		"appRoleAssignmentRequired": equalityRule,
		"applicationTemplateId":     equalityRule,
		"createdDateTime":           instantRule,
		"deletedDateTime":           instantRule,
		"displayName":               textRule,
		"homepage":                  textRule,
		"loginUrl":                  textRule,
		"notes":                     indexedRule,
		"description":               indexedRule,
		"preferredSingleSignOnMode": indexedRule,
		"replyUrls":                 indexedRule,
		"servicePrincipalNames":     textRule,
		"servicePrincipalType":      equalityRule,
		"signInAudience":            indexedRule,
		"tags":                      textRule,
	},
	sortable: map[string]bool{"displayName": false, "createdDateTime": false, "deletedDateTime": false},
	readOnly: []string{"id", "appId", "createdDateTime", "deletedDateTime", "appDisplayName", "appDescription", "appOwnerOrganizationId",
		"applicationTemplateId", "appRoles", "oauth2PermissionScopes", "servicePrincipalType", "signInAudience", "disabledByMicrosoftStatus", "verifiedPublisher",
		// Properties that mirror the application are changed there.
		"displayName", "homepage", "info", "logoutUrl", "replyUrls", "servicePrincipalNames"},
}

var userKind = &kind{
	set:       "users",
	odataType: "microsoft.graph.user",
	resource:  "User",
	structs:   []reflect.Type{reflect.TypeFor[directory.User]()},
	filters:   userFilters(),
	sortable:  map[string]bool{"displayName": true, "userPrincipalName": true, "createdDateTime": false, "deletedDateTime": false},
	defaults: []string{"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
		"preferredLanguage", "surname", "userPrincipalName", "id"},
	readOnly: []string{"id", "createdDateTime", "deletedDateTime", "creationType", "externalUserState", "externalUserStateChangeDateTime", "proxyAddresses", "securityIdentifier", "lastPasswordChangeDateTime", "onPremisesDistinguishedName",
		"onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"},
}

func userFilters() map[string]odata.Rule {
	rules := map[string]odata.Rule{
		"id":                equalityRule,
		"accountEnabled":    equalityRule,
		"ageGroup":          equalityRule,
		"businessPhones":    equalityRule,
		"createdDateTime":   instantRule,
		"creationType":      equalityRule,
		"deletedDateTime":   instantRule,
		"employeeId":        textRule,
		"mail":              addressRule,
		"otherMails":        addressRule,
		"proxyAddresses":    addressRule,
		"userPrincipalName": addressRule,
		"userType":          equalityRule,
	}
	for _, name := range []string{"city", "country", "department", "displayName", "givenName", "imAddresses", "jobTitle",
		"mailNickname", "onPremisesUserPrincipalName", "state", "surname", "usageLocation"} {
		rules[name] = textRule
	}
	for _, name := range []string{"companyName", "employeeHireDate", "employeeType", "mobilePhone", "officeLocation",
		"onPremisesImmutableId", "onPremisesSamAccountName", "passwordPolicies", "postalCode", "preferredLanguage",
		"showInAddressList", "streetAddress"} {
		rules[name] = indexedRule
	}
	for _, p := range odata.StructureOf(reflect.TypeFor[directory.OnPremisesExtensionAttributes]()).Properties {
		rules["onPremisesExtensionAttributes/"+p.Name] = indexedRule
	}
	return rules
}

var groupKind = &kind{
	set:       "groups",
	odataType: "microsoft.graph.group",
	resource:  "Group",
	structs:   []reflect.Type{reflect.TypeFor[directory.Group]()},
	filters: map[string]odata.Rule{
		"id":                 equalityRule,
		"classification":     textRule,
		"createdDateTime":    instantRule,
		"deletedDateTime":    instantRule,
		"description":        textRule,
		"displayName":        textRule,
		"groupTypes":         equalityRule,
		"isAssignableToRole": equalityRule,
		"mail":               addressRule,
		"mailEnabled":        equalityRule,
		"mailNickname":       textRule,
		"membershipRule":     indexedRule,
		"securityEnabled":    equalityRule,
		"uniqueName":         textRule,
		"visibility":         indexedRule,
	},
	sortable: map[string]bool{"displayName": true, "createdDateTime": false, "deletedDateTime": false},
	beta:     []string{"writebackConfiguration"},
	onSelect: mailSettings,
	readOnly: []string{"id", "createdDateTime", "deletedDateTime", "mail", "proxyAddresses", "securityIdentifier", "renewedDateTime", "expirationDateTime",
		"isManagementRestricted", "onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesSamAccountName",
		"onPremisesSecurityIdentifier", "onPremisesSyncEnabled"},
}

// mailSettings are the properties of a Microsoft 365 group that Exchange stores. Graph
// returns them only on $select, and accepts them only from a signed-in user.
var mailSettings = []string{"allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients"}

var assignmentKind = &kind{
	set:       "appRoleAssignments",
	odataType: "microsoft.graph.appRoleAssignment",
	resource:  "AppRoleAssignment",
	structs:   []reflect.Type{reflect.TypeFor[directory.AppRoleAssignment]()},
	filters: map[string]odata.Rule{
		"appRoleId":            guidRule,
		"createdDateTime":      instantRule,
		"principalDisplayName": textRule,
		"principalId":          guidRule,
		"principalType":        equalityRule,
		"resourceDisplayName":  textRule,
		"resourceId":           guidRule,
	},
}

var grantKind = &kind{
	set:       "oauth2PermissionGrants",
	odataType: "microsoft.graph.oAuth2PermissionGrant",
	resource:  "OAuth2PermissionGrant",
	structs:   []reflect.Type{reflect.TypeFor[directory.OAuth2PermissionGrant]()},
	filters: map[string]odata.Rule{
		"clientId":    equalityRule,
		"consentType": equalityRule,
		"id":          equalityRule,
		"principalId": equalityRule,
		"resourceId":  equalityRule,
	},
	readOnly: []string{"id", "clientId", "consentType", "principalId", "resourceId"},
}

// objectKind is the kind of a list with directory objects of several kinds.
var objectKind = &kind{
	set:       "directoryObjects",
	odataType: "microsoft.graph.directoryObject",
	resource:  "DirectoryObject",
	structs: []reflect.Type{
		reflect.TypeFor[directory.User](), reflect.TypeFor[directory.Group](),
		reflect.TypeFor[directory.ServicePrincipal](), reflect.TypeFor[directory.Application](),
		reflect.TypeFor[directory.DirectoryRole](), reflect.TypeFor[directory.AdministrativeUnit](),
	},
	filters: map[string]odata.Rule{
		"id":                equalityRule,
		"accountEnabled":    indexedRule,
		"appId":             indexedRule,
		"displayName":       indexedRule,
		"mail":              indexedRule,
		"mailEnabled":       indexedRule,
		"securityEnabled":   indexedRule,
		"userPrincipalName": indexedRule,
	},
	sortable: map[string]bool{"displayName": false},
}

// parseSelect reads $select under a version of the API.
func (k *kind) parseSelect(value, version string) ([]string, error) {
	var hidden []string
	if version == "v1.0" {
		hidden = k.beta
	}
	selected, err := k.resourceModel().ParseSelect(value, hidden)
	return selected, odataError(err)
}

// kindOf returns the kind of one directory object.
func kindOf(object any) *kind {
	switch object.(type) {
	case *directory.Application:
		return applicationKind
	case *directory.ServicePrincipal:
		return servicePrincipalKind
	case *directory.User:
		return userKind
	case *directory.DirectoryRole:
		return directoryRoleKind
	case *directory.AdministrativeUnit:
		return unitKind
	}
	return groupKind
}

// kindNamed returns the kind that an OData cast such as microsoft.graph.user names.
func kindNamed(odataType string) (*kind, bool) {
	for _, k := range []*kind{applicationKind, servicePrincipalKind, userKind, groupKind, directoryRoleKind, unitKind} {
		if equalFold(k.odataType, odataType) {
			return k, true
		}
	}
	return nil, false
}
