package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"provision/stack"
)

// subject is the subject of a token: a user who is signed in to a client, or an
// application.
type subject struct {
	user, client string
	application  string
}

func (s subject) String() string {
	if s.application != "" {
		return "application " + s.application
	}
	return fmt.Sprintf("user %s, signed in to %s", s.user, s.client)
}

// clients returns the applications that users can sign in to, the document's own
// first.
func (s *Suite) clients() []Application {
	var clients []Application
	for _, application := range s.Applications {
		if !application.SignsIn {
			continue
		}
		if application.Name == s.Document.Client {
			clients = slices.Insert(clients, 0, application)
		} else {
			clients = append(clients, application)
		}
	}
	return clients
}

// clientsWith returns the clients whose users' tokens have the scopes. A client
// without a scope of the resource gets no token for it, unless the resource exposes no
// scopes.
func (s *Suite) clientsWith(scoped func(scopes []string) bool) []Application {
	return slices.DeleteFunc(s.clients(), func(client Application) bool {
		return len(client.Scopes) == 0 && len(s.Resource.Scopes) > 0 || !scoped(client.Scopes)
	})
}

// signedIn finds a user and a client with the endpoint's scopes. match selects the
// users, and kind describes them, for example "whose role is Admin". add is what the
// document must declare if there is none.
func (s *Suite) signedIn(e endpoint, kind, add string, match func(User) bool) (subject, *skipped) {
	return s.signedInTo(e, kind, add, func(u User, _ Application) bool { return match(u) })
}

// refused finds a user whom no other alternative admits.
func (s *Suite) refused(e endpoint, kind, add string, match func(User) bool) (subject, *skipped) {
	return s.signedInTo(e, kind, add, func(u User, client Application) bool { return match(u) && !e.letsIn(e.callerOf(u, client)) })
}

// callerOf returns the claims of the token of a user who signs in to a client.
func (e endpoint) callerOf(u User, client Application) caller {
	return caller{scopes: client.Scopes, roles: u.Roles, groups: u.Groups, guest: u.Guest, owner: u.Name == e.maker().User}
}

// itselfOf returns the claims of an application's own token.
func (e endpoint) itselfOf(a Application) caller {
	return caller{app: true, roles: a.Roles, owner: a.Name == e.maker().Application}
}

// maker returns the caller that creates the object in setup, if the document names one.
func (e endpoint) maker() stack.As {
	if e.stated.Setup == nil {
		return stack.As{}
	}
	return e.stated.Setup.As
}

func (s *Suite) signedInTo(e endpoint, kind, add string, match func(User, Application) bool) (subject, *skipped) {
	clients := s.clientsWith(e.scoped)
	if len(clients) == 0 {
		scopes := slices.Concat(e.scopes, e.anyScope[:min(1, len(e.anyScope))])
		if len(scopes) == 0 {
			scopes = s.Resource.Scopes[:min(1, len(s.Resource.Scopes))]
		}
		wanted := strings.Join(scopes, ", ")
		return subject{}, skip(
			s.addClient(scopes...),
			"no application that users sign in to has a grant of [%s] of %s", wanted, s.Resource.Name)
	}
	unavailable := ""
	for _, client := range clients {
		for _, user := range s.Users {
			switch {
			case !match(user, client):
			case user.Unavailable != "":
				unavailable = fmt.Sprintf("user %s %s cannot sign in: %s", user.Name, kind, user.Unavailable)
			default:
				return subject{user: user.Name, client: client.Name}, nil
			}
		}
	}
	if unavailable != "" {
		return subject{}, skip("", "%s", unavailable)
	}
	return subject{}, skip(add, "no user is declared %s", kind)
}

// itself finds an application of this kind that can get app-only tokens.
func (s *Suite) itself(kind, add string, match func(Application) bool) (subject, *skipped) {
	found := ""
	for _, application := range s.Applications {
		switch {
		case !match(application):
		case !application.Credential:
			found = application.Name
		default:
			return subject{application: application.Name}, nil
		}
	}
	if found != "" {
		return subject{}, skip(add, "application %s has no secret that provision knows, and no other application is declared %s", found, kind)
	}
	return subject{}, skip(add, "no application is declared %s", kind)
}

// Documents of a manifest that make a case possible. Each is a complete document: the
// suite never suggests to add a secret to an existing registration, which may belong
// to a public client or a single-page application.

func (s *Suite) addUser(name string) string {
	return fmt.Sprintf(`{apiVersion: provision/v1, kind: User, metadata: {name: %s}, spec: {userPrincipalName: "%s@${tenant.domain}", displayName: %s}}`, name, name, name)
}

// addAssignment returns a user with roles, and the entries that the API's document needs for them.
func (s *Suite) addAssignment(roles ...string) string { return s.addMember(endpoint{}, roles...) }

// addMember returns the same for a user who is also in a group that the endpoint requires.
func (s *Suite) addMember(e endpoint, roles ...string) string {
	name := nameOf(roles)
	return strings.Join(append([]string{s.addUser(name)}, s.entriesOf(e, name, roles)...), "  # and ")
}

// addEntitled returns a user with this name who meets the requirement: the owner, if only the owner
// can meet it.
func (s *Suite) addEntitled(e endpoint, name string) string {
	roles := e.sufficient()
	switch {
	case e.owner && e.made.User != "":
		return strings.Join(s.entriesOf(e, e.made.User, roles), ", and ")
	case len(roles) > 0:
		return s.addMember(e, roles...)
	}
	return strings.Join(append([]string{s.addUser(name)}, s.entriesOf(e, name, nil)...), "  # and ")
}

// entriesOf states what to append to lists of documents that exist, so that a user has the roles
// and is in a group of the endpoint.
func (s *Suite) entriesOf(e endpoint, name string, roles []string) []string {
	var all []string
	if len(roles) > 0 {
		all = append(all, s.inLists("roleAssignments: ["+assigned(name, roles)+"]"))
	}
	if len(e.groups) > 0 {
		all = append(all, fmt.Sprintf("in group %s, append to members: [{user: %s}]", e.groups[0], name))
	}
	return all
}

// assigned returns the entries that assign roles to a user.
func assigned(name string, roles []string) string {
	entries := make([]string, len(roles))
	for i, role := range roles {
		entries[i] = fmt.Sprintf("{role: %s, users: [%s]}", role, name)
	}
	return strings.Join(entries, ", ")
}

// inLists states entries to append to lists of the API's document, which may have entries already.
func (s *Suite) inLists(lists ...string) string {
	return fmt.Sprintf("in application %s, append to %s", s.Resource.Name, strings.Join(lists, ", and to "))
}

// addApplication returns an application that can get app-only tokens, with or without
// roles.
func (s *Suite) addApplication(roles ...string) string {
	name, permissions := nameOf(roles)+"-service", ""
	if len(roles) > 0 {
		permissions = fmt.Sprintf("permissions: [{resource: %s, roles: [%s], adminConsent: true}], ", s.Resource.Name, strings.Join(roles, ", "))
	}
	return fmt.Sprintf("{apiVersion: provision/v1, kind: Application, metadata: {name: %s}, spec: {displayName: %s, %ssecrets: [{name: verify}]}}", name, name, permissions)
}

// addClient returns an application with scopes that users sign in to.
func (s *Suite) addClient(scopes ...string) string {
	name := nameOf(scopes) + "-client"
	return fmt.Sprintf("{apiVersion: provision/v1, kind: Application, metadata: {name: %s}, spec: {displayName: %s, isFallbackPublicClient: true, publicClient: {redirectUris: [http://localhost]}, permissions: [{resource: %s, scopes: [%s], adminConsent: true}]}}",
		name, name, s.Resource.Name, strings.Join(scopes, ", "))
}

// nameOf returns a name for a caller with exactly these roles or scopes.
func nameOf(values []string) string {
	if len(values) == 0 {
		return "nobody"
	}
	return "only-" + strings.Trim(notName.ReplaceAllString(strings.ToLower(strings.Join(values, "-")), "-"), "-")
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// newRole is a role that gives no access, as an entry of appRoles.
const newRole = "Other"

func newRoleList() string {
	return fmt.Sprintf("appRoles: [{value: %s, displayName: %[1]s, description: Gives no access, allowedMemberTypes: [User, Application]}]", newRole)
}

// addUserOfNewRole returns a user with a new role, which no endpoint requires.
func (s *Suite) addUserOfNewRole(e endpoint) string {
	name := nameOf([]string{newRole})
	entries := append([]string{s.addUser(name), s.inLists(newRoleList(), "roleAssignments: ["+assigned(name, []string{newRole})+"]")}, s.entriesOf(e, name, nil)...)
	return strings.Join(entries, "  # and ")
}

// addApplicationOfNewRole returns an application with a new role, which no endpoint requires.
func (s *Suite) addApplicationOfNewRole() string {
	return s.addApplication(newRole) + "  # and " + s.inLists(newRoleList())
}
