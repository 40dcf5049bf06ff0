package directory

import (
	"net/url"
	"slices"
	"strings"
)

// checkRedirectURIs checks redirect URIs against Entra's rules for each platform.
// Source: learn.microsoft.com/entra/identity-platform/reply-url.
func checkRedirectURIs(_, app *Application) error {
	platforms := []struct {
		property string
		uris     []string
		check    func(*url.URL) string
	}{
		{"web.redirectUris", app.Web.RedirectURIs, webRedirect},
		{"spa.redirectUris", app.SPA.RedirectURIs, browserRedirect},
		{"publicClient.redirectUris", app.PublicClient.RedirectURIs, nativeRedirect},
	}
	limit := maxRedirectURIs
	if personal(app) {
		limit = maxPersonalRedirectURIs
	}
	var all []string
	for _, platform := range platforms {
		for _, uri := range platform.uris {
			why := redirectForm(uri)
			if why == "" {
				parsed, _ := url.Parse(withoutWildcard(uri))
				why = platform.check(parsed)
			}
			if why == "" {
				why = redirectWildcard(platform.property, uri, personal(app))
			}
			if why == "" && personal(app) && strings.Contains(uri, "?") {
				why = "An application that admits personal accounts cannot have a query in it."
			}
			if why != "" {
				return invalidValue("Application", platform.property, "'"+uri+"': "+why)
			}
		}
		all = append(all, platform.uris...)
		if hasDuplicates(all, exact) {
			return duplicateValues(platform.property)
		}
	}
	if len(all) > limit {
		return tooMany("redirectUris", limit)
	}
	return nil
}

func redirectForm(uri string) string {
	parsed, err := url.Parse(withoutWildcard(uri))
	switch {
	case err != nil || parsed.Scheme == "":
		return "It must be an absolute URI."
	case len(uri) > maxRedirectURILength:
		return "It must not be longer than 256 characters."
	case strings.Contains(uri, "#"):
		return "It must not have a fragment."
	case strings.ContainsAny(uri, "!$'(),; "):
		return "It must not contain any of ! $ ' ( ) , ; or a space."
	case parsed.User != nil:
		return "It must not contain credentials."
	}
	return ""
}

// withoutWildcard replaces a wildcard in the host of a URI, so that the URI can be
// parsed.
func withoutWildcard(uri string) string { return strings.Replace(uri, "://*.", "://any.", 1) }

// redirectWildcard allows a wildcard only as the first label or the end of the path of a
// web redirect of an application for work and school accounts.
func redirectWildcard(property, uri string, personal bool) string {
	if !strings.Contains(uri, "*") {
		return ""
	}
	rest := uri
	if strings.HasPrefix(uri, "https://") {
		rest = withoutWildcard(uri)
	}
	if property == "web.redirectUris" && !personal && !strings.Contains(strings.TrimSuffix(rest, "/*"), "*") {
		return ""
	}
	return "It must not contain a wildcard."
}

// outOfBand stands for Entra's own page that shows the code.
const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

func webRedirect(u *url.URL) string {
	if u.String() == outOfBand {
		return ""
	}
	return secureOrLocal(u)
}

// browserRedirect also admits the broker of nested app authentication, whose URI
// is brk-multihub:// and the origin of an Office add-in.
// Source: learn.microsoft.com/office/dev/add-ins/develop/enable-nested-app-authentication-in-your-add-in.
func browserRedirect(u *url.URL) string {
	if u.Scheme != "brk-multihub" {
		return secureOrLocal(u)
	}
	if u.Host == "" || u.Path != "" || u.RawQuery != "" {
		return "It must be brk-multihub:// and only an origin."
	}
	return ""
}

func secureOrLocal(u *url.URL) string {
	switch {
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "It must begin with https://, or http://localhost."
	case u.Scheme == "http" && !loopback(u):
		return "It must use https, save on localhost."
	}
	return ""
}

func nativeRedirect(u *url.URL) string {
	if u.Scheme == "http" && !loopback(u) {
		return "It must use https, save on localhost."
	}
	if slices.Contains([]string{"javascript", "data", "file", "vbscript"}, u.Scheme) {
		return "Its scheme is not allowed."
	}
	return ""
}

func loopback(u *url.URL) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1"}, strings.ToLower(u.Hostname()))
}
