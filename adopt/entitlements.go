package adopt

import (
	"cmp"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// entitlements removes scopes and roles without a value, and defaults of roles. It also removes the
// ids of roles, because an adopted application keeps its ids.
func (w *writer) entitlements(a *stack.Application) {
	scopes := a.API.OAuth2PermissionScopes[:0]
	twin := map[string]string{} // value → id of the scope
	for _, s := range a.API.OAuth2PermissionScopes {
		if s.Value == "" {
			w.ignore(a, "api.oauth2PermissionScopes", "scope %s has no value, which tokens cannot contain", s.ID)
			continue
		}
		twin[s.Value] = s.ID
		scopes = append(scopes, s)
	}
	a.API.OAuth2PermissionScopes = scopes
	roles := a.AppRoles[:0]
	for _, r := range a.AppRoles {
		if r.Value == "" {
			w.ignore(a, "appRoles", "role %q (%s) has no value, which tokens cannot contain", r.DisplayName, r.ID)
			continue
		}
		if r.Description == r.DisplayName {
			r.Description = ""
		}
		if r.IsEnabled != nil && *r.IsEnabled {
			r.IsEnabled = nil
		}
		if twin[r.Value] == "" {
			r.ID = ""
		}
		slices.Sort(r.AllowedMemberTypes)
		slices.Reverse(r.AllowedMemberTypes) // User first, in the usual order
		roles = append(roles, r)
	}
	a.AppRoles = roles
	for i := range scopes {
		s := &scopes[i]
		shared := slices.ContainsFunc(roles, func(r stack.AppRole) bool { return r.Value == s.Value })
		if !shared {
			s.ID = ""
			if s.AdminConsentDescription == cmp.Or(s.AdminConsentDisplayName, s.Value) {
				s.AdminConsentDescription = ""
			}
			if s.AdminConsentDisplayName == s.Value && s.AdminConsentDescription == "" {
				s.AdminConsentDisplayName = ""
			}
		}
		if s.Type == "User" {
			s.Type = ""
		}
		if s.IsEnabled != nil && *s.IsEnabled {
			s.IsEnabled = nil
		}
		for _, text := range []**string{&s.UserConsentDisplayName, &s.UserConsentDescription} {
			if *text != nil && **text == "" {
				*text = nil
			}
		}
	}
	slices.SortFunc(scopes, func(x, y stack.Scope) int { return strings.Compare(x.Value, y.Value) })
	slices.SortFunc(roles, func(x, y stack.AppRole) int { return strings.Compare(x.Value, y.Value) })
	if len(scopes) == 0 {
		a.API.OAuth2PermissionScopes = nil
	}
}

// clients are the applications that the registration names as its clients.
func (w *writer) clients(a *stack.Application, live *plan.Live) {
	api := member(live.Properties, "api")
	a.API.PreAuthorizedApplications = nil
	for _, e := range list(api, "preAuthorizedApplications") {
		p := stack.PreAuthorizedApplication{Application: w.reference(text(e, "appId")), Scopes: []string{}}
		m, _ := e.(map[string]any)
		for _, id := range list(m, "delegatedPermissionIds") {
			scope, ok := w.directory.resources[a.Adopt].scopes[strings.ToLower(asText(id))]
			if !ok {
				w.ignore(a, "api.preAuthorizedApplications", "client %s is pre-authorized for a scope %v that does not exist", text(e, "appId"), id)
				continue
			}
			p.Scopes = append(p.Scopes, scope)
		}
		slices.Sort(p.Scopes)
		a.API.PreAuthorizedApplications = append(a.API.PreAuthorizedApplications, p)
	}
	slices.SortFunc(a.API.PreAuthorizedApplications, func(x, y stack.PreAuthorizedApplication) int { return strings.Compare(x.Application, y.Application) })
	for i, id := range a.API.KnownClientApplications {
		a.API.KnownClientApplications[i] = w.reference(id)
	}
	slices.Sort(a.API.KnownClientApplications)
	if len(a.API.KnownClientApplications) == 0 {
		a.API.KnownClientApplications = nil
	}
}

func asText(v any) string {
	s, _ := v.(string)
	return s
}

// reference is how the stack calls an application: by its name, where it is
// imported too.
func (w *writer) reference(appID string) string {
	if a := w.byAppID[appID]; a != nil {
		return a.Name
	}
	if strings.EqualFold(appID, stack.MicrosoftGraphAppID) {
		return "Microsoft Graph"
	}
	return appID
}
