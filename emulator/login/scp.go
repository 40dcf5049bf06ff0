package login

import (
	"slices"
	"strings"
)

// scp returns every delegated permission of the resource that the client has for the
// user, not only the requested ones. The scopes of OpenID Connect belong to Microsoft Graph.
// offline_access is not part of scp.
func scp(i issuance) string {
	values := slices.Clone(i.granted)
	if i.resource.isGraph() {
		for _, name := range i.asked.oidc.names() {
			if !slices.Contains(values, name) {
				values = append(values, name)
			}
		}
		values = slices.DeleteFunc(values, func(v string) bool { return v == "offline_access" })
		slices.SortFunc(values, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	}
	return strings.Join(values, " ")
}
