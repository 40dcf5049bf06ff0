package protected

import (
	"slices"
	"strings"

	"provision/conformance"
	"provision/stack"
)

// Clients returns the applications of the stack with their permissions for the API.
// secret reports whether an application has a secret that can be used.
func (api API) Clients(f Facts, secret func(*stack.Application) (bool, error)) ([]conformance.Application, error) {
	var all []conformance.Application
	for _, a := range api.Stack.Applications {
		platform, _ := SignIn(a)
		c := conformance.Application{Name: a.Name, AppID: f.AppIDs[a.Name], SignsIn: platform != ""}
		for _, permission := range a.Permissions {
			if permission.Resource == api.Resource.Name && permission.AdminConsent {
				c.Scopes = append(c.Scopes, permission.Scopes...)
				c.Roles = append(c.Roles, permission.Roles...)
			}
		}
		for _, pre := range api.Resource.API.PreAuthorizedApplications {
			if pre.Application == a.Name {
				c.Scopes = append(c.Scopes, pre.Scopes...)
			}
		}
		for _, ra := range api.Resource.RoleAssignments {
			if ra.Role != "" && slices.Contains(ra.Applications, a.Name) {
				c.Roles = append(c.Roles, ra.Role)
			}
		}
		slices.Sort(c.Scopes)
		c.Scopes = slices.Compact(c.Scopes)
		slices.Sort(c.Roles)
		c.Roles = slices.Compact(c.Roles)
		var err error
		if c.Credential, err = secret(a); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// SignIn returns a platform and redirect URI for a sign-in that is started but never
// sent to the URI. Both are "" for an application to which nobody can sign in.
func SignIn(a *stack.Application) (platform, uri string) {
	for _, p := range []struct {
		name string
		uris []string
	}{{"publicClient", a.PublicClient.RedirectURIs}, {"web", a.Web.RedirectURIs}, {"spa", a.SPA.RedirectURIs}} {
		for _, uri := range p.uris {
			if !strings.Contains(uri, "${") && !strings.HasPrefix(uri, "brk-") { // an Office host answers it
				return p.name, strings.Replace(uri, "://*.", "://any.", 1)
			}
		}
	}
	return "", ""
}
