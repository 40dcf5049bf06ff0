package microsoft

import (
	"net/url"
	"slices"
	"strings"
)

// Cloud is a deployment of Microsoft Entra ID, Microsoft Graph and Azure Resource Manager
// under hosts of its own.
// Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
// learn.microsoft.com/graph/deployments.
type Cloud struct {
	Name string // as provision.yaml has it

	Login   []string // hosts of the authorization server: its preferred one, then its aliases
	Cache   string   // the host under which clients cache tokens
	STS     string   // the host of the issuers of version 1.0 tokens
	Graph   string   // the host of Microsoft Graph
	Manager string   // the host of Azure Resource Manager
	Classic string   // another name of Resource Manager in token requests
	Portal  string   // the host of the portal

	// The content of its metadata.
	Environment    string // the name in Azure Resource Manager's metadata
	Instance       string // cloud_instance_name
	DirectoryGraph string // cloud_graph_host_name
	RBAC           string // rbac_url
	Region         string // tenant_region_scope

	TokenExchange string // audience of federated credentials

	resources map[string]string // its hosts of resources, by the hosts of the public cloud
}

// Clouds are all clouds. The first one is the public cloud.
var Clouds = []Cloud{
	{
		Name:  "public",
		Login: []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}, Cache: "login.windows.net",
		STS: "sts.windows.net", Graph: "graph.microsoft.com", Manager: "management.azure.com", Classic: "management.core.windows.net", Portal: "portal.azure.com",
		Environment: "AzureCloud", Instance: "microsoftonline.com", DirectoryGraph: "graph.windows.net", RBAC: "https://pas.windows.net", Region: "WW",
		TokenExchange: "api://AzureADTokenExchange",
		resources:     map[string]string{"vault.azure.net": "vault.azure.net", ".core.windows.net": ".core.windows.net", ".sharepoint.com": ".sharepoint.com"},
	},
	government("usgov", "graph.microsoft.us", ".sharepoint.us"),
	government("usgov-dod", "dod-graph.microsoft.us", ".sharepoint-mil.us"),
	{
		Name:  "china",
		Login: []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}, Cache: "login.partner.microsoftonline.cn",
		STS: "sts.chinacloudapi.cn", Graph: "microsoftgraph.chinacloudapi.cn", Manager: "management.chinacloudapi.cn", Classic: "management.core.chinacloudapi.cn", Portal: "portal.azure.cn",
		Environment: "AzureChinaCloud", Instance: "partner.microsoftonline.cn", DirectoryGraph: "graph.chinacloudapi.cn", RBAC: "https://pas.chinacloudapi.cn", Region: "AS",
		TokenExchange: "api://AzureADTokenExchangeChina",
		resources:     map[string]string{"vault.azure.net": "vault.azure.cn", ".core.windows.net": ".core.chinacloudapi.cn", ".sharepoint.com": ".sharepoint.cn"},
	},
}

// government returns a cloud of the US Government. The two have different hosts of
// Microsoft Graph and SharePoint, and the same authorization server.
func government(name, graph, sharePoint string) Cloud {
	return Cloud{
		Name:  name,
		Login: []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}, Cache: "login.microsoftonline.us",
		STS: "sts.windows.net", Graph: graph, Manager: "management.usgovcloudapi.net", Classic: "management.core.usgovcloudapi.net", Portal: "portal.azure.us",
		Environment: "AzureUSGovernment", Instance: "microsoftonline.us", DirectoryGraph: "graph.windows.net", RBAC: "https://pasff.usgovcloudapi.net", Region: "USGov",
		TokenExchange: "api://AzureADTokenExchangeUSGov",
		resources:     map[string]string{"vault.azure.net": "vault.usgovcloudapi.net", ".core.windows.net": ".core.usgovcloudapi.net", ".sharepoint.com": sharePoint},
	}
}

// CloudNamed returns the cloud with a name.
func CloudNamed(name string) (Cloud, bool) {
	return cloudThat(func(c Cloud) bool { return c.Name == name })
}

// CloudOf returns the cloud that answers under a host. The host may have the port of
// HTTPS, and letters of either case.
func CloudOf(host string) (Cloud, bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ":443")
	return cloudThat(func(c Cloud) bool { return slices.Contains(c.Hosts(), host) })
}

func cloudThat(is func(Cloud) bool) (Cloud, bool) {
	i := slices.IndexFunc(Clouds, is)
	if i < 0 {
		return Cloud{}, false
	}
	return Clouds[i], true
}

// Hosts are all hosts under which the cloud answers.
func (c Cloud) Hosts() []string {
	hosts := slices.Clone(c.Login)
	for _, host := range []string{c.STS, c.Graph, c.Manager} {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// Authority returns the origin of the authorization server, and of the issuers of version
// 2.0 tokens.
func (c Cloud) Authority() string { return "https://" + c.Login[0] }

// IssuerV1 returns the issuer of a tenant's version 1.0 tokens.
func (c Cloud) IssuerV1(tenantID string) string { return "https://" + c.STS + "/" + tenantID + "/" }

// GraphURL returns the origin of Microsoft Graph, without its version.
func (c Cloud) GraphURL() string { return "https://" + c.Graph }

// CloudHosts returns the hosts of all clouds.
func CloudHosts() (hosts []string) {
	for _, c := range Clouds {
		for _, host := range c.Hosts() {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// Clouds returns the clouds that have the authorization server of this one: the two of the
// US Government share theirs.
func (c Cloud) Clouds() (all []Cloud) {
	for _, other := range Clouds {
		if other.Login[0] == c.Login[0] {
			all = append(all, other)
		}
	}
	return all
}

// GraphNames returns the names of Microsoft Graph in requests to the cloud's authorization server.
func (c Cloud) GraphNames() (names []string) {
	for _, d := range c.Clouds() {
		names = append(names, d.GraphURL(), d.GraphURL()+"/")
	}
	return names
}

// ManagerNames returns the names of Azure Resource Manager in the cloud.
func (c Cloud) ManagerNames() (names []string) {
	for _, host := range []string{c.Manager, c.Classic} {
		names = append(names, "https://"+host, "https://"+host+"/")
	}
	return names
}

// CloudOfResource returns the cloud that the name of a resource belongs to. A name that is the
// same in every cloud, such as an appId, belongs to none.
func CloudOfResource(name string) (Cloud, bool) {
	host := hostOf(name)
	return cloudThat(func(c Cloud) bool {
		_, own := c.publicHost(host)
		return own || host == c.Graph || strings.EqualFold(name, c.TokenExchange)
	})
}

// FindResource returns the resource that a client requests by name from the cloud's
// authorization server: its appId, one of its names, or the URL of its own host, such
// as https://contoso.sharepoint.com. Hosts of other clouds name nothing.
func (c Cloud) FindResource(name string) (Application, bool) {
	for _, d := range c.Clouds() {
		if public, known := d.inPublicCloud(name); known {
			if a, found := findResource(public); found {
				return a, true
			}
		}
	}
	return Application{}, false
}

// inPublicCloud returns the public cloud's name of a resource, and false for a name that only
// another cloud has.
func (c Cloud) inPublicCloud(name string) (string, bool) {
	if strings.EqualFold(name, c.TokenExchange) {
		return Clouds[0].TokenExchange, true
	}
	if of, found := CloudOfResource(name); !found || of.Name == c.Name {
		if public, own := c.publicHost(hostOf(name)); own {
			return "https://" + public + strings.TrimPrefix(strings.ToLower(name), "https://"+hostOf(name)), true
		}
		return name, true
	}
	return name, false
}

// publicHost returns the public cloud's name of a host of this cloud's resources.
func (c Cloud) publicHost(host string) (string, bool) {
	public := Clouds[0]
	for there, here := range c.resources {
		if rest, found := strings.CutSuffix(host, here); found && (rest == "" || strings.HasPrefix(here, ".")) {
			return rest + there, true
		}
	}
	switch host {
	case "":
		return "", false
	case c.Manager:
		return public.Manager, true
	case c.Classic:
		return public.Classic, true
	}
	return "", false
}

// hostOf returns the host of a resource that has an https URL as its name, in lower case.
func hostOf(name string) string {
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	return strings.ToLower(u.Host)
}
