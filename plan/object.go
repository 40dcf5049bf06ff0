package plan

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"provision/stack"
)

// Key is the natural key of an object, which is the same in every tenant: the
// userPrincipalName of a user; the uniqueName of a group (or its id); the uniqueName
// of an application (or its appId if no stack owns it), which its service principal
// shares; or the keys of the two objects that a relation joins.
type Key struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

func (k Key) String() string { return string(k.Kind) + " " + k.Name }

// Object contains the common parts of a declared and a live object.
type Object struct {
	Key
	Stack      string         // the owner; "" if no stack owns it
	Display    string         // the displayed name, if Name is an id
	Properties map[string]any // JSON under Graph's names
	Ends       Ends           // of a relation or a credential
}

// Ends are the objects that a relation joins.
type Ends struct {
	Resource  Key // of an assignment or grant; the group of a membership; the object that has a credential or an owner
	Principal Key // the receiver of the permission; of a grant, the client; of an owner, the owner
}

// Declared is an object that a stack declares. A value in its properties may be an
// Unknown.
type Declared struct {
	Object
	pos     stack.Position
	ignore  []string       // properties that are not compared once it exists
	initial map[string]any // sent when the object is created, and not compared later

	certificates []stack.Certificate // of an application
	clients      []Key               // that an application pre-authorizes
	secret       stack.Secret        // of a secret
	needs        []Key               // of hosting: the objects that its variables refer to

	principalProperty string // the property by which a relation identifies its principal
	roleID            string // of an assignment
}

// Live is an object of a tenant.
type Live struct {
	Object
	ID                      string // of the object, grant, assignment or key
	ResourceID, PrincipalID string // of a relation's ends

	AppID              string // of an application
	ServicePrincipalID string // of an application: its instance's object id
	Named              bool   // of an application: a manifest names it by its appId, whether a stack owns it or not

	// Adopted reports whether a manifest adopts the application, which does not have the
	// stack's mark yet.
	Adopted bool

	Needs []Key // of hosting: the hosting whose outputs it contains, which is destroyed after it

	Lost       string // of a secret or a password: the reason for its replacement, or ""
	Moves      string // of a secret: the sink that contains its value, if the manifest names another one
	NotKept    []Key  // of a deleted application: its secrets whose value is not stored
	Superseded bool   // of a secret: another secret with its name has replaced it
}

// Tenant is the organization that the objects are in.
type Tenant struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
}

// State contains the objects in a tenant that the stacks own or refer to.
type State struct {
	Tenant Tenant

	Domains []string // the verified domains of the tenant; empty if they are not known

	Caller string // the object id of the caller who reads it; "" if it is not known

	Permissions []string // of the caller; empty if they are not known

	AppManagement AppManagement

	Objects  map[Key]*Live
	Deleted  []*Live     // marked by a stack, in the recycle bin
	Existing map[Key]Key // the objects that were found for documents with `existing: true`

	// Hosting contains the changes that Terraform plans for the documents of the
	// stacks and for hosting that is to be removed. Existing hosting is also a live
	// object, whose properties are its outputs after the plan, as far as they are
	// known.
	Hosting map[Key]*Hosting
	Notes   []string // messages about facts that no step changes

	Warnings []string // messages about steps that probably do not have the intended effect

	relations map[Key][]Key // of each object, while Advance removes objects
}

// AppManagement contains the restrictions of a tenant on applications. It is empty if the caller
// may not read it.
type AppManagement struct {
	Default json.RawMessage // Graph's tenantAppManagementPolicy
	Custom  bool            // applications can have their own policies
}

// SupersededSecrets returns the keyIds of client secrets that share the name of a declared one,
// and whose value is not kept: the secrets that an interrupted apply or rotation left behind.
func (s *State) SupersededSecrets(secret Key) (all []string) {
	for _, k := range keys(s.Objects) {
		if o := s.Objects[k]; o.Superseded && SecretKey(o.Ends.Resource, text(o.Properties, "displayName")) == secret {
			all = append(all, o.ID)
		}
	}
	return all
}

// Unknown is text with at least one value that Entra has not chosen yet,
// as ${kind/name/property}.
type Unknown string

// Reference returns a property of an object as an Unknown. The object's name is
// escaped, because it can contain any character.
func Reference(k Key, property string) Unknown {
	return Unknown("${" + string(k.Kind) + "/" + url.PathEscape(k.Name) + "/" + property + "}")
}

// The properties that a Reference can name.
const (
	ID                 = "id"
	AppID              = "appId"
	ServicePrincipalID = "servicePrincipalId"
)

var placeholder = regexp.MustCompile(`\$\{([a-zA-Z]+)/([^/}]+)/([a-zA-Z_][a-zA-Z0-9_-]*)\}`)

// need is a property of an object that an Unknown depends on.
type need struct {
	key      Key
	property string
}

func (u Unknown) needs() []need {
	var all []need
	for _, m := range placeholder.FindAllStringSubmatch(string(u), -1) {
		all = append(all, needOf(m))
	}
	return all
}

// needOf returns the property that a match of placeholder names.
func needOf(match []string) need {
	name, err := url.PathUnescape(match[2])
	if err != nil {
		name = match[2] // the text is not from Reference
	}
	return need{Key{Kind(match[1]), name}, match[3]}
}

// Keys returns the objects that u depends on.
func (u Unknown) Keys() []Key {
	var keys []Key
	for _, n := range u.needs() {
		keys = append(keys, n.key)
	}
	return keys
}

// String returns the displayed form of u: api://<appId of STACK.NAME>.
func (u Unknown) String() string {
	return placeholder.ReplaceAllStringFunc(string(u), func(p string) string {
		n := needOf(placeholder.FindStringSubmatch(p))
		return "<" + n.property + " of " + n.key.Name + ">"
	})
}

// Resolve replaces the references whose values lookup knows. It returns an Unknown if
// a value is missing, and otherwise a string.
func (u Unknown) Resolve(lookup func(k Key, property string) string) any {
	missing := false
	s := placeholder.ReplaceAllStringFunc(string(u), func(p string) string {
		n := needOf(placeholder.FindStringSubmatch(p))
		if v := lookup(n.key, n.property); v != "" {
			return v
		}
		missing = true
		return p
	})
	if missing {
		return Unknown(s)
	}
	return s
}

// Lookup returns the property that a Reference names, or "" if it is not known yet.
func (s *State) Lookup(k Key, property string) string {
	o := s.Objects[k]
	if o == nil {
		return ""
	}
	if k.Kind == Terraform {
		return text(o.Properties, property)
	}
	switch property {
	case AppID:
		return o.AppID
	case ServicePrincipalID:
		return o.ServicePrincipalID
	default:
		return o.ID
	}
}

// resolve replaces every Unknown in v whose value lookup knows.
func resolve(v any, lookup func(Key, string) string) any {
	switch v := v.(type) {
	case Unknown:
		return v.Resolve(lookup)
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = resolve(e, lookup)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = resolve(e, lookup)
		}
		return l
	}
	return v
}

// Resolve returns body, in which every Unknown that lookup knows is replaced.
func Resolve(body map[string]any, lookup func(Key, string) string) map[string]any {
	return resolve(body, lookup).(map[string]any)
}

// Unknowns returns the Unknown leaves of v.
func Unknowns(v any) []Unknown {
	switch v := v.(type) {
	case Unknown:
		return []Unknown{v}
	case map[string]any:
		var all []Unknown
		for _, k := range sorted(v) {
			all = append(all, Unknowns(v[k])...)
		}
		return all
	case []any:
		var all []Unknown
		for _, e := range v {
			all = append(all, Unknowns(e)...)
		}
		return all
	}
	return nil
}

// within returns the displayed name of a relation, which names its ends.
func within(left, arrow, right string) string { return strings.Join([]string{left, arrow, right}, " ") }
