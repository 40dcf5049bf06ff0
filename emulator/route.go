package emulator

import (
	"net/http"
	"strings"

	"provision/emulator/arm"
	"provision/internal/microsoft"
)

// MicrosoftHosts are the hosts of Microsoft's clouds that the local tenant answers for,
// if a client is redirected to it under these names.
var MicrosoftHosts = microsoft.CloudHosts()

// routePublic passes each request to its service. A host of Microsoft belongs to one
// service. The local tenant's origin is shared: Graph has its versions, Resource
// Manager its paths, and the authorization server everything else.
func routePublic(graph, login, manager http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimLeft(r.URL.Path, "/"), "/")
		version := strings.EqualFold(first, "v1.0") || strings.EqualFold(first, "beta")
		host := strings.TrimSuffix(strings.ToLower(r.Host), ":443")
		cloud, found := microsoft.CloudOf(host)
		own := !found
		switch {
		case found && host == cloud.Manager, own && arm.Serves(r.URL.Path):
			manager.ServeHTTP(w, r)
		case found && host == cloud.Graph && first != "oidc", own && version: // UserInfo is at /oidc
			graph.ServeHTTP(w, r)
		default:
			login.ServeHTTP(w, r)
		}
	})
}
