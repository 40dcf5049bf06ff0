package microsoft

import (
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

	// What its metadata says.
	Environment    string // the name in Azure Resource Manager's metadata
	Instance       string // cloud_instance_name
	DirectoryGraph string // cloud_graph_host_name
	RBAC           string // rbac_url
	Region         string // tenant_region_scope

	TokenExchange string // audience of federated credentials
}

// Clouds are all clouds. The first one is the public cloud.
var Clouds = []Cloud{
	{
		Name:  "public",
		Login: []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}, Cache: "login.windows.net",
		STS: "sts.windows.net", Graph: "graph.microsoft.com", Manager: "management.azure.com", Classic: "management.core.windows.net", Portal: "portal.azure.com",
		Environment: "AzureCloud", Instance: "microsoftonline.com", DirectoryGraph: "graph.windows.net", RBAC: "https://pas.windows.net", Region: "WW",
		TokenExchange: "api://AzureADTokenExchange",
	},
	government("usgov", "graph.microsoft.us"),
	government("usgov-dod", "dod-graph.microsoft.us"),
	{
		Name:  "china",
		Login: []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}, Cache: "login.partner.microsoftonline.cn",
		STS: "sts.chinacloudapi.cn", Graph: "microsoftgraph.chinacloudapi.cn", Manager: "management.chinacloudapi.cn", Classic: "management.core.chinacloudapi.cn", Portal: "portal.azure.cn",
		Environment: "AzureChinaCloud", Instance: "partner.microsoftonline.cn", DirectoryGraph: "graph.chinacloudapi.cn", RBAC: "https://pas.chinacloudapi.cn", Region: "AS",
		TokenExchange: "api://AzureADTokenExchangeChina",
	},
}

// government is one of the clouds of the US Government, which differ in Graph alone.
func government(name, graph string) Cloud {
	return Cloud{
		Name:  name,
		Login: []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}, Cache: "login.microsoftonline.us",
		STS: "sts.windows.net", Graph: graph, Manager: "management.usgovcloudapi.net", Classic: "management.core.usgovcloudapi.net", Portal: "portal.azure.us",
		Environment: "AzureUSGovernment", Instance: "microsoftonline.us", DirectoryGraph: "graph.windows.net", RBAC: "https://pasff.usgovcloudapi.net", Region: "USGov",
		TokenExchange: "api://AzureADTokenExchangeUSGov",
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

// Authority is the origin of the authorization server, and of the issuers of version
// 2.0 tokens.
func (c Cloud) Authority() string { return "https://" + c.Login[0] }

// IssuerV1 is the issuer of a tenant's version 1.0 tokens.
func (c Cloud) IssuerV1(tenantID string) string { return "https://" + c.STS + "/" + tenantID + "/" }

// GraphURL is the origin of Microsoft Graph, without its version.
func (c Cloud) GraphURL() string { return "https://" + c.Graph }

// CloudHosts are the hosts of all clouds.
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

// inPublicCloud is the public cloud's name of a resource that has names of its own in
// each cloud: Azure Resource Manager and the audience of federated credentials.
func inPublicCloud(name string) string {
	host, found := strings.CutPrefix(strings.ToLower(name), "https://")
	host = strings.TrimSuffix(host, "/")
	for _, c := range Clouds {
		if found && (host == c.Manager || host == c.Classic) {
			return "https://" + Clouds[0].Manager
		}
		if strings.EqualFold(name, c.TokenExchange) {
			return Clouds[0].TokenExchange
		}
	}
	return name
}

// IsTokenExchange tells whether a name is the audience of federated credentials in one of
// the clouds.
func IsTokenExchange(name string) bool {
	return slices.ContainsFunc(Clouds, func(c Cloud) bool { return c.TokenExchange == name })
}
