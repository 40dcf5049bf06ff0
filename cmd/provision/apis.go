package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/plan"
	"provision/stack"
)

// protected is an application whose API is described by one or more Conformance
// documents.
type protected struct {
	stack     *stack.Stack
	resource  *stack.Application
	documents []*stack.Conformance
}

func (p protected) name() string { return p.stack.Name + "/" + p.resource.Name }

// apis lists the protected applications of the stacks.
func apis(stacks []*stack.Stack) []protected {
	var all []protected
	for _, s := range stacks {
		for _, document := range s.Conformances {
			i := slices.IndexFunc(all, func(p protected) bool { return p.stack == s && p.resource.Name == document.Resource })
			if i < 0 {
				all = append(all, protected{stack: s, resource: application(s, document.Resource)})
				i = len(all) - 1
			}
			all[i].documents = append(all[i].documents, document)
		}
	}
	return all
}

func application(s *stack.Stack, name string) *stack.Application {
	i := slices.IndexFunc(s.Applications, func(a *stack.Application) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return s.Applications[i]
}

// chooseFlags choose an API among those of several stacks.
func chooseFlags(c *cobra.Command) {
	c.Flags().String("stack", "", "stack of the API; required if the manifests declare several")
	c.Flags().String("application", "", "STACK/NAME of the API; required if the manifests declare several")
}

// chosen are the APIs that --application, --stack and --scenario name; all where
// none is given.
func (a *app) chosen(stacks []*stack.Stack) ([]protected, error) {
	all := apis(stacks)
	if len(all) == 0 {
		return nil, hint(usagef("no Conformance document: the requirements of the API are not declared"), "add one; see manifests/vscode-fastapi/conformance.yaml")
	}
	if name := a.config.GetString("stack"); name != "" {
		all = slices.DeleteFunc(all, func(p protected) bool { return p.stack.Name != name })
		if len(all) == 0 {
			return nil, hint(usagef("stack %q has no Conformance document here", name), "choose one of: %s", strings.Join(stackNames(stacks), ", "))
		}
	}
	if name := a.config.GetString("scenario"); name != "" && len(all) > 1 {
		all = slices.DeleteFunc(all, func(p protected) bool { return scenarioOf(p.documents) != name })
		if len(all) == 0 {
			return nil, hint(usagef("no Conformance document here names scenario %q", name), "choose the API with --application STACK/NAME")
		}
	}
	want := a.config.GetString("application")
	if want == "" {
		return all, nil
	}
	var names []string
	for _, p := range all {
		if p.name() == want {
			return []protected{p}, nil
		}
		names = append(names, p.name())
	}
	return nil, hint(usagef("application %q has no Conformance document", want), "choose one of: %s", strings.Join(names, ", "))
}

func stackNames(stacks []*stack.Stack) []string {
	var names []string
	for _, s := range stacks {
		names = append(names, s.Name)
	}
	return names
}

// one is the single API that a command is about.
func (a *app) one(stacks []*stack.Stack) (protected, error) {
	all, err := a.chosen(stacks)
	if err != nil {
		return protected{}, err
	}
	if len(all) > 1 {
		names := make([]string, len(all))
		for i, p := range all {
			names[i] = p.name()
		}
		return protected{}, hint(usagef("these manifests declare more than one API: %s", strings.Join(names, ", ")), "choose one with --stack NAME, or --application %s", names[0])
	}
	return all[0], nil
}

// facts are what a tenant says of a protected application.
type facts struct {
	resource  conformance.Resource
	issuer    conformance.Issuer
	appIDs    map[string]string // client id by the stack's names
	groups    []conformance.UserGroup
	tenants   stack.Tenants // that are welcome
	others    []conformance.OtherTenant
	scopeBase string // what stands before /SCOPE in a request for a token
}

// readFacts reads what must be known of an API to ask for tokens to it and to
// check them.
func (s *connection) readFacts(ctx context.Context, p protected, stacks []*stack.Stack) (facts, error) {
	state, err := s.read(ctx, stacks)
	if err != nil {
		return facts{}, err
	}
	s.domain = state.Tenant.Domain
	f := facts{appIDs: map[string]string{}}
	for _, a := range p.stack.Applications {
		k := plan.Key{Kind: plan.Application, Name: p.stack.UniqueName(a.Name)}
		if found, ok := state.Existing[k]; ok {
			k = found
		}
		live := state.Objects[k]
		if live == nil {
			return facts{}, hint(fmt.Errorf("application %s/%s is not in tenant %s", p.stack.Name, a.Name, s.target), "create it with `%s`", s.command("apply"))
		}
		f.appIDs[a.Name] = live.AppID
		if a != p.resource {
			continue
		}
		f.resource = conformance.Resource{Name: a.Name, AppID: live.AppID, TokenVersion: 1, Audiences: []string{live.AppID}}
		f.scopeBase = live.AppID
		if uris := texts(live.Properties["identifierUris"]); len(uris) > 0 {
			f.scopeBase = uris[0]
		}
		if api, ok := live.Properties["api"].(map[string]any); ok && api["requestedAccessTokenVersion"] == 2.0 {
			f.resource.TokenVersion = 2
		} else {
			f.resource.Audiences = append(texts(live.Properties["identifierUris"]), live.AppID)
		}
		for _, scope := range a.API.OAuth2PermissionScopes {
			f.resource.Scopes = append(f.resource.Scopes, scope.Value)
		}
		for _, role := range a.AppRoles {
			f.resource.Roles = append(f.resource.Roles, role.Value)
			if slices.Contains(role.AllowedMemberTypes, "User") {
				f.resource.UserRoles = append(f.resource.UserRoles, role.Value)
			}
			if slices.Contains(role.AllowedMemberTypes, "Application") {
				f.resource.ApplicationRoles = append(f.resource.ApplicationRoles, role.Value)
			}
		}
	}
	for _, g := range p.stack.Groups {
		k := plan.Key{Kind: plan.Group, Name: p.stack.GroupUniqueName(g.Name)}
		if found, ok := state.Existing[k]; ok {
			k = found
		}
		if live := state.Objects[k]; live != nil {
			f.groups = append(f.groups, conformance.UserGroup{Name: g.Name, Claim: groupClaim(p.resource, live)})
		}
	}
	for _, document := range p.documents {
		f.tenants.Any = f.tenants.Any || document.Tenants.Any
		f.tenants.Others = append(f.tenants.Others, document.Tenants.Others...)
	}
	if f.others, err = s.readOtherTenants(ctx, f.tenants); err != nil {
		return facts{}, err
	}
	f.issuer = conformance.Issuer{TenantID: s.tenantID, URL: s.v2Issuer()}
	if f.resource.TokenVersion == 1 {
		f.issuer.URL = s.v1Issuer
	}
	return f, nil
}

// groupClaim is what the groups claim of a token says of a group: its object id,
// or its name where the optional claim asks for that.
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

// groupClaims are what tokens say of groups by name.
func (f facts) groupClaims(names []string) (claims []string) {
	for _, g := range f.groups {
		if slices.Contains(names, g.Name) {
			claims = append(claims, g.Claim)
		}
	}
	return claims
}

func (s *connection) v2Issuer() string { return s.authority + "/" + s.tenantID + "/v2.0" }

func (s *connection) jwksURL() string {
	return s.authority + "/" + s.tenantID + "/discovery/v2.0/keys"
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

// people are the stack's users with the roles that the manifests give them,
// directly or by a group they are a direct member of.
func (s *connection) people(p protected, passwordNeeded bool) ([]conformance.User, error) {
	passwords, err := s.keep.Passwords()
	if err != nil {
		return nil, err
	}
	var all []conformance.User
	for _, u := range p.stack.Users {
		user := conformance.User{Name: u.Name, Guest: u.UserType != nil && *u.UserType == "Guest"}
		for _, g := range p.stack.Groups {
			if belongs(p.stack, g.Name, u.Name, nil) {
				user.Groups = append(user.Groups, g.Name)
			}
		}
		for _, ra := range p.resource.RoleAssignments {
			if ra.Role == "" {
				continue
			}
			switch {
			case slices.Contains(ra.Users, u.Name):
				user.Roles = append(user.Roles, ra.Role)
			case slices.ContainsFunc(ra.Groups, func(g string) bool { return isMember(p.stack, g, u.Name) }):
				user.Roles = append(user.Roles, ra.Role)
				user.GroupRoles = append(user.GroupRoles, ra.Role)
			}
		}
		if passwordNeeded && s.password(passwords, u) == "" {
			user.Unavailable = fmt.Sprintf("the password of %s is not known (provision knows the passwords of users that it created; set others in PROVISION_PASSWORD_%s)",
				u.Name, environmentName(u.Name))
		}
		all = append(all, user)
	}
	return all, nil
}

func isMember(s *stack.Stack, group, user string) bool {
	for _, g := range s.Groups {
		if g.Name == group {
			return slices.ContainsFunc(g.Members, func(m stack.Member) bool { return m.User == user })
		}
	}
	return false
}

// belongs tells whether a user is a member of a group, directly or by another
// one: the groups claim has both. beside are the groups that were looked at.
func belongs(s *stack.Stack, group, user string, beside []string) bool {
	if slices.Contains(beside, group) {
		return false
	}
	i := slices.IndexFunc(s.Groups, func(g *stack.Group) bool { return g.Name == group })
	return isMember(s, group, user) || i >= 0 && slices.ContainsFunc(s.Groups[i].Members, func(m stack.Member) bool {
		return m.Group != "" && belongs(s, m.Group, user, append(beside, group))
	})
}

// readClients returns the applications of the stack with their permissions for the API.
func (s *connection) readClients(ctx context.Context, p protected, f facts) ([]conformance.Application, error) {
	var all []conformance.Application
	for _, a := range p.stack.Applications {
		platform, _ := signIn(a)
		c := conformance.Application{Name: a.Name, AppID: f.appIDs[a.Name], SignsIn: platform != ""}
		for _, permission := range a.Permissions {
			if permission.Resource == p.resource.Name && permission.AdminConsent {
				c.Scopes = append(c.Scopes, permission.Scopes...)
				c.Roles = append(c.Roles, permission.Roles...)
			}
		}
		for _, pre := range p.resource.API.PreAuthorizedApplications {
			if pre.Application == a.Name {
				c.Scopes = append(c.Scopes, pre.Scopes...)
			}
		}
		for _, ra := range p.resource.RoleAssignments {
			if ra.Role != "" && slices.Contains(ra.Applications, a.Name) {
				c.Roles = append(c.Roles, ra.Role)
			}
		}
		slices.Sort(c.Scopes)
		c.Scopes = slices.Compact(c.Scopes)
		slices.Sort(c.Roles)
		c.Roles = slices.Compact(c.Roles)
		secret, err := s.readSecret(ctx, p.stack, a)
		if err != nil {
			return nil, err
		}
		c.Credential = secret != ""
		all = append(all, c)
	}
	return all, nil
}

// signIn returns a platform and redirect URI for a sign-in that is started but never
// sent to the URI. Both are "" for an application to which nobody can sign in.
func signIn(a *stack.Application) (platform, uri string) {
	for _, p := range []struct {
		name string
		uris []string
	}{{"publicClient", a.PublicClient.RedirectURIs}, {"web", a.Web.RedirectURIs}, {"spa", a.SPA.RedirectURIs}} {
		for _, uri := range p.uris {
			if !strings.Contains(uri, "${") && !strings.HasPrefix(uri, "brk-") { // which an Office host answers
				return p.name, strings.Replace(uri, "://*.", "://any.", 1)
			}
		}
	}
	return "", ""
}
