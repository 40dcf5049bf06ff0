package report

import (
	"regexp"
	"strings"
)

var (
	rfc = regexp.MustCompile(`RFC (\d+)(?:, sections? ([0-9.]*[0-9]))?`)
	cve = regexp.MustCompile(`CVE-\d+-\d+`)
	cwe = regexp.MustCompile(`CWE-(\d+)`)
)

// pages are the sources that cases name by title.
var pages = []struct{ title, address string }{
	{"Fetch standard", "https://fetch.spec.whatwg.org/#http-cors-protocol"},
	{"OWASP: Test HTTP Methods", "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/02-Configuration_and_Deployment_Management_Testing/06-Test_HTTP_Methods"},
	{"OWASP: Testing for Host Header Injection", "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/07-Input_Validation_Testing/17-Testing_for_Host_Header_Injection"},
	{"Microsoft: App Service, Work with user identities", "https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities"},
	{"Microsoft: App Service, Work with OAuth tokens", "https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens"},
	{"Microsoft: Configure group claims", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-fed-group-claims"},
	{"Microsoft: Optional claims reference", "https://learn.microsoft.com/entra/identity-platform/optional-claims-reference"},
	{"Microsoft: Access token claims reference", "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"},
	{"Microsoft: Access tokens", "https://learn.microsoft.com/entra/identity-platform/access-tokens"},
	{"Microsoft: Secure applications and APIs by validating claims", "https://learn.microsoft.com/entra/identity-platform/claims-validation"},
	{"OpenID Connect Core", "https://openid.net/specs/openid-connect-core-1_0.html"},
	{"OWASP: Authorization Testing", "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/05-Authorization_Testing/02-Testing_for_Bypassing_Authorization_Schema"},
	{"OWASP: Cross-Site Request Forgery", "https://owasp.org/www-community/attacks/csrf"},
	{"OWASP: Error Handling", "https://owasp.org/www-community/Improper_Error_Handling"},
	{"OWASP: SQL Injection", "https://owasp.org/www-community/attacks/SQL_Injection"},
}

// sourceURL returns the address of the document that a case names, or "" if the source is
// the manifest.
func sourceURL(source string) string {
	if m := rfc.FindStringSubmatch(source); m != nil {
		address := "https://www.rfc-editor.org/rfc/rfc" + m[1]
		if m[2] != "" {
			address += "#section-" + m[2]
		}
		return address
	}
	for _, page := range pages {
		if strings.Contains(source, page.title) {
			return page.address
		}
	}
	if name := cve.FindString(source); name != "" {
		return "https://nvd.nist.gov/vuln/detail/" + name
	}
	if m := cwe.FindStringSubmatch(source); m != nil {
		return "https://cwe.mitre.org/data/definitions/" + m[1] + ".html"
	}
	return ""
}
