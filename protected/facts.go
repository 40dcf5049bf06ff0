package protected

import (
	"slices"

	"provision/conformance"
	"provision/plan"
	"provision/stack"
)

// Facts are the facts about a protected application that a tenant contains.
type Facts struct {
	Resource  conformance.Resource
	Issuer    conformance.Issuer
	AppIDs    map[string]string // client id by the stack's names
	Groups    []conformance.UserGroup
	Tenants   stack.Tenants // the welcome tenants
	Others    []conformance.OtherTenant
	ScopeBase string // the text before /SCOPE in a request for a token
}

// Missing is an application of the manifests that the tenant does not have.
type Missing struct{ Application string } // STACK/NAME

func (e *Missing) Error() string { return "application " + e.Application + " is not in the tenant" }

// FactsOf returns the tenant's facts about an API. The caller sets Issuer and Others. The error is
// *Missing.
func FactsOf(api API, state *plan.State) (Facts, error) {
	f := Facts{AppIDs: map[string]string{}}
	for _, a := range api.Stack.Applications {
		k := plan.Key{Kind: plan.Application, Name: api.Stack.UniqueName(a.Name)}
		if found, ok := state.Existing[k]; ok {
			k = found
		}
		live := state.Objects[k]
		if live == nil {
			return Facts{}, &Missing{api.Stack.Name + "/" + a.Name}
		}
		f.AppIDs[a.Name] = live.AppID
		if a != api.Resource {
			continue
		}
		f.Resource = conformance.Resource{Name: a.Name, AppID: live.AppID, TokenVersion: 1, Audiences: []string{live.AppID}}
		f.ScopeBase = live.AppID
		if uris := texts(live.Properties["identifierUris"]); len(uris) > 0 {
			f.ScopeBase = uris[0]
		}
		if api, ok := live.Properties["api"].(map[string]any); ok && api["requestedAccessTokenVersion"] == 2.0 {
			f.Resource.TokenVersion = 2
		} else {
			f.Resource.Audiences = append(texts(live.Properties["identifierUris"]), live.AppID)
		}
		for _, scope := range a.API.OAuth2PermissionScopes {
			f.Resource.Scopes = append(f.Resource.Scopes, scope.Value)
		}
		if a.OptionalClaims != nil {
			for _, claim := range a.OptionalClaims.AccessToken {
				f.Resource.OptionalClaims = append(f.Resource.OptionalClaims, claim.Name)
			}
		}
		for _, role := range a.AppRoles {
			f.Resource.Roles = append(f.Resource.Roles, role.Value)
			if slices.Contains(role.AllowedMemberTypes, "User") {
				f.Resource.UserRoles = append(f.Resource.UserRoles, role.Value)
			}
			if slices.Contains(role.AllowedMemberTypes, "Application") {
				f.Resource.ApplicationRoles = append(f.Resource.ApplicationRoles, role.Value)
			}
		}
	}
	for _, g := range api.Stack.Groups {
		k := plan.Key{Kind: plan.Group, Name: api.Stack.GroupUniqueName(g.Name)}
		if found, ok := state.Existing[k]; ok {
			k = found
		}
		if live := state.Objects[k]; live != nil {
			f.Groups = append(f.Groups, conformance.UserGroup{Name: g.Name, Claim: groupClaim(api.Resource, live)})
		}
	}
	for _, document := range api.Documents {
		f.Tenants.Any = f.Tenants.Any || document.Tenants.Any
		f.Tenants.Others = append(f.Tenants.Others, document.Tenants.Others...)
	}
	return f, nil
}

// groupClaim returns the value of a group in the groups claim of a token: its object id, or its
// name if the optional claim requests names.
func groupClaim(resource *stack.Application, group *plan.Live) string {
	if resource.OptionalClaims != nil {
		for _, claim := range resource.OptionalClaims.AccessToken {
			if name, ok := group.Properties["displayName"].(string); ok && claim.Name == "groups" && slices.Contains(claim.AdditionalProperties, "cloud_displayname") {
				return name
			}
		}
	}
	return group.ID
}

// GroupClaims returns the values of groups in tokens, by the name of the group.
func (f Facts) GroupClaims(names []string) (claims []string) {
	for _, g := range f.Groups {
		if slices.Contains(names, g.Name) {
			claims = append(claims, g.Claim)
		}
	}
	return claims
}

func texts(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
