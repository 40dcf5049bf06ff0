package login

import (
	"net/url"
	"slices"
	"strings"

	"provision/emulator/directory"
)

// platform is the list of a registration that contains a redirect URI. It determines
// how a code that was sent there may be redeemed.
type platform string

const (
	web           platform = "web"
	spa           platform = "spa"
	publicInstall platform = "publicClient"
)

// redirect is the address of an authorization response.
type redirect struct {
	URI      string   `json:"uri"`
	Platform platform `json:"platform"`
}

// registered lists an application's redirect URIs.
func registered(app *directory.Application) []redirect {
	var all []redirect
	add := func(uris []string, p platform) {
		for _, uri := range uris {
			all = append(all, redirect{uri, p})
		}
	}
	add(app.SPA.RedirectURIs, spa)
	add(app.Web.RedirectURIs, web)
	add(app.PublicClient.RedirectURIs, publicInstall)
	return all
}

// findRedirect checks the redirect URI of a request against the registration. The
// response uses the requested URI unchanged. If the request has no URI, findRedirect
// returns the only registered one, or the default.
func findRedirect(app *directory.Application, asked string) (redirect, *Error) {
	all := registered(app)
	if asked == "" {
		return defaultRedirect(app, all)
	}
	if strings.Contains(asked, "://*.") || strings.HasSuffix(asked, "/*") {
		return redirect{}, failure(50011, asked, app.AppID) // a wildcard can be registered, but not requested
	}
	for _, r := range all {
		if sameURI(r.URI, asked) {
			return redirect{asked, r.Platform}, nil
		}
	}
	for _, r := range all {
		if sameLoopback(r.URI, asked) {
			return redirect{asked, r.Platform}, nil
		}
	}
	for _, r := range all {
		if r.Platform == web && sameWildcard(r.URI, asked) {
			return redirect{asked, r.Platform}, nil
		}
	}
	return redirect{}, failure(50011, asked, app.AppID)
}

func defaultRedirect(app *directory.Application, all []redirect) (redirect, *Error) {
	switch {
	case len(all) == 0:
		return redirect{}, failure(500113)
	case len(all) == 1:
		return all[0], nil
	case app.DefaultRedirectURI != nil:
		return findRedirect(app, *app.DefaultRedirectURI)
	}
	return redirect{}, failure(900971)
}

// sameURI compares two redirect URIs: scheme and host in any letter case, an empty path
// as "/", and everything else exactly.
func sameURI(a, b string) bool {
	if a == b {
		return true
	}
	ua, ub, ok := parseBoth(a, b)
	return ok && ua.Host == ub.Host && sameBesidesHost(ua, ub)
}

// sameLoopback compares two URIs on this machine and ignores the port (RFC 8252 section
// 7.3; learn.microsoft.com/entra/identity-platform/reply-url). localhost and 127.0.0.1
// are different hosts, and the port of ::1 is not ignored.
func sameLoopback(a, b string) bool {
	ua, ub, ok := parseBoth(a, b)
	if !ok || ua.Hostname() != ub.Hostname() {
		return false
	}
	host := ua.Hostname()
	return (host == "localhost" || host == "127.0.0.1") && sameBesidesHost(ua, ub)
}

// sameWildcard compares a registered URI that begins with https://*. or ends in /* with a
// requested one: one label replaces the first wildcard, and any path the second one. The rest
// must be equal.
// Source: learn.microsoft.com/entra/identity-platform/reply-url (wildcards).
func sameWildcard(registered, asked string) bool {
	u, ok := parseHTTP(asked)
	if !ok {
		return false
	}
	if folder, found := strings.CutSuffix(registered, "/*"); found {
		r, ok := parseHTTP(strings.Replace(folder, "://*.", "://any.", 1) + "/")
		if !ok || !strings.HasPrefix(u.Path, r.Path) || slices.Contains(strings.Split(u.Path, "/"), "..") {
			return false
		}
		asked = u.Scheme + "://" + u.Host + r.Path
		registered = folder + "/"
	}
	if !strings.HasPrefix(registered, "https://*.") {
		return sameURI(registered, asked)
	}
	label, rest, _ := strings.Cut(u.Hostname(), ".")
	if label == "" || rest == "" || strings.Contains(label, "*") {
		return false
	}
	return sameURI(strings.Replace(registered, "*", label, 1), asked)
}

func parseBoth(a, b string) (ua, ub *url.URL, ok bool) {
	ua, okA := parseHTTP(a)
	ub, okB := parseHTTP(b)
	return ua, ub, okA && okB
}

// parseHTTP parses a web address. It refuses ambiguous addresses.
func parseHTTP(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || strings.ContainsAny(s, "#\\") {
		return nil, false
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	u.Host = strings.ToLower(u.Host)
	if u.Path == "" {
		u.Path = "/"
	}
	return u, u.Host != ""
}

func sameBesidesHost(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.EscapedPath() == b.EscapedPath() && a.RawQuery == b.RawQuery
}
