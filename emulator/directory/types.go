package directory

import "time"

// The structs below have the shape of Microsoft Graph's own resources
// (learn.microsoft.com/graph/api/resources/…): a json tag is the name of the property
// in requests and answers. A slice that Graph always returns as a list is never nil
// after it was stored. Objects from a Directory are immutable: change a Clone inside
// Update, and store it.

// Tenant describes the organization whose directory this is.
type Tenant struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Domain      string `json:"domain"` // the initial, default and only verified domain
}

// ServicePrincipal is an application's instance in this tenant. The
// properties of the application (displayName, appRoles, oauth2PermissionScopes,
// servicePrincipalNames, replyUrls, …) are computed for each read. Only a principal
// without an application here (Microsoft Graph) stores them.
// Source: Graph resource type "servicePrincipal".
type ServicePrincipal struct {
	ID                        string               `json:"id"`
	DeletedDateTime           *time.Time           `json:"deletedDateTime"`
	AccountEnabled            bool                 `json:"accountEnabled"`
	AlternativeNames          []string             `json:"alternativeNames"`
	AppDescription            *string              `json:"appDescription"`
	AppDisplayName            string               `json:"appDisplayName"`
	AppID                     string               `json:"appId"`
	ApplicationTemplateID     *string              `json:"applicationTemplateId"`
	AppOwnerOrganizationID    *string              `json:"appOwnerOrganizationId"`
	AppRoleAssignmentRequired bool                 `json:"appRoleAssignmentRequired"`
	AppRoles                  []AppRole            `json:"appRoles"`
	CreatedDateTime           time.Time            `json:"createdDateTime"`
	Description               *string              `json:"description"`
	DisplayName               string               `json:"displayName"`
	Homepage                  *string              `json:"homepage"`
	Info                      InformationalURL     `json:"info"`
	KeyCredentials            []KeyCredential      `json:"keyCredentials"`
	LoginURL                  *string              `json:"loginUrl"`
	LogoutURL                 *string              `json:"logoutUrl"`
	Notes                     *string              `json:"notes"`
	NotificationEmails        []string             `json:"notificationEmailAddresses"`
	OAuth2PermissionScopes    []PermissionScope    `json:"oauth2PermissionScopes"`
	PasswordCredentials       []PasswordCredential `json:"passwordCredentials"`
	PreferredSSOMode          *string              `json:"preferredSingleSignOnMode"`
	ReplyUrls                 []string             `json:"replyUrls"`
	ServicePrincipalNames     []string             `json:"servicePrincipalNames"` // the appId and the identifier URIs
	ServicePrincipalType      string               `json:"servicePrincipalType"`  // Application
	SignInAudience            *string              `json:"signInAudience"`
	Tags                      []string             `json:"tags"` // its own and the application's
	AddIns                    []AddIn              `json:"addIns"`
	DisabledByMicrosoftStatus *string              `json:"disabledByMicrosoftStatus"`
	PreferredSigningKey       *string              `json:"preferredTokenSigningKeyThumbprint"`
	SamlMetadataURL           *string              `json:"samlMetadataUrl"`
	SamlSSOSettings           *SamlSSOSettings     `json:"samlSingleSignOnSettings"`
	TokenEncryptionKeyID      *string              `json:"tokenEncryptionKeyId"`
	VerifiedPublisher         VerifiedPublisher    `json:"verifiedPublisher"`
	OwnTags                   []string             `json:"-"`
	OwnerIDs                  []string             `json:"-"`
	Version                   uint64               `json:"-"` // of the directory when it changed last
}

// SamlSSOSettings is the single sign-on by SAML of a service principal. Source: Graph resource type "samlSingleSignOnSettings".
type SamlSSOSettings struct {
	RelayState *string `json:"relayState"`
}

// User is a member of the tenant. Source: Graph resource type "user".
type User struct {
	ID                      string                        `json:"id"`
	DeletedDateTime         *time.Time                    `json:"deletedDateTime"`
	AccountEnabled          bool                          `json:"accountEnabled"`
	CreatedDateTime         time.Time                     `json:"createdDateTime"`
	DisplayName             string                        `json:"displayName"`
	GivenName               *string                       `json:"givenName"`
	Surname                 *string                       `json:"surname"`
	JobTitle                *string                       `json:"jobTitle"`
	Department              *string                       `json:"department"`
	Mail                    *string                       `json:"mail"`
	MailNickname            string                        `json:"mailNickname"`
	OtherMails              []string                      `json:"otherMails"`
	UserPrincipalName       string                        `json:"userPrincipalName"`
	UserType                string                        `json:"userType"` // Member | Guest
	UsageLocation           *string                       `json:"usageLocation"`
	PreferredLanguage       *string                       `json:"preferredLanguage"`
	EmployeeID              *string                       `json:"employeeId"`
	OnPremises              OnPremisesExtensionAttributes `json:"onPremisesExtensionAttributes"`
	AgeGroup                *string                       `json:"ageGroup"`
	BusinessPhones          []string                      `json:"businessPhones"`
	City                    *string                       `json:"city"`
	CompanyName             *string                       `json:"companyName"`
	MinorConsent            *string                       `json:"consentProvidedForMinor"`
	Country                 *string                       `json:"country"`
	CreationType            *string                       `json:"creationType"`
	EmployeeHireDate        *time.Time                    `json:"employeeHireDate"`
	EmployeeOrgData         *EmployeeOrgData              `json:"employeeOrgData"`
	EmployeeType            *string                       `json:"employeeType"`
	ExternalUserState       *string                       `json:"externalUserState"` // PendingAcceptance | Accepted, of an invited user
	ExternalUserStateChange *time.Time                    `json:"externalUserStateChangeDateTime"`
	FaxNumber               *string                       `json:"faxNumber"`
	IMAddresses             []string                      `json:"imAddresses"`
	MobilePhone             *string                       `json:"mobilePhone"`
	OfficeLocation          *string                       `json:"officeLocation"`
	OnPremImmutableID       *string                       `json:"onPremisesImmutableId"`
	OnPremSamAccount        *string                       `json:"onPremisesSamAccountName"`
	OnPremSyncEnabled       *bool                         `json:"onPremisesSyncEnabled"`
	OnPremUPN               *string                       `json:"onPremisesUserPrincipalName"`
	PasswordPolicies        *string                       `json:"passwordPolicies"`
	PostalCode              *string                       `json:"postalCode"`
	ProxyAddresses          []string                      `json:"proxyAddresses"`
	ShowInAddressList       *bool                         `json:"showInAddressList"`
	State                   *string                       `json:"state"`
	StreetAddress           *string                       `json:"streetAddress"`
	OnPremDN                *string                       `json:"onPremisesDistinguishedName"`
	OnPremDomain            *string                       `json:"onPremisesDomainName"`
	OnPremLastSync          *time.Time                    `json:"onPremisesLastSyncDateTime"`
	OnPremSID               *string                       `json:"onPremisesSecurityIdentifier"`
	SecurityID              string                        `json:"securityIdentifier"` // S-1-12-1-…, from the object id
	LastPasswordChange      *time.Time                    `json:"lastPasswordChangeDateTime"`
	ManagerID               string                        `json:"-"` // object id of a user; navigation property "manager"
	Version                 uint64                        `json:"-"` // of the directory when it changed last
	Password                PasswordHash                  `json:"-"`
	ForceChange             bool                          `json:"-"` // passwordProfile.forceChangePasswordNextSignIn
	Home                    HomeAccount                   `json:"-"` // of an invited user
	InviteRedirects         []string                      `json:"-"` // the addresses that invitations may redirect the user to
}

// EmployeeOrgData is the place of a user in the organization. Source: Graph resource type "employeeOrgData".
type EmployeeOrgData struct {
	CostCenter *string `json:"costCenter"`
	Division   *string `json:"division"`
}

// OnPremisesExtensionAttributes are the fifteen extension attributes of a user. Source: Graph resource type "onPremisesExtensionAttributes".
type OnPremisesExtensionAttributes struct {
	ExtensionAttribute1  *string `json:"extensionAttribute1"`
	ExtensionAttribute2  *string `json:"extensionAttribute2"`
	ExtensionAttribute3  *string `json:"extensionAttribute3"`
	ExtensionAttribute4  *string `json:"extensionAttribute4"`
	ExtensionAttribute5  *string `json:"extensionAttribute5"`
	ExtensionAttribute6  *string `json:"extensionAttribute6"`
	ExtensionAttribute7  *string `json:"extensionAttribute7"`
	ExtensionAttribute8  *string `json:"extensionAttribute8"`
	ExtensionAttribute9  *string `json:"extensionAttribute9"`
	ExtensionAttribute10 *string `json:"extensionAttribute10"`
	ExtensionAttribute11 *string `json:"extensionAttribute11"`
	ExtensionAttribute12 *string `json:"extensionAttribute12"`
	ExtensionAttribute13 *string `json:"extensionAttribute13"`
	ExtensionAttribute14 *string `json:"extensionAttribute14"`
	ExtensionAttribute15 *string `json:"extensionAttribute15"`
}

// Group is a security group or, with groupTypes Unified, a Microsoft 365 group.
// Source: Graph resource type "group".
type Group struct {
	ID                  string         `json:"id"`
	DeletedDateTime     *time.Time     `json:"deletedDateTime"`
	CreatedDateTime     time.Time      `json:"createdDateTime"`
	UniqueName          *string        `json:"uniqueName"`
	DisplayName         string         `json:"displayName"`
	Description         *string        `json:"description"`
	MailEnabled         bool           `json:"mailEnabled"`
	MailNickname        string         `json:"mailNickname"`
	SecurityEnabled     bool           `json:"securityEnabled"`
	GroupTypes          []string       `json:"groupTypes"` // Unified, DynamicMembership
	Visibility          *string        `json:"visibility"` // Public | Private | HiddenMembership
	Classification      *string        `json:"classification"`
	AssignableRole      *bool          `json:"isAssignableToRole"`
	Mail                *string        `json:"mail"`
	MembershipRule      *string        `json:"membershipRule"`
	RuleProcessing      *string        `json:"membershipRuleProcessingState"` // On | Paused
	ProxyAddresses      []string       `json:"proxyAddresses"`
	Theme               *string        `json:"theme"`
	ExpirationDateTime  *time.Time     `json:"expirationDateTime"`
	RenewedDateTime     time.Time      `json:"renewedDateTime"`
	ManagementLimited   *bool          `json:"isManagementRestricted"`
	OnPremDomain        *string        `json:"onPremisesDomainName"`
	OnPremLastSync      *time.Time     `json:"onPremisesLastSyncDateTime"`
	OnPremNetBIOS       *string        `json:"onPremisesNetBiosName"`
	OnPremSamAccount    *string        `json:"onPremisesSamAccountName"`
	OnPremSID           *string        `json:"onPremisesSecurityIdentifier"`
	OnPremSyncEnabled   *bool          `json:"onPremisesSyncEnabled"`
	PreferredLocation   *string        `json:"preferredDataLocation"`
	PreferredLanguage   *string        `json:"preferredLanguage"`
	BehaviorOptions     []string       `json:"resourceBehaviorOptions"`
	ProvisioningOptions []string       `json:"resourceProvisioningOptions"`
	SecurityID          string         `json:"securityIdentifier"` // S-1-12-1-…, from the object id
	Writeback           GroupWriteback `json:"writebackConfiguration"`
	ExternalSenders     bool           `json:"allowExternalSenders"`
	AutoSubscribe       bool           `json:"autoSubscribeNewMembers"`
	HideFromAddresses   bool           `json:"hideFromAddressLists"`
	HideFromOutlook     bool           `json:"hideFromOutlookClients"`
	MemberIDs           []string       `json:"-"` // object ids; navigation property "members"
	OwnerIDs            []string       `json:"-"`
	Version             uint64         `json:"-"` // of the directory when it changed last
}

// GroupWriteback states how a group is written back to an on-premises directory.
type GroupWriteback struct {
	IsEnabled           *bool   `json:"isEnabled"`
	OnPremisesGroupType *string `json:"onPremisesGroupType"` // universalDistributionGroup | universalSecurityGroup | universalMailEnabledSecurityGroup
}

// AppRoleAssignment gives a user, a group or a service principal a role of a
// resource. Source: Graph resource type "appRoleAssignment".
type AppRoleAssignment struct {
	ID                   string     `json:"id"`
	DeletedDateTime      *time.Time `json:"deletedDateTime"`
	AppRoleID            string     `json:"appRoleId"` // all zeros: the default role
	CreatedDateTime      time.Time  `json:"createdDateTime"`
	PrincipalDisplayName string     `json:"principalDisplayName"`
	PrincipalID          string     `json:"principalId"`
	PrincipalType        string     `json:"principalType"` // User | Group | ServicePrincipal
	ResourceDisplayName  string     `json:"resourceDisplayName"`
	ResourceID           string     `json:"resourceId"` // object id of the resource's service principal
}

// OAuth2PermissionGrant is consent to delegated permissions.
// Source: Graph resource type "oAuth2PermissionGrant".
type OAuth2PermissionGrant struct {
	ID          string  `json:"id"`
	ClientID    string  `json:"clientId"`    // object id of the client's service principal
	ConsentType string  `json:"consentType"` // AllPrincipals | Principal
	PrincipalID *string `json:"principalId"` // a user's object id, for Principal
	ResourceID  string  `json:"resourceId"`  // object id of the resource's service principal
	Scope       string  `json:"scope"`       // values, separated by spaces
}
