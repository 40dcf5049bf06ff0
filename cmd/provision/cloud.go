package main

import (
	"os"
	"slices"
	"strings"

	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"provision/internal/microsoft"
)

// credentialCloud returns a cloud as the credentials of the Azure SDK take it.
func credentialCloud(c microsoft.Cloud) azcloud.Configuration {
	return azcloud.Configuration{ActiveDirectoryAuthorityHost: c.Authority() + "/", Services: map[azcloud.ServiceName]azcloud.ServiceConfiguration{}}
}

// cloudNames returns the names of clouds in provision.yaml and for --cloud.
func cloudNames() (names []string) {
	for _, c := range microsoft.Clouds {
		names = append(names, c.Name)
	}
	return names
}

// chosenCloud returns the cloud that --cloud, PROVISION_CLOUD or provision.yaml names, and empty
// without these.
func (a *app) chosenCloud() (string, error) {
	name := a.config.GetString("cloud")
	if _, found := microsoft.CloudNamed(name); name != "" && !found {
		return "", hint(usagef("%s %q is not known", a.cloudSource(), name), "name one of: %s", strings.Join(cloudNames(), ", "))
	}
	return name, nil
}

// cloudSource returns the setting that names a cloud.
func (a *app) cloudSource() string {
	switch {
	case slices.ContainsFunc(a.given, func(flag string) bool { return strings.HasPrefix(flag, "--cloud") }):
		return "--cloud"
	case os.Getenv("PROVISION_CLOUD") != "":
		return "PROVISION_CLOUD:"
	}
	return configFile + ": cloud:"
}

// terraformEnvironments are the names of clouds in ARM_ENVIRONMENT, which Terraform's providers
// azuread and azurerm read.
var terraformEnvironments = map[string]string{"public": "public", "usgov": "usgovernment", "usgov-dod": "usgovernmentl5", "china": "china"}

// cloudEnvironment returns the variables from which clients read their cloud, for a program that
// uses the names of one.
func cloudEnvironment(name string) []string {
	c, found := microsoft.CloudNamed(name)
	if !found {
		return nil
	}
	return []string{"AZURE_AUTHORITY_HOST=" + c.Authority() + "/", "ARM_ENVIRONMENT=" + terraformEnvironments[name], "PROVISION_CLOUD=" + name}
}
