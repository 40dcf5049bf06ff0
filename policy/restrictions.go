package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"provision/stack"
)

// Restrictions are the restrictions of a tenant's app management policy on applications.
// Restrictions on service principals are omitted: no manifest adds a credential to a service
// principal. Source: Graph resource types "tenantAppManagementPolicy",
// "appManagementConfiguration" and "identifierUriConfiguration".
type Restrictions struct {
	IsEnabled               bool `json:"isEnabled"`
	ApplicationRestrictions struct {
		PasswordCredentials []restriction `json:"passwordCredentials"`
		KeyCredentials      []restriction `json:"keyCredentials"`
		IdentifierURIs      struct {
			NonDefaultURIAddition restriction `json:"nonDefaultUriAddition"`
			WithoutTenant         restriction `json:"uriAdditionWithoutUniqueTenantIdentifier"`
		} `json:"identifierUris"`
	} `json:"applicationRestrictions"`
}

// restriction is one restriction of a policy.
type restriction struct {
	Type        string     `json:"restrictionType"`
	State       string     `json:"state"`       // enabled or disabled; a missing state means that credentials are restricted
	MaxLifetime string     `json:"maxLifetime"` // P90D
	After       *time.Time `json:"restrictForAppsCreatedAfterDateTime"`

	ExcludeV2   bool `json:"excludeAppsReceivingV2Tokens"`
	ExcludeSAML bool `json:"excludeSaml"`

	ExcludeActors struct {
		CustomSecurityAttributes []struct {
			ID    string `json:"id"` // SET_ATTRIBUTE
			Value string `json:"value"`
		} `json:"customSecurityAttributes"`
	} `json:"excludeActors"`
}

// Refusal is a credential or URI of a manifest that the tenant's policy does not allow.
type Refusal struct {
	Stack       string         `json:"stack"`
	Application string         `json:"application"`
	Position    stack.Position `json:"position,omitzero"`
	Restriction string         `json:"restriction"`
	Message     string         `json:"message"`

	// Exempt are the custom security attributes, as SET_ATTRIBUTE=VALUE, that exempt a caller from
	// the restriction. To read the attributes of the caller, a separate permission is required.
	Exempt []string `json:"exempt,omitempty"`
}

// ParseRestrictions reads a policy as Graph answers it.
func ParseRestrictions(raw []byte) (r Restrictions, err error) {
	return r, json.Unmarshal(raw, &r)
}

// Live contains the existing credentials and URIs of an application, which need not be
// added.
type Live struct {
	Created                       time.Time
	Secrets, Certificates, URIs   map[string]bool // display names; thumbprints; identifier URIs
	AppID, TenantID, TenantDomain string
}

// Refusals compares the applications of stacks with the restrictions. live returns the
// existing properties of an application in the tenant. They are empty for a new
// application.
func (r Restrictions) Refusals(stacks []*stack.Stack, live func(*stack.Stack, *stack.Application) Live, now time.Time) (all []Refusal) {
	if !r.IsEnabled {
		return nil
	}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if a.Existing {
				continue
			}
			has := live(s, a)
			created := has.Created
			if created.IsZero() {
				created = now
			}
			refuse := func(of restriction, message string, path ...any) {
				all = append(all, Refusal{s.Name, a.Name, a.Place(path...), of.Type, message, of.exempt()})
			}
			for i, secret := range a.Secrets {
				if secret.KeyID != "" || has.Secrets[secret.Name] {
					continue
				}
				lifetime := 180 * day
				if secret.Lifetime != "" {
					lifetime, _ = stack.Lifetime(secret.Lifetime) // the file was already read
				}
				for _, of := range r.ApplicationRestrictions.PasswordCredentials {
					switch most := isoDuration(of.MaxLifetime); {
					case !of.holds(created, true):
					case of.Type == "passwordAddition":
						refuse(of, fmt.Sprintf("client secret %s: the tenant does not allow new client secrets; use certificates or federatedCredentials", secret.Name), "secrets", i)
					case of.Type == "passwordLifetime" && most > 0 && lifetime > most:
						refuse(of, fmt.Sprintf("client secret %s is valid for %s; the tenant allows %s at most", secret.Name, inDays(lifetime), inDays(most)), "secrets", i)
					}
				}
			}
			for i, c := range a.Certificates {
				from, to, ok := validity(c)
				for _, of := range r.ApplicationRestrictions.KeyCredentials {
					most := isoDuration(of.MaxLifetime)
					if of.Type == "asymmetricKeyLifetime" && of.holds(created, true) && ok && !has.Certificates[c.Thumbprint()] && most > 0 && to.Sub(from) > most {
						refuse(of, fmt.Sprintf("certificate %s is valid for %s; the tenant allows %s at most", c.Name, inDays(to.Sub(from)), inDays(most)), "certificates", i)
					}
				}
			}
			r.identifierURIs(a, has, created, refuse)
		}
	}
	return all
}

// identifierURIs refuses identifier URIs that the tenant's policy does not allow to add.
func (r Restrictions) identifierURIs(a *stack.Application, has Live, created time.Time, refuse func(restriction, string, ...any)) {
	for i, uri := range a.IdentifierURIs {
		is := strings.NewReplacer("${appId}", has.AppID, "${tenant.id}", has.TenantID, "${tenant.domain}", has.TenantDomain).Replace(uri)
		if has.URIs[is] {
			continue
		}
		byDefault := uri == "api://${appId}" || has.AppID != "" && (strings.EqualFold(is, "api://"+has.AppID) || strings.EqualFold(is, "api://"+has.TenantID+"/"+has.AppID)) || uri == "api://${tenant.id}/${appId}"
		unique := byDefault || strings.Contains(uri, "${appId}") || has.TenantID != "" && strings.Contains(is, has.TenantID) || has.TenantDomain != "" && strings.Contains(is, has.TenantDomain)
		for _, one := range []struct {
			of      restriction
			name    string
			refused bool
			says    string
		}{
			{r.ApplicationRestrictions.IdentifierURIs.NonDefaultURIAddition, "nonDefaultUriAddition", !byDefault, "the tenant allows only api://${appId} and api://${tenant.id}/${appId}"},
			{r.ApplicationRestrictions.IdentifierURIs.WithoutTenant, "uriAdditionWithoutUniqueTenantIdentifier", !unique, "the tenant requires the appId, the tenant's id or a verified domain in it"},
		} {
			if one.refused && one.of.holds(created, false) && !(one.of.ExcludeV2 && a.Version2Tokens()) && !(one.of.ExcludeSAML && a.UsesSAML()) {
				one.of.Type = one.name
				refuse(one.of, fmt.Sprintf("identifier URI %s: %s", uri, one.says), "identifierUris", i)
			}
		}
	}
}

// exempt returns the custom security attributes of callers that the restriction exempts.
func (r restriction) exempt() (all []string) {
	for _, a := range r.ExcludeActors.CustomSecurityAttributes {
		all = append(all, a.ID+"="+a.Value)
	}
	return all
}

// holds reports whether the restriction applies to an application. byDefault is the
// meaning of a missing state.
func (r restriction) holds(created time.Time, byDefault bool) bool {
	if r.State != "" && r.State != "enabled" || r.State == "" && !byDefault {
		return false
	}
	return r.After == nil || created.After(*r.After)
}

var durationForm = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// isoDuration parses an ISO 8601 duration, with 365 days in a year and 30 days in a
// month. It returns 0 if there is no duration.
func isoDuration(text string) (d time.Duration) {
	parts := durationForm.FindStringSubmatch(text)
	for i, unit := range []time.Duration{365 * day, 30 * day, 7 * day, day, time.Hour, time.Minute, time.Second} {
		if len(parts) > 0 && parts[i+1] != "" {
			n, _ := strconv.Atoi(parts[i+1])
			d += time.Duration(n) * unit
		}
	}
	return d
}

func inDays(d time.Duration) string {
	if d < 2*day {
		return d.String()
	}
	return fmt.Sprintf("%d days", int(d/day))
}
