package policy

import (
	"net"
	"slices"
	"strings"
)

// tunnels and shared are domains under which anybody can get a name.
var (
	tunnels = []string{".ngrok.io", ".ngrok-free.app", ".ngrok.app", ".trycloudflare.com", ".loca.lt", ".devtunnels.ms", ".serveo.net"}
	shared  = []string{".azurewebsites.net", ".cloudapp.net", ".cloudapp.azure.com", ".azurestaticapps.net", ".trafficmanager.net", ".blob.core.windows.net", ".web.core.windows.net",
		".azureedge.net", ".github.io", ".herokuapp.com", ".vercel.app", ".netlify.app", ".pages.dev", ".s3.amazonaws.com", ".firebaseapp.com"}
)

func under(host string, domains []string) bool {
	for _, d := range domains {
		if strings.HasSuffix(strings.ToLower(host), d) {
			return true
		}
	}
	return false
}

const (
	microsoftRedirects = "Microsoft: Redirect URI (reply URL) restrictions and limitations; Security best practices for application properties"
	bcp                = "RFC 9700"
)

// clientRules are about who gets codes and tokens.
var clientRules = []Rule{
	{
		ID: "implicit-access-token", Severity: High, Reason: "access tokens travel in the address bar, where history, logs and scripts read them",
		Fix: "use the authorization code flow with PKCE and remove enableAccessTokenIssuance", Source: bcp + ", section 2.1.2; Microsoft: Implicit grant flow",
		Violates: "displayName: A\nweb: {redirectUris: [https://a.contoso.example/in], implicitGrantSettings: {enableAccessTokenIssuance: true}}",
		Clean:    "displayName: A\nweb: {redirectUris: [https://a.contoso.example/in]}",
		find: when(func(a subject) bool { return a.Web.ImplicitGrantSettings.EnableAccessTokenIssuance }, "access tokens are issued by the implicit grant",
			"web", "implicitGrantSettings", "enableAccessTokenIssuance"),
	},
	{
		ID: "implicit-id-token", Severity: Medium, Reason: "ID tokens travel in the address bar, where history, logs and scripts read them",
		Fix: "use the authorization code flow and remove enableIdTokenIssuance", Source: bcp + ", section 2.1.2; Microsoft: Implicit grant flow",
		Violates: "displayName: A\nweb: {redirectUris: [https://a.contoso.example/in], implicitGrantSettings: {enableIdTokenIssuance: true}}",
		Clean:    "displayName: A\nweb: {redirectUris: [https://a.contoso.example/in]}",
		find: when(func(a subject) bool { return a.Web.ImplicitGrantSettings.EnableIDTokenIssuance }, "ID tokens are issued by the implicit grant",
			"web", "implicitGrantSettings", "enableIdTokenIssuance"),
	},
	{
		ID: "redirect-wildcard", Severity: High, Reason: "codes and tokens are sent to every host or path that the pattern matches, such as an abandoned one",
		Fix: "list each redirect URI", Source: bcp + ", section 4.1.3; " + microsoftRedirects,
		Violates: "displayName: A\nweb: {redirectUris: ['https://*.contoso.example/in']}",
		Clean:    "displayName: A\nweb: {redirectUris: [https://a.contoso.example/in]}",
		find: eachRedirect(func(_ subject, r redirect) string {
			if strings.Contains(r.uri, "*") {
				return "redirect URI " + r.uri + " has a wildcard"
			}
			return ""
		}),
	},
	{
		ID: "redirect-localhost", Severity: Low, Reason: "any program on a user's machine can receive the codes of a web application",
		Fix: "register the local redirect URI in an application for development, or only for the target local", Source: "Microsoft: Security best practices for application properties; Maester: redirect URI tests",
		Violates: "displayName: A\nweb: {redirectUris: ['http://localhost:3000/in', 'https://a.contoso.example/in']}",
		Clean:    "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}",
		find: eachRedirect(func(a subject, r redirect) string {
			away := false
			for _, other := range a.redirects() {
				away = away || !other.loopback() && other.url.Scheme == "https"
			}
			if away && r.platform != "publicClient" && r.loopback() {
				return "redirect URI " + r.uri + " is for development, next to redirect URIs for production"
			}
			return ""
		}),
	},
	{
		ID: "redirect-tunnel", Severity: High, Reason: "after the tunnel is closed, somebody else can get its name, and then receives codes and tokens",
		Fix: "remove the redirect URI", Source: "Microsoft: Security best practices for application properties, Redirect URI configuration",
		Violates: "displayName: A\nweb: {redirectUris: ['https://abc.ngrok-free.app/in']}",
		Clean:    "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}",
		find: eachRedirect(func(_ subject, r redirect) string {
			if under(r.url.Hostname(), tunnels) {
				return "redirect URI " + r.uri + " is that of a tunnel"
			}
			return ""
		}),
	},
	{
		ID: "redirect-shared-domain", Severity: Medium, Reason: "anyone who takes the name after the resource is deleted receives codes and tokens",
		Fix: "use a domain of your own", Source: "Microsoft: Prevent dangling DNS entries and avoid subdomain takeover; Maester: MT.1006 and others",
		Violates: "displayName: A\nweb: {redirectUris: ['https://orders.azurewebsites.net/in']}",
		Clean:    "displayName: A\nweb: {redirectUris: ['https://orders.contoso.example/in']}",
		find: eachRedirect(func(_ subject, r redirect) string {
			if under(r.url.Hostname(), shared) {
				return "redirect URI " + r.uri + " is under a domain where anybody can get a name"
			}
			return ""
		}),
	},
	{
		ID: "redirect-address", Severity: Low, Reason: "an IP address has no certificate that proves its owner, and can belong to somebody else later",
		Fix: "use a host name", Source: microsoftRedirects,
		Violates: "displayName: A\nweb: {redirectUris: ['https://203.0.113.7/in']}",
		Clean:    "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}",
		find: eachRedirect(func(_ subject, r redirect) string {
			if ip := net.ParseIP(r.url.Hostname()); ip != nil && !ip.IsLoopback() {
				return "redirect URI " + r.uri + " is an IP address"
			}
			return ""
		}),
	},
	{
		ID: "redirect-scheme", Severity: Medium, Reason: "another application on the device can register the same scheme and receive the code",
		Fix: "use msauth or msal schemes, a scheme that is a reversed domain of yours, or http://localhost", Source: "RFC 8252, section 7.1; " + bcp + ", section 2.1",
		Violates: "displayName: A\npublicClient: {redirectUris: ['orders://in']}",
		Clean:    "displayName: A\npublicClient: {redirectUris: ['com.contoso.orders://in', 'msauth.com.contoso.orders://auth', 'msauth://com.contoso.orders/2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D']}",
		find: eachRedirect(func(_ subject, r redirect) string {
			scheme := r.url.Scheme
			owned := slices.Contains([]string{"", "http", "https", "ms-app", "urn", "ms-appx-web"}, scheme) ||
				strings.HasPrefix(scheme, "brk-") || strings.HasPrefix(scheme, "msal") || strings.Contains(scheme, ".")
			if scheme == "msauth" { // of Android: msauth://PACKAGE/SIGNATURE, which the broker compares
				owned = strings.Contains(r.url.Host, ".") && len(r.url.Path) > 1
			}
			if !owned {
				return "redirect URI " + r.uri + " has a scheme that belongs to nobody"
			}
			return ""
		}),
	},
	{
		ID: "redirect-embedded-browser", Severity: Medium, Reason: "the address of embedded browsers is the same for every application, which can read the password and the code",
		Fix: "use the system browser with http://localhost", Source: "RFC 8252, section 8.12",
		Violates: "displayName: A\npublicClient: {redirectUris: ['https://login.microsoftonline.com/common/oauth2/nativeclient']}",
		Clean:    "displayName: A\npublicClient: {redirectUris: ['http://localhost']}",
		find: eachRedirect(func(_ subject, r redirect) string {
			if strings.HasSuffix(r.url.Path, "/oauth2/nativeclient") || strings.HasPrefix(r.uri, "urn:ietf:wg:oauth:2.0:oob") {
				return "redirect URI " + r.uri + " is for an embedded browser"
			}
			return ""
		}),
	},
	{
		ID: "logout-http", Severity: Low, Reason: "the sign-out request travels without encryption and can be suppressed",
		Fix: "use https", Source: "OpenID Connect Front-Channel Logout 1.0; " + microsoftRedirects,
		Violates: "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in'], logoutUrl: 'http://a.contoso.example/out'}",
		Clean:    "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in'], logoutUrl: 'https://a.contoso.example/out'}",
		find: when(func(a subject) bool {
			return a.Web.LogoutURL != nil && strings.HasPrefix(*a.Web.LogoutURL, "http://") && !strings.HasPrefix(*a.Web.LogoutURL, "http://localhost")
		}, "the logout URL is not encrypted", "web", "logoutUrl"),
	},
	{
		ID: "public-client-fallback", Severity: Medium, Reason: "anybody who knows the client id can sign users in by their password or a device code, without a redirect URI",
		Fix: "remove isFallbackPublicClient, or give the desktop or mobile application a redirect URI of publicClient", Source: "Microsoft: Security best practices for application properties; " + bcp + ", section 2.4",
		Violates: "displayName: A\nweb: {redirectUris: ['https://a.contoso.example/in']}\nisFallbackPublicClient: true",
		Clean:    "displayName: A\npublicClient: {redirectUris: ['http://localhost']}\nisFallbackPublicClient: true",
		find: when(func(a subject) bool { return a.IsFallbackPublicClient && len(a.PublicClient.RedirectURIs) == 0 },
			"public client flows are allowed, and it has no redirect URI of a public client", "isFallbackPublicClient"),
	},
	{
		ID: "native-authentication", Severity: Low, Reason: "the application itself sees the passwords of users",
		Fix: "use the browser", Source: "RFC 8252, section 8.12; Microsoft: Native authentication",
		Violates: "displayName: A\nisFallbackPublicClient: true\npublicClient: {redirectUris: ['http://localhost']}\nnativeAuthenticationApisEnabled: all",
		Clean:    "displayName: A\nisFallbackPublicClient: true\npublicClient: {redirectUris: ['http://localhost']}",
		find: when(func(a subject) bool {
			return a.NativeAuthenticationAPIs != nil && *a.NativeAuthenticationAPIs == "all"
		}, "native authentication is enabled", "nativeAuthenticationApisEnabled"),
	},
	{
		ID: "saml-weak-signature", Severity: Medium, Reason: "signatures with SHA-1 can be forged",
		Fix: "remove allowedWeakAlgorithms", Source: "Microsoft: Enforce signed SAML authentication requests; NIST SP 800-131A",
		Violates: "displayName: A\nrequestSignatureVerification: {isSignedRequestRequired: true, allowedWeakAlgorithms: rsaSha1}",
		Clean:    "displayName: A\nrequestSignatureVerification: {isSignedRequestRequired: true}",
		find: when(func(a subject) bool {
			return a.RequestSignatureVerification != nil && a.RequestSignatureVerification.AllowedWeakAlgorithms != nil
		}, "SAML requests may be signed with SHA-1", "requestSignatureVerification", "allowedWeakAlgorithms"),
	},
}
