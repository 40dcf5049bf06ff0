package login

import (
	"net/url"
	"slices"
	"strings"

	"provision/emulator/directory"
	"provision/internal/microsoft"
)

// authority contains the names of a cloud and the tenant segment of the path of a
// request. Every issuer and every URL in an answer is derived from it.
type authority struct {
	names
	alias string // common or organizations if the path contains it, else the tenant's id
}

// names are the origins of one cloud, each with scheme, host and port.
type names struct {
	cloud  microsoft.Cloud // the public cloud for the tenant's own origin
	local  string          // the tenant's own origin, which names it in every cloud
	origin string          // of the endpoints: the origin of the request
	v1, v2 string          // of issuers, by the version of the tokens
	graph  string          // of Microsoft Graph
}

// namesUnder returns the names of a cloud for a request to one of its hosts, and otherwise
// the tenant's own origin.
func (l *Login) namesUnder(host string) names {
	c, found := microsoft.CloudOf(host)
	if !found {
		return names{microsoft.Clouds[0], l.localhost, l.localhost, l.localhost, l.localhost, l.localhost}
	}
	n := names{c, l.localhost, c.Authority(), "https://" + c.STS, c.Authority(), c.GraphURL()}
	if host = strings.TrimSuffix(strings.ToLower(host), ":443"); host != c.Graph { // where UserInfo is
		n.origin = "https://" + host
	}
	return n
}

// authorityOf returns the authority for a host and the tenant segment of a path, and
// the directory of the tenant that the segment names. The directory is nil for common
// and organizations.
func (l *Login) authorityOf(host, segment string) (authority, *directory.Directory, *Error) {
	a := authority{names: l.namesUnder(host)}
	if name := strings.ToLower(segment); name == "common" || name == "organizations" {
		a.alias = name
		return a, nil, nil
	}
	d, found := l.tenants.Find(segment)
	if !found {
		return a, nil, failure(90002, segment)
	}
	a.alias = d.Tenant().ID
	return a, d, nil
}

// shared reports whether the path is common or organizations, which name no tenant.
func (a authority) shared() bool { return a.alias == "common" || a.alias == "organizations" }

// issuerV1 returns the issuer of v1 tokens of a tenant. The public cloud has its own host
// for it.
func (n names) issuerV1(tenantID string) string { return n.v1 + "/" + tenantID + "/" }

// issuerV2 returns the issuer of v2 tokens of a tenant.
func (n names) issuerV2(tenantID string) string { return n.v2 + "/" + tenantID + "/v2.0" }

// documentTenant returns the tenant in the issuer of a metadata document: literally
// {tenantid} for common and organizations.
func (a authority) documentTenant() string {
	if a.shared() {
		return "{tenantid}"
	}
	return a.alias
}

// url returns an endpoint of the tenant, under the alias that the caller uses.
func (a authority) url(path string) string { return a.origin + "/" + a.alias + path }

// cloudName returns the name of the cloud for what is sealed under these names: "" for the tenant's
// own origin. The clouds of the US Government share an authorization server and have one name.
func (n names) cloudName() string {
	if n.v2 == n.local {
		return ""
	}
	return n.cloud.Clouds()[0].Name
}

// acceptedClouds returns the clouds whose tokens, codes and sessions are accepted: this one and the
// tenant's own origin.
func (n names) acceptedClouds() []string { return []string{"", n.cloud.Clouds()[0].Name} }

// ofAnotherCloud reports from its claim aio whether a token was issued in another cloud. The issuer
// does not show this: version 1.0 tokens of the public cloud and of the US Government have the
// same one. Entra distinguishes these tokens by their keys.
func (l *Login) ofAnotherCloud(n names, aio string) bool {
	cloud, marked := l.seal.markedCloud(aio)
	return marked && !slices.Contains(n.acceptedClouds(), cloud)
}

// issuersOf returns the issuers of a tenant's tokens in the cloud of a request: under the hosts of
// the cloud, and under the tenant's own origin. Tokens of other clouds are foreign.
func (n names) issuersOf(tenantID string) []string {
	return append(n.issuersV1Of(tenantID), n.local+"/"+tenantID+"/v2.0", n.cloud.Authority()+"/"+tenantID+"/v2.0")
}

// issuersV1Of returns the issuers of version 1.0 tokens.
func (n names) issuersV1Of(tenantID string) []string {
	return []string{n.local + "/" + tenantID + "/", n.cloud.IssuerV1(tenantID)}
}

// issuedHere reports whether one of the tenants has this issuer, in the cloud of the call.
func (c *call) issuedHere(issuer string) bool {
	return slices.ContainsFunc(c.tenants.All(), func(d *directory.Directory) bool {
		return slices.Contains(c.issuersOf(d.Tenant().ID), issuer)
	})
}

// ofMicrosoft reports whether an issuer is a tenant of Microsoft Entra ID in one of the clouds.
func ofMicrosoft(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	_, found := microsoft.CloudOf(u.Host)
	return found
}

// addressed reports whether an assertion's audience is this tenant: one of its
// token endpoints or issuers, under any of its names.
func (c *tenantCall) addressed(audience string) bool {
	rest, found := "", false
	for _, origin := range []string{c.origin, c.v1, c.v2} {
		if cut, ok := cutPrefixFold(audience, origin+"/"); ok {
			rest, found = cut, true
		}
	}
	if !found {
		return false
	}
	name, path, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	switch strings.ToLower(name) {
	case strings.ToLower(c.tenant.ID), strings.ToLower(c.tenant.Domain), "common", "organizations":
	default:
		return false
	}
	switch strings.ToLower(strings.TrimSuffix(path, "/")) {
	case "", "v2.0", "oauth2/token", "oauth2/v2.0/token":
		return true
	}
	return false
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// graphURL returns the address of Microsoft Graph.
func (n names) graphURL() string { return n.graph }

// graphNames are the names of Microsoft Graph as a resource, in addition to its appId.
// They include the local tenant's origin, because clients derive the scope from their
// Graph endpoint.
func (n names) graphNames() []string {
	return append([]string{n.local, n.local + "/"}, n.cloud.GraphNames()...)
}

// namesGraph reports whether a resource has a name of Microsoft Graph in the cloud.
func (n names) namesGraph(resource string) bool {
	return slices.ContainsFunc(n.cloud.GraphNames(), func(name string) bool { return equalID(resource, name) })
}
