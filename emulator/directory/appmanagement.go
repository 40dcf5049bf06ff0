package directory

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AppManagementPolicy contains the default restrictions of the tenant on applications. Source:
// Graph resource type "tenantAppManagementPolicy".
type AppManagementPolicy struct {
	ID                           string                    `json:"id"`
	DeletedDateTime              *time.Time                `json:"deletedDateTime"`
	DisplayName                  string                    `json:"displayName"`
	Description                  string                    `json:"description"`
	IsEnabled                    bool                      `json:"isEnabled"`
	ApplicationRestrictions      ApplicationRestrictions   `json:"applicationRestrictions"`
	ServicePrincipalRestrictions AppManagementRestrictions `json:"servicePrincipalRestrictions"`
}

// AppManagementRestrictions are restrictions on credentials.
type AppManagementRestrictions struct {
	PasswordCredentials []CredentialRestriction `json:"passwordCredentials"`
	KeyCredentials      []CredentialRestriction `json:"keyCredentials"`
}

// ApplicationRestrictions are restrictions on applications.
type ApplicationRestrictions struct {
	PasswordCredentials []CredentialRestriction    `json:"passwordCredentials"`
	KeyCredentials      []CredentialRestriction    `json:"keyCredentials"`
	IdentifierURIs      *IdentifierURIRestrictions `json:"identifierUris"`
}

// CredentialRestriction is a restriction on secrets or certificates.
type CredentialRestriction struct {
	RestrictionType string     `json:"restrictionType"`
	State           string     `json:"state"`
	MaxLifetime     *string    `json:"maxLifetime"`
	CreatedAfter    *time.Time `json:"restrictForAppsCreatedAfterDateTime"`

	ExcludeActors *ActorExemptions `json:"excludeActors"`
}

// ActorExemptions exempt the callers that have one of some custom security attributes.
// Nobody in a local tenant has any.
// Source: Graph resource type "appManagementPolicyActorExemptions".
type ActorExemptions struct {
	CustomSecurityAttributes []AttributeExemption `json:"customSecurityAttributes"`
}

// AttributeExemption is a custom security attribute that exempts a caller.
// Source: Graph resource type "customSecurityAttributeStringValueExemption".
type AttributeExemption struct {
	ID       string `json:"id"` // SET_ATTRIBUTE
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

// IdentifierURIRestrictions are restrictions on identifier URIs.
type IdentifierURIRestrictions struct {
	NonDefault *IdentifierURIRestriction `json:"nonDefaultUriAddition"`
}

// IdentifierURIRestriction is a restriction on identifier URIs.
type IdentifierURIRestriction struct {
	State        string     `json:"state"`
	CreatedAfter *time.Time `json:"restrictForAppsCreatedAfterDateTime"`
	ExcludeV2    bool       `json:"excludeAppsReceivingV2Tokens"`
	ExcludeSAML  bool       `json:"excludeSaml"`

	ExcludeActors *ActorExemptions `json:"excludeActors"`
}

const defaultPolicyID = "00000000-0000-0000-0000-000000000000"

// AppManagementPolicy returns the default policy.
func (r reader) AppManagementPolicy() *AppManagementPolicy {
	if found := find[AppManagementPolicy](r, policies, "id", defaultPolicyID); found != nil {
		return found
	}
	p := &AppManagementPolicy{ID: defaultPolicyID, DisplayName: "Default app management tenant policy",
		Description: "Default tenant policy that enforces app management restrictions on applications and service principals. To apply policy to targeted resources, create a new policy under appManagementPolicies collection."}
	fillLists(p)
	return p
}

// Clone returns a copy that can be changed.
func (p *AppManagementPolicy) Clone() *AppManagementPolicy { return clone(p) }

// UpdateAppManagementPolicy replaces the default policy.
func (tx *Tx) UpdateAppManagementPolicy(p *AppManagementPolicy) error {
	if err := checkRestrictions(p.ApplicationRestrictions.PasswordCredentials, p.ApplicationRestrictions.KeyCredentials,
		p.ServicePrincipalRestrictions.PasswordCredentials, p.ServicePrincipalRestrictions.KeyCredentials); err != nil {
		return err
	}
	fillLists(p)
	tx.put(policies, p)
	return nil
}

// checkRestrictions checks the restrictions of a policy, and fills in their defaults.
func checkRestrictions(lists ...[]CredentialRestriction) error {
	for _, list := range lists {
		for i := range list {
			if list[i].State == "" {
				list[i].State = "enabled"
			}
			if !slices.Contains(restrictionTypes, list[i].RestrictionType) {
				return badRequest("Invalid value specified for property 'restrictionType' of resource 'AppManagementConfiguration'.")
			}
			if list[i].MaxLifetime != nil && lifetimeOf(list[i].MaxLifetime) == 0 {
				return badRequest("Invalid value specified for property 'maxLifetime' of resource 'AppManagementConfiguration'.")
			}
		}
	}
	return nil
}

// restrictionTypes are the restrictions that a policy can contain. The last three are
// always met: an application of the local tenant has no symmetric key, and nobody can
// choose the text of its secrets.
var restrictionTypes = []string{"passwordAddition", "passwordLifetime", "asymmetricKeyLifetime", "customPasswordAddition", "symmetricKeyAddition", "symmetricKeyLifetime"}

// restricts reports whether a restriction is about an object that was created at a time.
func (r CredentialRestriction) restricts(created time.Time) bool {
	return r.State != "disabled" && (r.CreatedAfter == nil || created.After(*r.CreatedAfter))
}

// checkNewPassword checks a new secret of an object against the policies.
func (e effective) checkNewPassword(created time.Time, c PasswordCredential) error {
	for _, r := range e.passwords {
		switch {
		case !r.restricts(created):
		case r.RestrictionType == "passwordAddition":
			return &Error{Status: 400, Code: "CredentialTypeNotAllowedAsPerAppPolicy", Message: "Credential type not allowed as per assigned policy '" + e.policyID + "'."}
		case r.RestrictionType == "passwordLifetime" && c.EndDateTime.Sub(c.StartDateTime) > lifetimeOf(r.MaxLifetime):
			return e.lifetimeExceeded()
		}
	}
	return nil
}

// checkNewKeys checks the certificates that an object did not have before.
func (e effective) checkNewKeys(created time.Time, old, keys []KeyCredential) error {
	for _, k := range keys {
		if slices.ContainsFunc(old, func(had KeyCredential) bool { return had.KeyID == k.KeyID }) {
			continue
		}
		for _, r := range e.keys {
			if r.RestrictionType == "asymmetricKeyLifetime" && r.restricts(created) && k.EndDateTime.Sub(k.StartDateTime) > lifetimeOf(r.MaxLifetime) {
				return e.lifetimeExceeded()
			}
		}
	}
	return nil
}

func (e effective) lifetimeExceeded() error {
	return &Error{Status: 400, Code: "CredentialInvalidLifetimeAsPerAppPolicy", Message: "Credential lifetime exceeds the max value allowed as per assigned policy '" + e.policyID + "'."}
}

// checkAppManagement checks new credentials and URIs of an application against the
// policies.
func (tx *Tx) checkAppManagement(old, app *Application) error {
	e := tx.restrictionsOf(app.ID, false)
	var keys []KeyCredential
	had := map[string]bool{}
	if old != nil {
		keys = old.KeyCredentials
		for _, uri := range old.IdentifierUris {
			had[uri] = true
		}
	}
	if err := e.checkNewKeys(app.CreatedDateTime, keys, app.KeyCredentials); err != nil {
		return err
	}
	uris := e.identifierURIs
	if uris == nil || uris.NonDefault == nil || uris.NonDefault.State != "enabled" {
		return nil
	}
	r := uris.NonDefault
	version := app.API.RequestedAccessTokenVersion
	if r.CreatedAfter != nil && !app.CreatedDateTime.After(*r.CreatedAfter) || r.ExcludeV2 && version != nil && *version == 2 {
		return nil
	}
	for _, uri := range app.IdentifierUris {
		if !had[uri] && !strings.EqualFold(uri, "api://"+app.AppID) && !strings.EqualFold(uri, "api://"+tx.tenant.ID+"/"+app.AppID) {
			return badRequest("Failed to add identifier URI %s. All newly added URIs must comply with the format 'api://{appId}' or 'api://{tenantId}/{appId}' as per the default app management policy of your organization.", uri)
		}
	}
	return nil
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// lifetimeOf reads a duration of ISO 8601, a year as 365 and a month as 30 days.
func lifetimeOf(s *string) (d time.Duration) {
	parts := isoDuration.FindStringSubmatch(text(s))
	for i, unit := range []time.Duration{365 * 24 * time.Hour, 30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if len(parts) > 0 && parts[i+1] != "" {
			n, _ := strconv.Atoi(parts[i+1])
			d += time.Duration(n) * unit
		}
	}
	return d
}
