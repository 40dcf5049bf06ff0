package stack

import (
	"slices"
	"time"
)

// Stack is a stack that manifests declare, or that was read from a tenant. The type is
// the same for both, so that they can be compared.
type Stack struct {
	Name         string // [a-z0-9-]+
	Description  string
	Prune        string // "credentials": also remove secrets and certificates that no manifest names
	Deleted      string // "refuse": do not purge deleted objects that reserve a name
	Protection   Protection
	Environment  string    // the suffix of an environment, or ""
	Expires      time.Time // when the environment may be deleted; zero does not change the expiry date
	Home         string    // the target where the applications are registered, if the target is a customer's; else ""
	Excluded     []Excluded
	Exceptions   []Exception // from rules of policy, of all applications
	Deployers    []string    // the accounts that apply the stack, in the forms of an owner: they may own its objects
	Applications []*Application
	Users        []*User
	Groups       []*Group
	Conformances []*Conformance
	Outputs      []*Output
	Terraforms   []*Terraform

	// TerraformOutputs are the references to outputs of Terraforms, in the order of
	// the manifests.
	TerraformOutputs []TerraformOutput
}

// Position is a position in a manifest. Line and Column count from 1.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"` // 0 is the file as a whole
	Column int    `json:"column,omitempty"`
}

// Excluded is a document that metadata.targets excludes for the target, or an application that
// the target's customer does not get. Its protection remains.
type Excluded struct {
	Kind, Name string
	Pos        Position
	Protection Protection

	UserPrincipalName string // of a User
}

// Application is an app registration with its service principal, the assignments of its
// roles and the permissions that it requests. Properties have Graph's own names; a nil
// pointer means that the manifest does not set the property. Source: Graph resource
// type "application".
type Application struct {
	Name string   `json:"-"` // metadata.name; STACK.NAME is Graph's uniqueName
	Pos  Position `json:"-"`

	Protection Protection  `json:"-"`
	Exceptions []Exception `json:"-"` // from the rules of `provision check`
	document   *document   `json:"-"`

	// Existing marks a registration that the stack refers to and never writes,
	// found by AppID, UniqueName or DisplayName.
	Existing   bool   `json:"existing,omitempty"`
	AppID      string `json:"appId,omitempty"`
	UniqueName string `json:"uniqueName,omitempty"`

	// Adopt is the appId of a registration that the stack adopts.
	Adopt string `json:"adopt,omitempty"`

	// Customers are the targets of other tenants that get a service principal of the
	// application.
	Customers []Customer `json:"customers,omitempty"`

	DisplayName                string           `json:"displayName,omitempty"`
	Description                *string          `json:"description,omitempty"`
	Notes                      *string          `json:"notes,omitempty"`
	ServiceManagementReference *string          `json:"serviceManagementReference,omitempty"`
	SignInAudience             *string          `json:"signInAudience,omitempty"`
	IdentifierURIs             []string         `json:"identifierUris,omitempty"`
	IsFallbackPublicClient     bool             `json:"isFallbackPublicClient,omitempty"`
	GroupMembershipClaims      *string          `json:"groupMembershipClaims,omitempty"`
	OptionalClaims             *OptionalClaims  `json:"optionalClaims,omitempty"`
	IsDisabled                 *bool            `json:"isDisabled,omitempty"`
	DefaultRedirectURI         *string          `json:"defaultRedirectUri,omitempty"`
	SamlMetadataURL            *string          `json:"samlMetadataUrl,omitempty"`
	TokenEncryptionKeyID       *string          `json:"tokenEncryptionKeyId,omitempty"`
	NativeAuthenticationAPIs   *string          `json:"nativeAuthenticationApisEnabled,omitempty"` // none | all
	Tags                       []string         `json:"tags,omitempty"`
	API                        API              `json:"api,omitzero"`
	AppRoles                   []AppRole        `json:"appRoles,omitempty"`
	Info                       Info             `json:"info,omitzero"`
	Web                        Web              `json:"web,omitzero"`
	SPA                        RedirectURIs     `json:"spa,omitzero"`
	PublicClient               RedirectURIs     `json:"publicClient,omitzero"`
	ServicePrincipal           ServicePrincipal `json:"servicePrincipal,omitzero"`
	RoleAssignments            []RoleAssignment `json:"roleAssignments,omitempty"`
	Permissions                []Permission     `json:"permissions,omitempty"`
	Secrets                    []Secret         `json:"secrets,omitempty"`

	RequestSignatureVerification *RequestSignatureVerification `json:"requestSignatureVerification,omitempty"`
	PrincipalLock                *PrincipalLock                `json:"servicePrincipalLockConfiguration,omitempty"`
	AuthenticationBehaviors      *AuthenticationBehaviors      `json:"authenticationBehaviors,omitempty"`

	Certificates         []Certificate         `json:"certificates,omitempty"`
	FederatedCredentials []FederatedCredential `json:"federatedCredentials,omitempty"`
	Owners               []string              `json:"owners,omitempty"` // see Owner; nil: owners are not managed; empty: no owners
}

// API contains the settings of an application as an API.
type API struct {
	AcceptMappedClaims          *bool                      `json:"acceptMappedClaims,omitempty"`
	RequestedAccessTokenVersion *int                       `json:"requestedAccessTokenVersion,omitempty"`
	OAuth2PermissionScopes      []Scope                    `json:"oauth2PermissionScopes,omitempty"`
	PreAuthorizedApplications   []PreAuthorizedApplication `json:"preAuthorizedApplications,omitempty"`
	KnownClientApplications     []string                   `json:"knownClientApplications,omitempty"` // names of applications, or appIds
}

// Scope is a delegated permission that the application exposes.
// Source: Graph resource type "permissionScope".
type Scope struct {
	ID                      string  `json:"id,omitempty"` // UUID; derived from the value if it is not set
	Value                   string  `json:"value"`
	Type                    string  `json:"type,omitempty"` // User | Admin; default User
	IsEnabled               *bool   `json:"isEnabled,omitempty"`
	AdminConsentDisplayName string  `json:"adminConsentDisplayName,omitempty"`
	AdminConsentDescription string  `json:"adminConsentDescription,omitempty"`
	UserConsentDisplayName  *string `json:"userConsentDisplayName,omitempty"`
	UserConsentDescription  *string `json:"userConsentDescription,omitempty"`
}

// PreAuthorizedApplication is a client that needs no consent to scopes of the API.
type PreAuthorizedApplication struct {
	Application string   `json:"application"` // a name in the stack, OTHER-STACK/NAME, or an appId
	Scopes      []string `json:"scopes"`
}

// AppRole is a role of the application. Source: Graph resource type "appRole".
type AppRole struct {
	ID                 string   `json:"id,omitempty"`
	Value              string   `json:"value"`
	DisplayName        string   `json:"displayName"`
	Description        string   `json:"description,omitempty"`
	AllowedMemberTypes []string `json:"allowedMemberTypes"` // User, Application
	IsEnabled          *bool    `json:"isEnabled,omitempty"`
}

// OptionalClaims are the claims that the application adds to tokens.
type OptionalClaims struct {
	AccessToken []OptionalClaim `json:"accessToken,omitempty"`
	IDToken     []OptionalClaim `json:"idToken,omitempty"`
	Saml2Token  []OptionalClaim `json:"saml2Token,omitempty"`
}

// OptionalClaim is one added claim.
type OptionalClaim struct {
	Name                 string   `json:"name"`
	Source               *string  `json:"source,omitempty"`
	Essential            bool     `json:"essential,omitempty"`
	AdditionalProperties []string `json:"additionalProperties,omitempty"`
}

// Info are the pages about the application.
type Info struct {
	MarketingURL        *string `json:"marketingUrl,omitempty"`
	PrivacyStatementURL *string `json:"privacyStatementUrl,omitempty"`
	SupportURL          *string `json:"supportUrl,omitempty"`
	TermsOfServiceURL   *string `json:"termsOfServiceUrl,omitempty"`
}

// Web is the application as a web app.
type Web struct {
	HomePageURL           *string               `json:"homePageUrl,omitempty"`
	LogoutURL             *string               `json:"logoutUrl,omitempty"`
	RedirectURIs          []string              `json:"redirectUris,omitempty"`
	ImplicitGrantSettings ImplicitGrantSettings `json:"implicitGrantSettings,omitzero"`
}

// ImplicitGrantSettings allow tokens from the authorization endpoint.
type ImplicitGrantSettings struct {
	EnableAccessTokenIssuance bool `json:"enableAccessTokenIssuance,omitempty"`
	EnableIDTokenIssuance     bool `json:"enableIdTokenIssuance,omitempty"`
}

// RedirectURIs are the redirect URIs of a platform.
type RedirectURIs struct {
	RedirectURIs []string `json:"redirectUris,omitempty"`
}

// ServicePrincipal is the application in the tenant, with the settings of the tenant's
// administrators.
type ServicePrincipal struct {
	Create *bool `json:"create,omitempty"` // false: provision neither creates nor manages it

	AccountEnabled            *bool   `json:"accountEnabled,omitempty"`
	AppRoleAssignmentRequired *bool   `json:"appRoleAssignmentRequired,omitempty"`
	Description               *string `json:"description,omitempty"`
	Notes                     *string `json:"notes,omitempty"`
	LoginURL                  *string `json:"loginUrl,omitempty"`
	PreferredSSOMode          *string `json:"preferredSingleSignOnMode,omitempty"`
}

// Managed reports whether provision creates the service principal.
func (p ServicePrincipal) Managed() bool { return p.Create == nil || *p.Create }

// RequestSignatureVerification states whether SAML sign-in requests must be signed.
// Source: Graph resource type "requestSignatureVerification".
type RequestSignatureVerification struct {
	IsSignedRequestRequired bool    `json:"isSignedRequestRequired"`
	AllowedWeakAlgorithms   *string `json:"allowedWeakAlgorithms,omitempty"` // rsaSha1
}

// PrincipalLock states which properties of a multi-tenant application's service principals other
// tenants cannot change. Source: Graph resource type "servicePrincipalLockConfiguration".
type PrincipalLock struct {
	IsEnabled                  bool  `json:"isEnabled"`
	AllProperties              *bool `json:"allProperties,omitempty"`
	CredentialsWithUsageVerify *bool `json:"credentialsWithUsageVerify,omitempty"`
	CredentialsWithUsageSign   *bool `json:"credentialsWithUsageSign,omitempty"`
	IdentifierURIs             *bool `json:"identifierUris,omitempty"`
	TokenEncryptionKeyID       *bool `json:"tokenEncryptionKeyId,omitempty"`
}

// AuthenticationBehaviors are changes of token issuance that an application can accept or refuse.
// Graph returns them only on $select. Source: Graph resource type "authenticationBehaviors".
type AuthenticationBehaviors struct {
	RequireClientServicePrincipal *bool `json:"requireClientServicePrincipal,omitempty"`
	RemoveUnverifiedEmailClaim    *bool `json:"removeUnverifiedEmailClaim,omitempty"`
	BlockAzureADGraphAccess       *bool `json:"blockAzureADGraphAccess,omitempty"`
}

// RoleAssignment gives a role of the enclosing application to principals,
// each by name.
type RoleAssignment struct {
	Role         string   `json:"role"` // the role's value; "" is the default access of an application without roles
	Users        []string `json:"users,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Applications []string `json:"applications,omitempty"`

	Pos Position `json:"-"` // of the role, or of the entry if it states none
}

// Permission contains the permissions that the application requests from a resource
// (requiredResourceAccess), and their consent if AdminConsent is set.
type Permission struct {
	Resource     string   `json:"resource"` // a name in the stack, OTHER-STACK/NAME, "Microsoft Graph", or an appId
	Scopes       []string `json:"scopes,omitempty"`
	Roles        []string `json:"roles,omitempty"`
	AdminConsent bool     `json:"adminConsent,omitempty"`
	Required     *bool    `json:"required,omitempty"` // false: consent alone, without an entry in requiredResourceAccess

	Pos               Position   `json:"-"` // of the resource
	ScopePos, RolePos []Position `json:"-"`
}

// ConsentOnly reports whether the registration does not list the permission.
func (p Permission) ConsentOnly() bool { return p.Required != nil && !*p.Required }

// FederatedCredential describes tokens that authenticate an application: tokens of an
// issuer with one subject or with claims that match an expression, tokens of a GitHub
// workflow, or tokens of a managed identity. Source: Graph resource type
// "federatedIdentityCredential".
type FederatedCredential struct {
	Pos Position `json:"-"`

	Name                     string                    `json:"name"`
	Description              string                    `json:"description,omitempty"`
	Issuer                   string                    `json:"issuer,omitempty"`
	Subject                  string                    `json:"subject,omitempty"`
	ClaimsMatchingExpression *ClaimsMatchingExpression `json:"claimsMatchingExpression,omitempty"`
	Audiences                []string                  `json:"audiences,omitempty"`
	GitHub                   *GitHub                   `json:"github,omitempty"`
	ManagedIdentity          string                    `json:"managedIdentity,omitempty"` // name of an existing application of the stack
}

// ClaimsMatchingExpression permits the tokens whose claims match it. Source: Graph
// (beta) resource type "federatedIdentityExpression".
type ClaimsMatchingExpression struct {
	Value           string `json:"value"`
	LanguageVersion int    `json:"languageVersion,omitempty"` // 1; 0 has the same meaning
}

// GitHub selects runs of GitHub Actions workflows by exactly one of Environment, Branch, Tag and
// PullRequest.
type GitHub struct {
	Repository   string `json:"repository"` // OWNER/NAME or OWNER@ID/NAME@ID
	OwnerID      int64  `json:"ownerId,omitempty"`
	RepositoryID int64  `json:"repositoryId,omitempty"`
	Subjects     string `json:"subjects,omitempty"` // name | immutable | both; "" is immutable if the ids are set
	Environment  string `json:"environment,omitempty"`
	Branch       string `json:"branch,omitempty"`
	Tag          string `json:"tag,omitempty"`
	PullRequest  bool   `json:"pullRequest,omitempty"`
}

// Secret is a client secret: created once, its value stored only in its sink.
type Secret struct {
	Name     string `json:"name"`               // passwordCredential.displayName
	KeyID    string `json:"keyId,omitempty"`    // of a secret in the tenant whose value provision does not have
	Lifetime string `json:"lifetime,omitempty"` // a Go duration, or days as in 180d; default 180d
	Sink     Sink   `json:"sink,omitzero"`

	NotBefore, NotAfter time.Time `json:"-"` // of a certificate that was read from a tenant
}

// User is a user, created by the stack or, with Existing, only referred to.
type User struct {
	Name string   `json:"-"`
	Pos  Position `json:"-"`

	Protection Protection `json:"-"`

	Existing          bool    `json:"existing,omitempty"`
	UserPrincipalName string  `json:"userPrincipalName"`
	DisplayName       string  `json:"displayName,omitempty"`
	UserType          *string `json:"userType,omitempty"` // Member | Guest
	Mail              *string `json:"mail,omitempty"`
	MailNickname      string  `json:"mailNickname,omitempty"`
	AccountEnabled    *bool   `json:"accountEnabled,omitempty"`
	GivenName         *string `json:"givenName,omitempty"`
	Surname           *string `json:"surname,omitempty"`
	JobTitle          *string `json:"jobTitle,omitempty"`
	Department        *string `json:"department,omitempty"`
	UsageLocation     *string `json:"usageLocation,omitempty"`
}

// Group is a security group or a Microsoft 365 group, with its members or the
// rule by which Entra computes them.
// Source: Graph resource type "group".
type Group struct {
	Name string   `json:"-"`
	Pos  Position `json:"-"`

	Protection Protection `json:"-"`

	Existing        bool     `json:"existing,omitempty"`
	ID              string   `json:"id,omitempty"`         // to find an existing one
	UniqueName      string   `json:"uniqueName,omitempty"` // to find an existing one
	DisplayName     string   `json:"displayName,omitempty"`
	Description     *string  `json:"description,omitempty"`
	MailNickname    string   `json:"mailNickname,omitempty"`
	GroupTypes      []string `json:"groupTypes,omitempty"` // Unified, DynamicMembership
	SecurityEnabled *bool    `json:"securityEnabled,omitempty"`
	MailEnabled     *bool    `json:"mailEnabled,omitempty"`
	Visibility      *string  `json:"visibility,omitempty"`
	MembershipRule  *string  `json:"membershipRule,omitempty"`
	RuleProcessing  *string  `json:"membershipRuleProcessingState,omitempty"` // On | Paused
	Members         []Member `json:"members,omitempty"`
	Owners          []string `json:"owners,omitempty"` // see Owner; nil: owners are not managed; empty: no owners
}

// Unified reports whether it is a Microsoft 365 group.
func (g *Group) Unified() bool { return slices.Contains(g.GroupTypes, "Unified") }

// Dynamic reports whether Entra computes the members.
func (g *Group) Dynamic() bool { return g.MembershipRule != nil }

// Member is one member of a group: exactly one field is set.
type Member struct {
	User        string `json:"user,omitempty"`
	Group       string `json:"group,omitempty"`
	Application string `json:"application,omitempty"`
}

// Output is a file with the settings of the stack for other programs.
type Output struct {
	Name string   `json:"-"`
	Pos  Position `json:"-"`

	File   string         `json:"file"`             // from the project folder
	Format string         `json:"format,omitempty"` // dotenv | json | tfvars | postman-environment; "" is dotenv
	Values map[string]any `json:"values"`           // text with references; for json anything
}
