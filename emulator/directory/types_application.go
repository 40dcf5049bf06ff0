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
	Certification              *string                       `json:"certification"` // always null: Microsoft has not certified any
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

// KeyValue is a property of an add-in. Source: Graph resource type "keyValue".
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ParentalControlSettings restrict who may use an application by age. Source: Graph resource type "parentalControlSettings".
type ParentalControlSettings struct {
	CountriesBlockedForMinors []string `json:"countriesBlockedForMinors"`
	LegalAgeGroupRule         string   `json:"legalAgeGroupRule"` // Allow | RequireConsentForPrivacyServices | …
}

// PrincipalLock is Graph's servicePrincipalLockConfiguration: the properties of a
// multi-tenant application that other tenants may not change.
type PrincipalLock struct {
	AllProperties              *bool `json:"allProperties"`
	CredentialsWithUsageSign   *bool `json:"credentialsWithUsageSign"`
	CredentialsWithUsageVerify *bool `json:"credentialsWithUsageVerify"`
	IdentifierURIs             *bool `json:"identifierUris"`
	IsEnabled                  bool  `json:"isEnabled"`
	TokenEncryptionKeyID       *bool `json:"tokenEncryptionKeyId"`
}

// RequestSignatureVerification states whether SAML sign-in requests must be signed.
type RequestSignatureVerification struct {
	IsSignedRequestRequired bool    `json:"isSignedRequestRequired"`
	AllowedWeakAlgorithms   *string `json:"allowedWeakAlgorithms"` // rsaSha1
}

// AuthenticationBehaviors are optional changes of token issuance for an application;
// null is Entra's default.
type AuthenticationBehaviors struct {
	BlockAzureADGraphAccess       *bool `json:"blockAzureADGraphAccess"`
	RemoveUnverifiedEmailClaim    *bool `json:"removeUnverifiedEmailClaim"`
	RequireClientServicePrincipal *bool `json:"requireClientServicePrincipal"`
}

// VerifiedPublisher is the publisher that Microsoft has verified. Source: Graph
// resource type "verifiedPublisher".
type VerifiedPublisher struct {
	AddedDateTime       *time.Time `json:"addedDateTime"`
	DisplayName         *string    `json:"displayName"`
	VerifiedPublisherID *string    `json:"verifiedPublisherId"`
}

// APIApplication is an application as an API. Source: Graph resource type "apiApplication".
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

// PreAuthorizedApplication is a client that needs no consent to scopes of an API. Source: Graph resource type "preAuthorizedApplication".
type PreAuthorizedApplication struct {
	AppID                  string   `json:"appId"`
	DelegatedPermissionIDs []string `json:"delegatedPermissionIds"`
}

// AppRole is a role that an application defines. Source: Graph resource type "appRole".
type AppRole struct {
	ID                 string   `json:"id"`
	AllowedMemberTypes []string `json:"allowedMemberTypes"` // User, Application
	Description        *string  `json:"description"`
	DisplayName        *string  `json:"displayName"`
	IsEnabled          bool     `json:"isEnabled"`
	Origin             string   `json:"origin"`
	Value              *string  `json:"value"`
}

// RequiredResourceAccess are the permissions that an application requests of a resource. Source: Graph resource type "requiredResourceAccess".
type RequiredResourceAccess struct {
	ResourceAppID  string           `json:"resourceAppId"`
	ResourceAccess []ResourceAccess `json:"resourceAccess"`
}

// ResourceAccess is one requested permission. Source: Graph resource type "resourceAccess".
type ResourceAccess struct {
	ID   string `json:"id"`
	Type string `json:"type"` // Scope | Role
}

// OptionalClaims are the claims that an application adds to tokens. Source: Graph resource type "optionalClaims".
type OptionalClaims struct {
	AccessToken []OptionalClaim `json:"accessToken"`
	IDToken     []OptionalClaim `json:"idToken"`
	Saml2Token  []OptionalClaim `json:"saml2Token"`
}

// OptionalClaim is one added claim. Source: Graph resource type "optionalClaim".
type OptionalClaim struct {
	AdditionalProperties []string `json:"additionalProperties"`
	Essential            bool     `json:"essential"`
	Name                 string   `json:"name"`
	Source               *string  `json:"source"`
}

// InformationalURL are the pages about an application. Source: Graph resource type "informationalUrl".
type InformationalURL struct {
	LogoURL             *string `json:"logoUrl"`
	MarketingURL        *string `json:"marketingUrl"`
	PrivacyStatementURL *string `json:"privacyStatementUrl"`
	SupportURL          *string `json:"supportUrl"`
	TermsOfServiceURL   *string `json:"termsOfServiceUrl"`
}

// WebApplication is an application as a web app. Source: Graph resource type "webApplication".
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

// ImplicitGrantSettings allow tokens from the authorization endpoint. Source: Graph resource type "implicitGrantSettings".
type ImplicitGrantSettings struct {
	EnableAccessTokenIssuance bool `json:"enableAccessTokenIssuance"`
	EnableIDTokenIssuance     bool `json:"enableIdTokenIssuance"`
}

// RedirectURIs are the redirect URIs of a platform. Source: Graph resource types "spaApplication" and "publicClientApplication".
type RedirectURIs struct {
	RedirectURIs []string `json:"redirectUris"`
}

// PasswordCredential is a client secret. Only addPassword returns its text; the store
// contains only its SHA-256.
type PasswordCredential struct {
	CustomKeyIdentifier []byte    `json:"customKeyIdentifier"`
	DisplayName         *string   `json:"displayName"`
	EndDateTime         time.Time `json:"endDateTime"`
	Hint                string    `json:"hint"` // its first three characters
	KeyID               string    `json:"keyId"`
	SecretText          *string   `json:"secretText"` // null, except in the answer to addPassword
	StartDateTime       time.Time `json:"startDateTime"`
	Hash                []byte    `json:"-"` // SHA-256 of the text, which is random enough to need no stretching
}

// KeyCredential is a certificate or key of an application. Source: Graph resource type "keyCredential".
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
