package arm

import (
	"net/http"

	"provision/internal/microsoft"
)

// cloud contains the origins of the services of a cloud.
type cloud struct {
	name    string
	manager string // Azure Resource Manager
	login   string // the authorization server
	graph   string // Microsoft Graph
	portal  string

	audiences []string // the names of Resource Manager as a resource; clients use the first
}

// under returns the cloud of a host. The local cloud must not be called AzureCloud, because
// the Azure CLI then uses its built-in addresses.
func (s service) under(host string) cloud {
	c, found := microsoft.CloudOf(host)
	if !found {
		c = microsoft.Clouds[0]
	}
	audiences := []string{"https://" + c.Classic + "/", "https://" + c.Manager + "/"}
	if !found {
		return cloud{"provision", s.Origin, s.Origin, s.Origin, s.Origin, audiences}
	}
	return cloud{c.Environment, "https://" + c.Manager, c.Authority(), c.GraphURL(), "https://" + c.Portal, audiences}
}

// metadata lists the addresses of the cloud's services, in the format of the version.
func (s service) metadata(w http.ResponseWriter, r *http.Request) {
	c := s.under(r.Host)
	switch version := r.URL.Query().Get("api-version"); version {
	case "2015-01-01":
		write(w, http.StatusOK, c.endpoints())
	case "2019-05-01":
		write(w, http.StatusOK, []environment{c.environment()})
	case "2022-09-01":
		write(w, http.StatusOK, c.environment())
	default:
		refuse(w, http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid. The supported versions are '2022-09-01,2019-05-01,2015-01-01'.", version)
	}
}

// authentication describes how callers of Resource Manager sign in. LoginEndpoint has
// no slash at its end: clients put one before the tenant.
type authentication struct {
	LoginEndpoint    string   `json:"loginEndpoint"`
	Audiences        []string `json:"audiences"`
	Tenant           string   `json:"tenant,omitempty"`
	IdentityProvider string   `json:"identityProvider,omitempty"`
}

// endpoints are metadata of version 2015-01-01.
type endpoints struct {
	GalleryEndpoint string         `json:"galleryEndpoint"`
	GraphEndpoint   string         `json:"graphEndpoint"`
	PortalEndpoint  string         `json:"portalEndpoint"`
	GraphAudience   string         `json:"graphAudience"`
	Authentication  authentication `json:"authentication"`
}

func (c cloud) endpoints() endpoints {
	return endpoints{
		GalleryEndpoint: c.manager + "/",
		GraphEndpoint:   c.graph + "/",
		PortalEndpoint:  c.portal + "/",
		GraphAudience:   c.graph + "/",
		Authentication:  authentication{LoginEndpoint: c.login, Audiences: c.audiences},
	}
}

// environment is a cloud in later metadata. It has no suffixes for the domains
// of storage accounts, vaults and similar resources, because the local tenant has none of them.
type environment struct {
	Name                     string            `json:"name"`
	Portal                   string            `json:"portal"`
	ResourceManager          string            `json:"resourceManager"`
	MicrosoftGraphResourceID string            `json:"microsoftGraphResourceId"`
	Graph                    string            `json:"graph"`
	GraphAudience            string            `json:"graphAudience"`
	Authentication           authentication    `json:"authentication"`
	Suffixes                 map[string]string `json:"suffixes"`
}

func (c cloud) environment() environment {
	return environment{
		Name:                     c.name,
		Portal:                   c.portal,
		ResourceManager:          c.manager + "/",
		MicrosoftGraphResourceID: c.graph + "/",
		Graph:                    c.graph + "/",
		GraphAudience:            c.graph + "/",
		Authentication: authentication{
			LoginEndpoint: c.login, Audiences: c.audiences, Tenant: "common", IdentityProvider: "AAD",
		},
		Suffixes: map[string]string{},
	}
}
