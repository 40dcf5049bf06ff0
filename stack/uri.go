package stack

import (
	"net/url"
	"slices"
	"strings"
)

// redirectURI says why Entra would refuse uri on a platform, or "".
// Source: "Redirect URI (reply URL) restrictions and limitations".
func redirectURI(platform, uri string, personal bool) string {
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
		return "is no URI"
	case parsed.Scheme == "":
		return "has no scheme"
	case strings.Contains(uri, "#"):
		return "has a fragment"
	case strings.ContainsAny(uri, " \t"):
		return "has a space"
	case strings.ContainsAny(parsed.Path, "!$'(),;"):
		return "has one of the characters ! $ ' ( ) , ;"
	case parsed.User != nil:
		return "has a user name"
	case wildcard && platform == "web" && personal:
		return "has a wildcard, which an application for personal accounts cannot have"
	case wildcard && platform != "web":
		return "has a wildcard, which only web.redirectUris can have"
	case strings.Contains(plain, "*"):
		return "has a wildcard that is neither the first label of the host (https://*.HOST/PATH) nor the end of the path of a web redirect URI"
	}
	switch parsed.Scheme {
	case "https":
		switch {
		case parsed.Host == "":
			return "has no host"
		case wildcard && !strings.Contains(strings.Trim(strings.TrimPrefix(parsed.Hostname(), "any."), "."), "."):
			return "has a wildcard for a whole top-level domain"
		}
	case "brk-multihub":
		switch {
		case platform != "spa":
			return "is for nested app authentication; declare it under spa"
		case parsed.Host == "" || parsed.Path != "" || parsed.RawQuery != "":
			return "is not brk-multihub:// followed by an origin only (host and port)"
		}
	case "http":
		if !slices.Contains([]string{"localhost", "127.0.0.1"}, parsed.Hostname()) {
			return "is http on a host other than localhost"
		}
	case "javascript", "data", "file", "vbscript":
		return "has a scheme that a browser cannot be redirected to"
	default:
		if platform != "publicClient" && parsed.Scheme != "urn" {
			return "has a custom scheme, which only public clients can have"
		}
	}
	return ""
}

func redirectHint(platform string) string {
	if platform == "publicClient" {
		return "use http://localhost, https://… or a custom scheme such as vscode://…"
	}
	return "use https://…, or http://localhost for development"
}

// identifierURI says why Entra would refuse an identifier URI, or "".
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

// filledIn is a URI with something in place of its references. An output of
// Terraform that it begins with is the URL of a site.
func filledIn(uri string) string {
	plain := Expand(uri, func(string) (string, bool) { return "x", true })
	if strings.HasPrefix(uri, "${terraform.") {
		return "https://" + plain
	}
	return plain
}
