package directory

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AppManagementPolicy is what the tenant does not allow applications by default.
// Source: Graph resource type "tenantAppManagementPolicy".
type AppManagementPolicy struct {
	ID                           string                    `json:"id"`
	DeletedDateTime              *time.Time                `json:"deletedDateTime"`
	DisplayName                  string                    `json:"displayName"`
	Description                  string                    `json:"description"`
	IsEnabled                    bool                      `json:"isEnabled"`
	ApplicationRestrictions      ApplicationRestrictions   `json:"applicationRestrictions"`
	ServicePrincipalRestrictions AppManagementRestrictions `json:"servicePrincipalRestrictions"`
}

// AppManagementRestrictions are those of credentials.
type AppManagementRestrictions struct {
	PasswordCredentials []CredentialRestriction `json:"passwordCredentials"`
	KeyCredentials      []CredentialRestriction `json:"keyCredentials"`
}

// ApplicationRestrictions are those of applications.
type ApplicationRestrictions struct {
	PasswordCredentials []CredentialRestriction    `json:"passwordCredentials"`
	KeyCredentials      []CredentialRestriction    `json:"keyCredentials"`
	IdentifierURIs      *IdentifierURIRestrictions `json:"identifierUris"`
}

// CredentialRestriction is one of secrets or certificates.
type CredentialRestriction struct {
	RestrictionType string     `json:"restrictionType"`
	State           string     `json:"state"`
	MaxLifetime     *string    `json:"maxLifetime"`
	CreatedAfter    *time.Time `json:"restrictForAppsCreatedAfterDateTime"`
}

// IdentifierURIRestrictions are those of identifier URIs.
type IdentifierURIRestrictions struct {
	NonDefault *IdentifierURIRestriction `json:"nonDefaultUriAddition"`
}

// IdentifierURIRestriction is one of identifier URIs.
type IdentifierURIRestriction struct {
	State        string     `json:"state"`
	CreatedAfter *time.Time `json:"restrictForAppsCreatedAfterDateTime"`
	ExcludeV2    bool       `json:"excludeAppsReceivingV2Tokens"`
	ExcludeSAML  bool       `json:"excludeSaml"`
}

const defaultPolicyID = "00000000-0000-0000-0000-000000000000"

// AppManagementPolicy is the default one.
func (r reader) AppManagementPolicy() *AppManagementPolicy {
	if found := find[AppManagementPolicy](r, policies, "id", defaultPolicyID); found != nil {
		return found
	}
	p := &AppManagementPolicy{ID: defaultPolicyID, DisplayName: "Default app management tenant policy",
		Description: "Default tenant policy that enforces app management restrictions on applications and service principals. To apply policy to targeted resources, create a new policy under appManagementPolicies collection."}
	fillLists(p)
	return p
}

// Clone is a copy that can be changed.
func (p *AppManagementPolicy) Clone() *AppManagementPolicy { return clone(p) }

// UpdateAppManagementPolicy replaces the default one.
func (tx *Tx) UpdateAppManagementPolicy(p *AppManagementPolicy) error {
	for _, list := range [][]CredentialRestriction{p.ApplicationRestrictions.PasswordCredentials, p.ApplicationRestrictions.KeyCredentials,
		p.ServicePrincipalRestrictions.PasswordCredentials, p.ServicePrincipalRestrictions.KeyCredentials} {
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
	fillLists(p)
	tx.put(policies, p)
	return nil
}

// restrictionTypes are the restrictions that a policy can contain. The last three are
// always met: an application of the local tenant has no symmetric key, and nobody can
// choose the text of its secrets.
var restrictionTypes = []string{"passwordAddition", "passwordLifetime", "asymmetricKeyLifetime", "customPasswordAddition", "symmetricKeyAddition", "symmetricKeyLifetime"}

// restricts tells whether a restriction is about an application.
func (r CredentialRestriction) restricts(app *Application) bool {
	return r.State != "disabled" && (r.CreatedAfter == nil || app.CreatedDateTime.After(*r.CreatedAfter))
}

// checkNewPassword checks a new secret of an application against the policy.
func (tx *Tx) checkNewPassword(app *Application, c PasswordCredential) error {
	p := tx.AppManagementPolicy()
	if !p.IsEnabled {
		return nil
	}
	for _, r := range p.ApplicationRestrictions.PasswordCredentials {
		switch {
		case !r.restricts(app):
		case r.RestrictionType == "passwordAddition":
			return &Error{Status: 400, Code: "CredentialTypeNotAllowedAsPerAppPolicy", Message: "Credential type not allowed as per assigned policy '" + defaultPolicyID + "'."}
		case r.RestrictionType == "passwordLifetime" && c.EndDateTime.Sub(c.StartDateTime) > lifetimeOf(r.MaxLifetime):
			return lifetimeExceeded()
		}
	}
	return nil
}

func lifetimeExceeded() error {
	return &Error{Status: 400, Code: "CredentialInvalidLifetimeAsPerAppPolicy", Message: "Credential lifetime exceeds the max value allowed as per assigned policy '" + defaultPolicyID + "'."}
}

// checkAppManagement checks new credentials and URIs of an application against the
// policy.
func (tx *Tx) checkAppManagement(old, app *Application) error {
	p := tx.AppManagementPolicy()
	if !p.IsEnabled {
		return nil
	}
	had := map[string]bool{}
	if old != nil {
		for _, k := range old.KeyCredentials {
			had[k.KeyID] = true
		}
		for _, uri := range old.IdentifierUris {
			had[uri] = true
		}
	}
	for _, k := range app.KeyCredentials {
		for _, r := range p.ApplicationRestrictions.KeyCredentials {
			if !had[k.KeyID] && r.RestrictionType == "asymmetricKeyLifetime" && r.restricts(app) && k.EndDateTime.Sub(k.StartDateTime) > lifetimeOf(r.MaxLifetime) {
				return lifetimeExceeded()
			}
		}
	}
	uris := p.ApplicationRestrictions.IdentifierURIs
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
