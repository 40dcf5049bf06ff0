package token

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Claims is the content of a verified access token, with the same names for version 1.0
// and 2.0. Source: "Access token claims reference".
type Claims struct {
	Issuer    string
	Audience  string
	TenantID  string
	Version   string // "1.0" or "2.0"
	Subject   string // sub: pairwise, different for the same user at every API
	ObjectID  string // oid: of the user, or of the application's service principal
	ClientID  string // azp or appid: the application that requested the token
	Username  string // preferred_username, upn or unique_name: for display, never for decisions
	Name      string
	Scopes    []string // scp: the permissions of the user's client; empty in an application's own token
	Roles     []string // roles of the user, or of the application itself
	Groups    []string // object ids of the groups that the user is a member of
	Guest     bool     // acct: the user is a guest of the tenant; an optional claim
	AppOnly   bool     // an application's own token: no user is involved
	IssuedAt  time.Time
	NotBefore time.Time // zero if the token has no nbf
	Expires   time.Time

	notAccess string // the reason why this cannot be an access token, or ""
}

// HasScope reports whether the user's client was granted scope.
func (c *Claims) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// HasRole reports whether the user or the application has role.
func (c *Claims) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// InGroup reports whether the token contains the group, by its object id.
func (c *Claims) InGroup(id string) bool { return slices.Contains(c.Groups, id) }

// newClaims reads the members of a payload. A claim of the wrong type is ErrMalformed:
// an API that guesses the meaning may admit the wrong caller.
func newClaims(members map[string]any) (*Claims, error) {
	r := reader{members: members}
	c := &Claims{
		Issuer:    r.text("iss"),
		Audience:  r.text("aud"),
		TenantID:  r.text("tid"),
		Version:   r.text("ver"),
		Subject:   r.text("sub"),
		ObjectID:  r.text("oid"),
		ClientID:  r.firstText("azp", "appid"),
		Username:  r.firstText("preferred_username", "upn", "unique_name"),
		Name:      r.text("name"),
		Scopes:    strings.FieldsFunc(r.text("scp"), func(c rune) bool { return c == ' ' }),
		Roles:     r.texts("roles"),
		Groups:    r.texts("groups"),
		Guest:     fmt.Sprint(members["acct"]) == "1",
		IssuedAt:  r.date("iat"),
		NotBefore: r.date("nbf"),
		Expires:   r.date("exp"),
	}
	kind := r.text("idtyp")
	if r.err != nil {
		return nil, r.err
	}
	if _, ok := members["exp"]; !ok {
		return nil, fmt.Errorf("%w: no exp", ErrExpired)
	}
	c.classify(kind, members)
	return c, nil
}

// classify distinguishes tokens of users, tokens of applications and other tokens. The
// claim idtyp is optional. Without it, scp shows a user's token, and only in an
// application's token are subject and object id equal. An ID token has neither, and
// usually a nonce.
func (c *Claims) classify(idtyp string, members map[string]any) {
	switch idtyp {
	case "app":
		c.AppOnly = true
	case "user":
	case "":
		c.AppOnly = len(c.Scopes) == 0 && c.ObjectID != "" && c.ObjectID == c.Subject
		if len(c.Scopes) == 0 && !c.AppOnly {
			c.notAccess = "neither scp nor an application's token"
		}
	default:
		c.notAccess = fmt.Sprintf("idtyp %.20q", idtyp)
	}
	for _, name := range []string{"nonce", "at_hash", "c_hash"} {
		if _, ok := members[name]; ok {
			c.notAccess = "claim " + name + " of an id token"
		}
	}
	if c.AppOnly {
		c.Scopes = nil
	}
}

func (c *Claims) checkAccess() error {
	if c.notAccess != "" {
		return fmt.Errorf("%w: %s", ErrNotAccess, c.notAccess)
	}
	return nil
}

// reader reads typed members of a JSON object and keeps the first error.
type reader struct {
	members map[string]any
	err     error
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s is not %s", ErrMalformed, name, want)
	}
}

func (r *reader) text(name string) string {
	value, ok := r.members[name]
	if !ok {
		return ""
	}
	text, ok := value.(string)
	if !ok {
		r.fail(name, "a string")
	}
	return text
}

func (r *reader) firstText(names ...string) string {
	first := ""
	for _, name := range names {
		if text := r.text(name); first == "" {
			first = text
		}
	}
	return first
}

func (r *reader) texts(name string) []string {
	value, ok := r.members[name]
	if !ok {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		r.fail(name, "a list of strings")
	}
	var texts []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			r.fail(name, "a list of strings")
		}
		texts = append(texts, text)
	}
	return texts
}

// date reads a NumericDate, or returns the zero time if it is absent.
func (r *reader) date(name string) time.Time {
	value, ok := r.members[name]
	if !ok {
		return time.Time{}
	}
	seconds, ok := value.(float64)
	if !ok || seconds < 0 || seconds > maxDate {
		r.fail(name, "a number of seconds since 1970")
		return time.Time{}
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9))
}

// maxDate is the end of the year 9999; later dates overflow when added to.
const maxDate = 253402300799
