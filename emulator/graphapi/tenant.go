package graphapi

import (
	"net/http"
	"reflect"
	"slices"

	"provision/emulator/directory"
)

// The organization and its domains.
// Sources: learn.microsoft.com/graph/api/resources/organization, domain.
var tenantRoutes = []route{
	{method: "GET", pattern: "organization", requires: readOrganization, handle: (*call).listOrganizations},
	{method: "GET", pattern: "organization/{id}", requires: readOrganization, handle: (*call).getOrganization},
	{method: "GET", pattern: "domains", requires: readDomains, handle: (*call).listDomains},
	{method: "GET", pattern: "domains/{id}", requires: readDomains, handle: (*call).getDomain},
}

type organization struct {
	ID                     string           `json:"id"`
	DeletedDateTime        *string          `json:"deletedDateTime"`
	BusinessPhones         []string         `json:"businessPhones"`
	City                   *string          `json:"city"`
	Country                *string          `json:"country"`
	CountryLetterCode      *string          `json:"countryLetterCode"`
	DefaultUsageLocation   *string          `json:"defaultUsageLocation"`
	DisplayName            string           `json:"displayName"`
	OnPremisesSyncEnabled  *bool            `json:"onPremisesSyncEnabled"`
	PreferredLanguage      *string          `json:"preferredLanguage"`
	TechnicalNotifications []string         `json:"technicalNotificationMails"`
	TenantType             string           `json:"tenantType"`
	AssignedPlans          []struct{}       `json:"assignedPlans"`
	ProvisionedPlans       []struct{}       `json:"provisionedPlans"`
	VerifiedDomains        []verifiedDomain `json:"verifiedDomains"`
}

type verifiedDomain struct {
	Capabilities string `json:"capabilities"`
	IsDefault    bool   `json:"isDefault"`
	IsInitial    bool   `json:"isInitial"`
	Name         string `json:"name"`
	Type         string `json:"type"`
}

// the key of a domain is its name.
type domain struct {
	ID                               string   `json:"id"`
	AuthenticationType               string   `json:"authenticationType"`
	AvailabilityStatus               *string  `json:"availabilityStatus"`
	IsAdminManaged                   bool     `json:"isAdminManaged"`
	IsDefault                        bool     `json:"isDefault"`
	IsInitial                        bool     `json:"isInitial"`
	IsRoot                           bool     `json:"isRoot"`
	IsVerified                       bool     `json:"isVerified"`
	Manufacturer                     *string  `json:"manufacturer"`
	Model                            *string  `json:"model"`
	PasswordNotificationWindowInDays int      `json:"passwordNotificationWindowInDays"`
	PasswordValidityPeriodInDays     int64    `json:"passwordValidityPeriodInDays"`
	SupportedServices                []string `json:"supportedServices"`
}

var organizationKind = &kind{
	set:       "organization",
	odataType: "microsoft.graph.organization",
	resource:  "Organization",
	structs:   []reflect.Type{reflect.TypeFor[organization]()},
}

var domainKind = &kind{
	set:       "domains",
	odataType: "microsoft.graph.domain",
	resource:  "Domain",
	structs:   []reflect.Type{reflect.TypeFor[domain]()},
}

func (c *call) organization() organization {
	t := c.service.directory.Tenant()
	return organization{
		ID:                     t.ID,
		BusinessPhones:         []string{},
		DisplayName:            t.DisplayName,
		TechnicalNotifications: []string{},
		TenantType:             "AAD",
		AssignedPlans:          []struct{}{},
		ProvisionedPlans:       []struct{}{},
		VerifiedDomains: []verifiedDomain{{
			Capabilities: "Email, OfficeCommunicationsOnline", IsDefault: true, IsInitial: true, Name: t.Domain, Type: "Managed",
		}},
	}
}

func (c *call) domain() domain {
	return domain{
		ID:                               c.service.directory.Tenant().Domain,
		AuthenticationType:               "Managed",
		IsAdminManaged:                   true,
		IsDefault:                        true,
		IsInitial:                        true,
		IsRoot:                           true,
		IsVerified:                       true,
		PasswordNotificationWindowInDays: 14,
		PasswordValidityPeriodInDays:     2147483647,
		SupportedServices:                []string{"Email", "OfficeCommunicationsOnline"},
	}
}

func (c *call) listOrganizations() (answer, error) {
	return c.list(organizationKind, anys(slices.Values([]organization{c.organization()})), nil)
}

func (c *call) getOrganization() (answer, error) {
	o := c.organization()
	if id := c.keys["id"].value; !equalFold(id, o.ID) {
		return answer{}, directory.NotFound(id)
	}
	return c.one(http.StatusOK, organizationKind, o)
}

func (c *call) listDomains() (answer, error) {
	return c.list(domainKind, anys(slices.Values([]domain{c.domain()})), nil)
}

func (c *call) getDomain() (answer, error) {
	d := c.domain()
	if id := c.keys["id"].value; !equalFold(id, d.ID) {
		return answer{}, directory.NotFound(id)
	}
	return c.one(http.StatusOK, domainKind, d)
}
