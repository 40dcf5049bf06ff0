package login

import (
	"slices"
	"strings"
)

// scp is every delegated permission of the resource that the client has for the
// user, whatever it asked for. Those of OpenID Connect are Microsoft Graph's,
// and the right to a refresh token is no right at an API.
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
