package stack

import (
	"net/url"
	"slices"
	"strings"
)

// redirectURI says why Entra would refuse uri on a platform, or "".
// Source: "Redirect URI (reply URL) restrictions and limitations".
func redirectURI(platform, uri string) string {
	parsed, err := url.Parse(Expand(uri, func(string) (string, bool) { return "x", true }))
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
	case strings.Contains(parsed.Host, "*"):
		return "has a wildcard in its host"
	}
	switch parsed.Scheme {
	case "https":
		if parsed.Host == "" {
			return "has no host"
		}
	case "http":
		if !slices.Contains([]string{"localhost", "127.0.0.1"}, parsed.Hostname()) {
			return "is http on a host other than localhost"
		}
	case "javascript", "data", "file", "vbscript":
		return "has a scheme that cannot be redirected to"
	default:
		if platform != "publicClient" && parsed.Scheme != "urn" {
			return "has a scheme of its own, which is for public clients"
		}
	}
	return ""
}

func redirectHint(platform string) string {
	if platform == "publicClient" {
		return "take http://localhost, https://… or a scheme of your own such as vscode://…"
	}
	return "take https://…, or http://localhost for development"
}

// identifierURI says why Entra would refuse an identifier URI, or "".
// Source: "Restrictions on identifier URIs".
func identifierURI(uri string) string {
	parsed, err := url.Parse(Expand(uri, func(string) (string, bool) { return "x", true }))
	switch {
	case err != nil || parsed.Scheme == "":
		return "is no absolute URI"
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
