package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"provision/stack"
)

// Suite is everything that a run needs to know.
type Suite struct {
	Document *stack.Conformance
	Target   Target
	Issuer   Issuer
	Resource Resource
	// Users and Applications are the principals that may be used, the
	// preferred ones first.
	Users        []User
	Groups       []UserGroup // of the stack
	Applications []Application
	Tokens       Tokens
	Tenants      []OtherTenant // that the API admits, in addition to the issuer's
	Changes      TenantChanges

	Only          string    // case ids that contain this, * standing for anything; empty: all
	Baseline      *Baseline // failures that are known; nil: none
	OutputCommand string    // prints the settings of an API; empty: provision output --for-api
	// Rerun is the command that runs the cases of an id again, or all cases if id is "", against
	// url, or the same URL if url is ""; nil: provision verify --url URL --only ID.
	Rerun       func(id, url string) string
	Strict      bool            // notes are failures
	Concurrency int             // requests at a time; default 4
	Timeout     time.Duration   // for one case, its tokens included; default 30 s
	leaves      func(Case) bool // out, for a test; nil: nothing
	sleep       func(context.Context, time.Duration) error
	Clock       func() time.Time // the issuer's clock, which dates of hostile tokens are relative to; default time.Now
}

// Target is the API under test.
type Target struct {
	URL        string       // the base URL of the endpoints' paths; it can have a path
	HTTPClient *http.Client // default http.DefaultClient; redirects are never followed
	Header     http.Header  // headers of every request; values that look like credentials are never shown
	Rate       float64      // requests a second at most; 0: as many as Concurrency allows
}

// Issuer is the tenant that signs the tokens.
type Issuer struct {
	TenantID string
	URL      string // iss of the resource's tokens
}

// Resource is the application whose tokens the API accepts.
type Resource struct {
	Name         string // in the manifest
	AppID        string
	TokenVersion int      // 1 or 2
	Audiences    []string // every value that aud may have
	Scopes       []string // values that it exposes
	Roles        []string // values that it defines
	// OptionalClaims are the optional claims that the registration has in access tokens.
	OptionalClaims []string
	// The roles that each kind of principal may have, for the lines that skipped cases
	// suggest; nil: all Roles.
	UserRoles        []string
	ApplicationRoles []string
}

// otherRole returns a role that a type of principal may hold and that does not let its
// holder in at the endpoint, or "".
func (r Resource) otherRole(e endpoint, holdable []string) string {
	if holdable == nil {
		holdable = r.Roles
	}
	others := missing(holdable, e.everyRole())
	if others == nil {
		return ""
	}
	return others[0]
}

// OtherTenant is a tenant whose users the API admits.
type OtherTenant struct {
	Name, ID string
	// SignIn signs a user of that tenant in to the client, by name, with these
	// scopes and roles of the resource. An error that wraps ErrUnavailable has the
	// token signed instead, and nil does too.
	SignIn func(ctx context.Context, client string, scopes, roles []string) (access string, err error)
}

// UserGroup is a group of users.
type UserGroup struct {
	Name  string // in the manifest
	Claim string // its value in the groups claim: the object id, or its name
}

// User is a user who can sign in.
type User struct {
	Name        string   // in the manifest
	Roles       []string // of the resource: held directly or by a group
	GroupRoles  []string // the entries of Roles that only a group has
	Groups      []string // of the stack, by name, that the user is a member of
	Guest       bool
	Unavailable string // why no token can be had, such as a password that is not known
}

// Application is a client of the resource.
type Application struct {
	Name       string   // in the manifest
	AppID      string   // identifies ID tokens for the API's own client
	Scopes     []string // of the resource, granted or pre-authorized: scp of its users' tokens
	Roles      []string // of the resource, granted to the application itself
	SignsIn    bool     // users can sign in to it
	Credential bool     // a secret of it is available, so it can get tokens of its own
}

// Tokens gets tokens for the resource, by the same ways as any client. An
// error that wraps ErrUnavailable makes the case a skipped one.
type Tokens interface {
	// User signs user in to client, both by name, asks for scopes of the
	// resource by their values, and returns access and ID token.
	User(ctx context.Context, client, user string, scopes []string) (access, id string, err error)
	// Application returns a token of the application itself.
	Application(ctx context.Context, application string) (string, error)
	// Sign signs any claims with the issuer's key. The parameters of header are added to the
	// issuer's own. A nil parameter is omitted.
	Sign(ctx context.Context, header, claims map[string]any) (string, error)
	// SignPayload signs a payload without changing it.
	SignPayload(ctx context.Context, header map[string]any, payload []byte) (string, error)
	// Foreign returns an access token for another resource than the suite's,
	// Microsoft Graph: of the user, or of the client itself where user is "".
	Foreign(ctx context.Context, client, user string) (string, error)
	// Keys returns the issuer's key set, which is public (RFC 7517, section 5).
	Keys(ctx context.Context) ([]byte, error)
}

// ErrUnavailable means that a token is not available here. Unavailable makes errors
// that wrap it.
var ErrUnavailable = errors.New("not available")

// Unavailable returns an error that wraps ErrUnavailable and contains the reason.
func Unavailable(format string, args ...any) error {
	return unavailable(fmt.Sprintf(format, args...))
}

type unavailable string

func (u unavailable) Error() string        { return string(u) }
func (u unavailable) Is(target error) bool { return target == ErrUnavailable }

func (s *Suite) application(name string) (Application, bool) {
	i := slices.IndexFunc(s.Applications, func(a Application) bool { return a.Name == name })
	if i < 0 {
		return Application{}, false
	}
	return s.Applications[i], true
}

func (s *Suite) user(name string) (User, bool) {
	i := slices.IndexFunc(s.Users, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return s.Users[i], true
}

// asked returns the scopes that a sign-in to the client requests: the client's scopes
// that any endpoint requires, or else all its scopes. The tenant decides which of them
// it grants.
func (s *Suite) asked(client Application) []string {
	var asked []string
	for _, endpoint := range s.Document.Endpoints {
		for _, r := range endpoint.Requires.Alternatives() {
			for _, scope := range slices.Concat(r.Scopes, r.AnyScope) {
				if slices.Contains(client.Scopes, scope) && !slices.Contains(asked, scope) {
					asked = append(asked, scope)
				}
			}
		}
	}
	if asked == nil {
		return client.Scopes
	}
	return asked
}

// rerun returns the command that runs a case again, or all cases, against url.
func (s *Suite) rerun(id, url string) string {
	if s.Rerun != nil {
		return s.Rerun(id, url)
	}
	command := "provision verify"
	if url != "" {
		command += " --url " + shellWord(url)
	}
	if id != "" {
		command += " --only " + shellWord(id)
	}
	return command
}

func shellWord(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
