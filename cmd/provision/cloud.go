package main

import (
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"provision/internal/microsoft"
)

// credentialCloud is a cloud as the credentials of the Azure SDK take it.
func credentialCloud(c microsoft.Cloud) azcloud.Configuration {
	return azcloud.Configuration{ActiveDirectoryAuthorityHost: c.Authority() + "/", Services: map[azcloud.ServiceName]azcloud.ServiceConfiguration{}}
}
