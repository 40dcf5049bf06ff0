package emulator

import (
	"net/http"
	"slices"
	"strings"

	"provision/emulator/arm"
)

const (
	graphHost   = "graph.microsoft.com"
	managerHost = "management.azure.com"
)

// PublicHosts are the hosts of Microsoft's public cloud that the local tenant
// answers for, where a client is led to it under them.
var PublicHosts = []string{
	"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net",
	graphHost, managerHost,
}

// routePublic gives each request to its service. Under a public host that is
// the host's; under the local tenant's origin, which they share, Graph has its
// versions, Resource Manager its paths, and the authorization server the rest.
func routePublic(graph, login, manager http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimLeft(r.URL.Path, "/"), "/")
		version := strings.EqualFold(first, "v1.0") || strings.EqualFold(first, "beta")
		host := strings.TrimSuffix(strings.ToLower(r.Host), ":443")
		own := !slices.Contains(PublicHosts, host)
		switch {
		case host == managerHost, own && arm.Serves(r.URL.Path):
			manager.ServeHTTP(w, r)
		case host == graphHost && first != "oidc", own && version: // UserInfo is at /oidc
			graph.ServeHTTP(w, r)
		default:
			login.ServeHTTP(w, r)
		}
	})
}
