package directory

import "time"

// Application is an app registration.
// Source: Graph resource type "application".
type Application struct {
	ID                         string                        `json:"id"`
	DeletedDateTime            *time.Time                    `json:"deletedDateTime"`
	AppID                      string                        `json:"appId"`
	UniqueName                 *string                       `json:"uniqueName"`
	CreatedDateTime            time.Time                     `json:"createdDateTime"`
	DisplayName                string                        `json:"displayName"`
	Description                *string                       `json:"description"`
	Notes                      *string                       `json:"notes"`
	PublisherDomain            string                        `json:"publisherDomain"`
	ServiceManagementReference *string                       `json:"serviceManagementReference"`
	SignInAudience             string                        `json:"signInAudience"` // AzureADMyOrg | AzureADMultipleOrgs | AzureADandPersonalMicrosoftAccount | PersonalMicrosoftAccount
	IdentifierUris             []string                      `json:"identifierUris"`
	Tags                       []string                      `json:"tags"`
	GroupMembershipClaims      *string                       `json:"groupMembershipClaims"`
	IsFallbackPublicClient     *bool                         `json:"isFallbackPublicClient"`
	IsDeviceOnlyAuthSupported  *bool                         `json:"isDeviceOnlyAuthSupported"`
	OptionalClaims             *OptionalClaims               `json:"optionalClaims"`
	API                        APIApplication                `json:"api"`
	AppRoles                   []AppRole                     `json:"appRoles"`
	RequiredResourceAccess     []RequiredResourceAccess      `json:"requiredResourceAccess"`
	Info                       InformationalURL              `json:"info"`
	Web                        WebApplication                `json:"web"`
	SPA                        RedirectURIs                  `json:"spa"`
	PublicClient               RedirectURIs                  `json:"publicClient"`
	KeyCredentials             []KeyCredential               `json:"keyCredentials"`
	PasswordCredentials        []PasswordCredential          `json:"passwordCredentials"`
	SamlMetadataURL            *string                       `json:"samlMetadataUrl"`
	DefaultRedirectURI         *string                       `json:"defaultRedirectUri"`
	DisabledByMicrosoftStatus  *string                       `json:"disabledByMicrosoftStatus"`
	TokenEncryptionKeyID       *string                       `json:"tokenEncryptionKeyId"`
	AddIns                     []AddIn                       `json:"addIns"`
	ApplicationTemplateID      *string                       `json:"applicationTemplateId"`
	NativeAuthenticationAPIs   *string                       `json:"nativeAuthenticationApisEnabled"`
	OAuth2RequirePostResponse  bool                          `json:"oauth2RequirePostResponse"`
	ParentalControlSettings    ParentalControlSettings       `json:"parentalControlSettings"`
	PrincipalLock              *PrincipalLock                `json:"servicePrincipalLockConfiguration"`
	VerifiedPublisher          VerifiedPublisher             `json:"verifiedPublisher"`
	IsDisabled                 *bool                         `json:"isDisabled"`
	RequestSignature           *RequestSignatureVerification `json:"requestSignatureVerification"`
	AuthenticationBehaviors    *AuthenticationBehaviors      `json:"authenticationBehaviors"`
	OwnerIDs                   []string                      `json:"-"` // object ids; navigation property "owners"
	Version                    uint64                        `json:"-"` // of the directory when it changed last
	FederatedCredentials       []FederatedIdentityCredential `json:"-"` // navigation property "federatedIdentityCredentials"
}

// AddIn lets a consuming service call the application in its own context.
type AddIn struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Properties []KeyValue `json:"properties"`
}

type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type ParentalControlSettings struct {
	CountriesBlockedForMinors []string `json:"countriesBlockedForMinors"`
	LegalAgeGroupRule         string   `json:"legalAgeGroupRule"` // Allow | RequireConsentForPrivacyServices | …
}

// PrincipalLock is Graph's servicePrincipalLockConfiguration: what of a
// multi-tenant application another tenant may not change.
type PrincipalLock struct {
	AllProperties              *bool `json:"allProperties"`
	CredentialsWithUsageSign   *bool `json:"credentialsWithUsageSign"`
	CredentialsWithUsageVerify *bool `json:"credentialsWithUsageVerify"`
	IsEnabled                  bool  `json:"isEnabled"`
	TokenEncryptionKeyID       *bool `json:"tokenEncryptionKeyId"`
}

// RequestSignatureVerification says whether SAML sign-in requests must be signed.
type RequestSignatureVerification struct {
	IsSignedRequestRequired bool    `json:"isSignedRequestRequired"`
	AllowedWeakAlgorithms   *string `json:"allowedWeakAlgorithms"` // rsaSha1
}

// AuthenticationBehaviors are changes of token issuance that an application
// takes or leaves; null is Entra's default.
type AuthenticationBehaviors struct {
	BlockAzureADGraphAccess       *bool `json:"blockAzureADGraphAccess"`
	RemoveUnverifiedEmailClaim    *bool `json:"removeUnverifiedEmailClaim"`
	RequireClientServicePrincipal *bool `json:"requireClientServicePrincipal"`
}

type VerifiedPublisher struct {
	AddedDateTime       *time.Time `json:"addedDateTime"`
	DisplayName         *string    `json:"displayName"`
	VerifiedPublisherID *string    `json:"verifiedPublisherId"`
}

type APIApplication struct {
	AcceptMappedClaims          *bool                      `json:"acceptMappedClaims"`
	KnownClientApplications     []string                   `json:"knownClientApplications"`
	RequestedAccessTokenVersion *int                       `json:"requestedAccessTokenVersion"` // nil or 1: v1 tokens; 2: v2 tokens
	OAuth2PermissionScopes      []PermissionScope          `json:"oauth2PermissionScopes"`
	PreAuthorizedApplications   []PreAuthorizedApplication `json:"preAuthorizedApplications"`
}

// PermissionScope is a delegated permission that an application exposes.
type PermissionScope struct {
	ID                      string  `json:"id"`
	AdminConsentDescription *string `json:"adminConsentDescription"`
	AdminConsentDisplayName *string `json:"adminConsentDisplayName"`
	IsEnabled               bool    `json:"isEnabled"`
	Type                    string  `json:"type"` // User | Admin
	UserConsentDescription  *string `json:"userConsentDescription"`
	UserConsentDisplayName  *string `json:"userConsentDisplayName"`
	Value                   string  `json:"value"`
}

type PreAuthorizedApplication struct {
	AppID                  string   `json:"appId"`
	DelegatedPermissionIDs []string `json:"delegatedPermissionIds"`
}

type AppRole struct {
	ID                 string   `json:"id"`
	AllowedMemberTypes []string `json:"allowedMemberTypes"` // User, Application
	Description        *string  `json:"description"`
	DisplayName        *string  `json:"displayName"`
	IsEnabled          bool     `json:"isEnabled"`
	Origin             string   `json:"origin"`
	Value              *string  `json:"value"`
}

type RequiredResourceAccess struct {
	ResourceAppID  string           `json:"resourceAppId"`
	ResourceAccess []ResourceAccess `json:"resourceAccess"`
}

type ResourceAccess struct {
	ID   string `json:"id"`
	Type string `json:"type"` // Scope | Role
}

type OptionalClaims struct {
	AccessToken []OptionalClaim `json:"accessToken"`
	IDToken     []OptionalClaim `json:"idToken"`
	Saml2Token  []OptionalClaim `json:"saml2Token"`
}

type OptionalClaim struct {
	AdditionalProperties []string `json:"additionalProperties"`
	Essential            bool     `json:"essential"`
	Name                 string   `json:"name"`
	Source               *string  `json:"source"`
}

type InformationalURL struct {
	LogoURL             *string `json:"logoUrl"`
	MarketingURL        *string `json:"marketingUrl"`
	PrivacyStatementURL *string `json:"privacyStatementUrl"`
	SupportURL          *string `json:"supportUrl"`
	TermsOfServiceURL   *string `json:"termsOfServiceUrl"`
}

type WebApplication struct {
	HomePageURL           *string               `json:"homePageUrl"`
	ImplicitGrantSettings ImplicitGrantSettings `json:"implicitGrantSettings"`
	LogoutURL             *string               `json:"logoutUrl"`
	RedirectURIs          []string              `json:"redirectUris"`
	RedirectURISettings   []RedirectURISetting  `json:"redirectUriSettings"`
}

// RedirectURISetting orders a redirect URI among the others.
type RedirectURISetting struct {
	Index *int   `json:"index"`
	URI   string `json:"uri"`
}

type ImplicitGrantSettings struct {
	EnableAccessTokenIssuance bool `json:"enableAccessTokenIssuance"`
	EnableIDTokenIssuance     bool `json:"enableIdTokenIssuance"`
}

type RedirectURIs struct {
	RedirectURIs []string `json:"redirectUris"`
}

// PasswordCredential is a client secret. Its text is answered once, by
// addPassword; the store keeps only its SHA-256.
type PasswordCredential struct {
	CustomKeyIdentifier []byte    `json:"customKeyIdentifier"`
	DisplayName         *string   `json:"displayName"`
	EndDateTime         time.Time `json:"endDateTime"`
	Hint                string    `json:"hint"` // its first three characters
	KeyID               string    `json:"keyId"`
	SecretText          *string   `json:"secretText"` // null but in addPassword's answer
	StartDateTime       time.Time `json:"startDateTime"`
	Hash                []byte    `json:"-"` // SHA-256 of the text, which is random enough to need no stretching
}

type KeyCredential struct {
	CustomKeyIdentifier []byte    `json:"customKeyIdentifier"`
	DisplayName         *string   `json:"displayName"`
	EndDateTime         time.Time `json:"endDateTime"`
	Key                 []byte    `json:"key"`
	KeyID               string    `json:"keyId"`
	StartDateTime       time.Time `json:"startDateTime"`
	Type                string    `json:"type"`  // AsymmetricX509Cert | …
	Usage               string    `json:"usage"` // Verify | Sign
}
