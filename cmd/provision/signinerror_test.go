package main

import (
	"strings"
	"testing"
)

// TestBriefly has the errors of azidentity in the forms that it writes.
func TestBriefly(t *testing.T) {
	t.Parallel()
	const line = "--------------------------------------------------------------------------------"
	imds := "ManagedIdentityCredential authentication failed. the requested identity isn't assigned to this resource\nGET http://169.254.169.254/metadata/identity/oauth2/token\n" + line + "\nRESPONSE 403: 403 Forbidden\n" + line + "\n{}\n" + line
	tabbed := func(text string) string { return "\n\t" + strings.ReplaceAll(text, "\n", "\n\t\t") }
	chain := "DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:"
	for name, c := range map[string]struct{ text, want string }{
		"no credential": {
			chain + tabbed("EnvironmentCredential: missing environment variable AZURE_TENANT_ID") + tabbed("AzureCLICredential: Azure CLI not found on path"),
			"no credential was found; tried: EnvironmentCredential, AzureCLICredential"},
		"the last one was refused": {
			chain + tabbed("EnvironmentCredential: missing environment variable AZURE_TENANT_ID") + tabbed(imds),
			"ManagedIdentityCredential: the answer has status 403 Forbidden; tried before: EnvironmentCredential"},
		"an answer of Entra": {
			"ClientSecretCredential authentication failed. \nPOST https://login.microsoftonline.com/x/oauth2/v2.0/token\n" + line + "\nRESPONSE 401: 401 Unauthorized\n" + line + "\n{\n  \"error\": \"invalid_client\",\n  \"error_description\": \"AADSTS7000215: Invalid client secret. Trace ID: 1 Correlation ID: 2\"\n}\n" + line,
			"ClientSecretCredential: AADSTS7000215: Invalid client secret."},
		"one credential without an answer": {"AzureCLICredential: Azure CLI not found on path", "AzureCLICredential: Azure CLI not found on path"},
		"a chain of one":                   {chain + tabbed("AzureCLICredential: ERROR: Please run 'az login'\nto set up an account."), "AzureCLICredential: ERROR: Please run 'az login' to set up an account."},
		"a long text":                      {strings.Repeat("é", 500), strings.Repeat("é", 240) + "…"},
	} {
		if got := briefly(c.text); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
