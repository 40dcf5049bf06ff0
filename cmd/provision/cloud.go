package main

import (
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// azureCloud is where the services of a cloud are.
// Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
// learn.microsoft.com/graph/deployments.
type azureCloud struct {
	authority     string // of the authorization server, without a slash at its end
	v1Issuer      string // before the tenant's id, of version 1.0 tokens
	graph         string // of Microsoft Graph
	tokenExchange string // audience of federated credentials
}

// clouds are the values of a target's `cloud`.
var clouds = map[string]azureCloud{
	"public":    {"https://login.microsoftonline.com", "https://sts.windows.net/", "https://graph.microsoft.com", "api://AzureADTokenExchange"},
	"usgov":     {"https://login.microsoftonline.us", "https://sts.windows.net/", "https://graph.microsoft.us", "api://AzureADTokenExchangeUSGov"},
	"usgov-dod": {"https://login.microsoftonline.us", "https://sts.windows.net/", "https://dod-graph.microsoft.us", "api://AzureADTokenExchangeUSGov"},
	"china":     {"https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn/", "https://microsoftgraph.chinacloudapi.cn", "api://AzureADTokenExchangeChina"},
}

// configuration is the cloud as the SDK's credentials take it.
func (c azureCloud) configuration() azcloud.Configuration {
	return azcloud.Configuration{ActiveDirectoryAuthorityHost: c.authority + "/", Services: map[azcloud.ServiceName]azcloud.ServiceConfiguration{}}
}

func (c azureCloud) issuerV1(tenantID string) string { return c.v1Issuer + tenantID + "/" }
