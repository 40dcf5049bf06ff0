package status

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"provision/plan"
	"provision/stack"
)

// Stack describes a stack of a tenant.
type Stack struct {
	Name        string         `json:"name"`
	Environment string         `json:"environment,omitempty"` // its suffix
	Expires     *time.Time     `json:"expires,omitempty"`     // after which gc deletes it
	Owns        map[string]int `json:"owns"`                  // by kind of object
	Objects     []Object       `json:"objects"`
	Users       []User         `json:"users"`
	Credentials []Credential   `json:"credentials"`
}

// Object is an application or a group of a stack.
type Object struct {
	Kind        string     `json:"kind"`
	Name        string     `json:"name"` // uniqueName
	DisplayName string     `json:"displayName"`
	AppID       string     `json:"appId,omitempty"`
	LastSignIn  *time.Time `json:"lastSignIn,omitempty"` // to the application, or of the application
}

// User is a user who can sign in.
type User struct {
	ID                string     `json:"-"`
	UserPrincipalName string     `json:"userPrincipalName"`
	Enabled           bool       `json:"enabled"`
	Roles             []string   `json:"roles"`              // APPLICATION: ROLE
	Password          string     `json:"password,omitempty"` // the file that contains it
	LastSignIn        *time.Time `json:"lastSignIn,omitempty"`
}

// Credential is a secret or a certificate of an application.
type Credential struct {
	Application string     `json:"application"`
	Kind        string     `json:"kind"` // secret, certificate, federated
	Name        string     `json:"name"`
	KeyID       string     `json:"keyId,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
	Days        *int       `json:"days,omitempty"`    // left; negative where it has expired
	State       string     `json:"state"`             // ok, expires soon, expired
	Kept        string     `json:"kept,omitempty"`    // where the value of the secret is stored
	Retires     *time.Time `json:"retires,omitempty"` // when a secret that was rotated is revoked
}

// Kept contains the local records for a tenant, without any secret value.
type Kept struct {
	Secrets   map[string]string    // keyId in lower case → where
	Retiring  map[string]time.Time // keyId in lower case → when it is revoked after a rotation
	Passwords map[string]string    // userPrincipalName in lower case → file
}

// Of lists the stacks of a state by name. If names are given, it lists only these stacks,
// including stacks that own nothing.
func Of(state *plan.State, names []string, kept Kept, now time.Time) []Stack {
	byName := map[string]*Stack{}
	of := func(name string) *Stack {
		if name == "" || len(names) > 0 && !slices.Contains(names, name) {
			return nil
		}
		if byName[name] == nil {
			byName[name] = &Stack{Name: name, Owns: map[string]int{}, Objects: []Object{}, Users: []User{}, Credentials: []Credential{}}
		}
		return byName[name]
	}
	for _, name := range names {
		of(name)
	}
	tags, roles := map[string][][]string{}, rolesOf(state)
	for _, o := range ordered(state) {
		s := of(o.Stack)
		if s == nil || o.Adopted {
			continue
		}
		elsewhere := o.Kind == plan.Application && o.ID == "" // registered in another tenant
		if o.Kind != plan.Password && o.Kind != plan.Secret && !elsewhere {
			s.Owns[string(o.Kind)]++
		}
		switch o.Kind {
		case plan.Application:
			tags[s.Name] = append(tags[s.Name], texts(o.Properties, "tags"))
			s.Objects = append(s.Objects, Object{Kind: string(o.Kind), Name: o.Name, DisplayName: text(o.Properties, "displayName"), AppID: o.AppID})
			s.Credentials = append(s.Credentials, credentials(o, kept, now)...)
		case plan.Group:
			s.Objects = append(s.Objects, Object{Kind: string(o.Kind), Name: o.Name, DisplayName: text(o.Properties, "displayName")})
		case plan.User:
			s.Users = append(s.Users, User{ID: o.ID, UserPrincipalName: text(o.Properties, "userPrincipalName"), Enabled: o.Properties["accountEnabled"] == true,
				Roles: append([]string{}, roles[o.Key]...), Password: kept.Passwords[strings.ToLower(text(o.Properties, "userPrincipalName"))]})
		case plan.Federated:
			s.Credentials = append(s.Credentials, Credential{Application: o.Ends.Resource.Name, Kind: "federated", Name: text(o.Properties, "name"), State: "ok"})
		}
	}
	var all []Stack
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		s := byName[name]
		l := stack.LifespanOf(name, tags[name])
		s.Environment = l.Environment
		if !l.Expires.IsZero() {
			s.Expires = &l.Expires
		}
		slices.SortStableFunc(s.Credentials, func(a, b Credential) int {
			return cmp.Or(strings.Compare(a.Application, b.Application), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name), strings.Compare(a.KeyID, b.KeyID))
		})
		all = append(all, *s)
	}
	return all
}

// rolesOf returns the roles of users and groups. The users of a group also have its roles.
func rolesOf(state *plan.State) map[plan.Key][]string {
	roles := map[plan.Key][]string{}
	for _, o := range ordered(state) {
		if resource := state.Objects[o.Ends.Resource]; o.Kind == plan.Assignment && resource != nil {
			roles[o.Ends.Principal] = append(roles[o.Ends.Principal], o.Ends.Resource.Name+": "+roleNamed(resource, text(o.Properties, "appRoleId")))
		}
	}
	for _, o := range ordered(state) {
		if o.Kind == plan.Member && o.Ends.Principal.Kind == plan.User {
			for _, role := range roles[o.Ends.Resource] {
				roles[o.Ends.Principal] = append(roles[o.Ends.Principal], role+" (group "+o.Ends.Resource.Name+")")
			}
		}
	}
	return roles
}

// credentials returns the secrets and certificates of an application.
func credentials(app *plan.Live, kept Kept, now time.Time) (all []Credential) {
	for _, of := range []struct{ property, kind string }{{"passwordCredentials", "secret"}, {"keyCredentials", "certificate"}} {
		list, _ := app.Properties[of.property].([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			if of.kind == "certificate" && text(m, "usage") == "Sign" {
				continue // Entra signs SAML with it; nobody can sign in with it
			}
			c := Credential{Application: app.Name, Kind: of.kind, Name: text(m, "displayName"), KeyID: text(m, "keyId"), State: "ok"}
			if of.kind == "secret" {
				c.Kept = kept.Secrets[strings.ToLower(c.KeyID)]
				if until, ok := kept.Retiring[strings.ToLower(c.KeyID)]; ok {
					c.Retires = &until
				}
			}
			if end, err := time.Parse(time.RFC3339, text(m, "endDateTime")); err == nil {
				left := end.Sub(now)
				start, _ := time.Parse(time.RFC3339, text(m, "startDateTime")) // the zero time if it is not known
				days := daysUntil(end, now)
				switch {
				case left <= 0:
					c.State, days = "expired", min(days, -1)
				case left < stack.Soon(start, end):
					c.State = "expires soon"
				}
				c.Expires, c.Days = &end, &days
			}
			all = append(all, c)
		}
	}
	return all
}

// daysUntil returns the number of days between the dates of two times in UTC.
func daysUntil(end, now time.Time) int {
	const day = 24 * time.Hour
	return int(end.UTC().Truncate(day).Sub(now.UTC().Truncate(day)) / day)
}

// roleNamed returns the value of a role of an application.
func roleNamed(app *plan.Live, id string) string {
	if id == stack.DefaultRoleID {
		return "access"
	}
	list, _ := app.Properties["appRoles"].([]any)
	for _, e := range list {
		if m, _ := e.(map[string]any); strings.EqualFold(text(m, "id"), id) && text(m, "value") != "" {
			return text(m, "value")
		}
	}
	return id
}

// ordered returns the objects of a state by kind and name.
func ordered(state *plan.State) []*plan.Live {
	return slices.SortedFunc(maps.Values(state.Objects), func(a, b *plan.Live) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
}

func text(m map[string]any, property string) string {
	s, _ := m[property].(string)
	return s
}

func texts(m map[string]any, property string) (all []string) {
	list, _ := m[property].([]any)
	for _, e := range list {
		if s, ok := e.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
