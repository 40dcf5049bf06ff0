package stack

import (
	"net/url"
	"slices"
	"strings"
)

// redirectURI returns the reason why Entra would refuse uri on a platform, and the
// correction, or "". Source: "Redirect URI (reply URL) restrictions and limitations".
func redirectURI(platform, uri string, personal bool) (reason, hint string) {
	plain := filledIn(uri)
	wildcard := strings.HasPrefix(plain, "https://*.")
	if platform == "web" && !personal {
		if wildcard {
			plain = strings.Replace(plain, "*", "any", 1)
		}
		if strings.HasSuffix(plain, "/*") {
			plain = strings.TrimSuffix(plain, "*")
		}
	}
	parsed, err := url.Parse(plain)
	switch {
	case err != nil:
		return "is not a URI", schemeHint(platform)
	case parsed.Scheme == "":
		return "has no scheme", schemeHint(platform)
	case strings.Contains(uri, "#"):
		return "has a fragment", "remove # and the text after it"
	case strings.ContainsAny(uri, " \t"):
		return "has a space", "remove the space, or write it as %20"
	case strings.ContainsAny(parsed.Path, "!$'(),;"):
		return "has one of the characters ! $ ' ( ) , ;", "use another path"
	case parsed.User != nil:
		return "has a user name", "remove the text between // and @"
	case wildcard && platform == "web" && personal:
		return "has a wildcard, which an application for personal accounts cannot have", "list each host"
	case wildcard && platform != "web":
		return "has a wildcard, which only web.redirectUris can have", "list each host, or move it to web.redirectUris"
	case strings.Contains(plain, "*"):
		return "has a wildcard at a place where Entra accepts none", "use it as the first label of the host (https://*.HOST/PATH) or at the end of the path of a web redirect URI"
	}
	switch parsed.Scheme {
	case "https":
		switch {
		case parsed.Host == "":
			return "has no host", schemeHint(platform)
		case wildcard && !strings.Contains(strings.Trim(strings.TrimPrefix(parsed.Hostname(), "any."), "."), "."):
			return "has a wildcard for a whole top-level domain", "name the domain: https://*.contoso.com/PATH"
		}
	case "brk-multihub":
		switch {
		case platform != "spa":
			return "is for nested app authentication", "move it to spa.redirectUris"
		case parsed.Host == "" || parsed.Path != "" || parsed.RawQuery != "":
			return "is not brk-multihub:// followed by an origin only (host and port)", "write it as brk-multihub://HOST"
		}
	case "http":
		if !slices.Contains([]string{"localhost", "127.0.0.1"}, parsed.Hostname()) {
			return "is http on a host other than localhost", schemeHint(platform)
		}
	case "javascript", "data", "file", "vbscript":
		return "has a scheme that a browser cannot be redirected to", schemeHint(platform)
	default:
		if platform != "publicClient" && parsed.Scheme != "urn" {
			return "has a custom scheme, which only public clients can have", schemeHint(platform)
		}
	}
	return "", ""
}

// schemeHint names the schemes that a platform accepts.
func schemeHint(platform string) string {
	if platform == "publicClient" {
		return "use http://localhost, https://… or a custom scheme such as vscode://…"
	}
	return "use https://…, or http://localhost for development"
}

// identifierURI returns the reason why Entra would refuse an identifier URI, or "".
// Source: "Restrictions on identifier URIs".
func identifierURI(uri string) string {
	parsed, err := url.Parse(filledIn(uri))
	switch {
	case err != nil || parsed.Scheme == "":
		return "is not an absolute URI"
	case !slices.Contains([]string{"api", "https", "http", "urn", "ms-appx", "spn"}, parsed.Scheme):
		return "has a scheme other than api, https, http or urn"
	case parsed.Scheme != "urn" && parsed.Host == "":
		return "has nothing after its scheme"
	case strings.ContainsAny(uri, "#*? \t"):
		return "has a fragment, a query, a wildcard or a space"
	case strings.HasSuffix(uri, "/") && parsed.Scheme == "api":
		return "ends in a slash"
	}
	return ""
}

// filledIn returns a URI with something in place of its references. An output of
// Terraform that it begins with is the URL of a site.
func filledIn(uri string) string {
	plain := Expand(uri, func(string) (string, bool) { return "x", true })
	if strings.HasPrefix(uri, "${terraform.") {
		return "https://" + plain
	}
	return plain
}
