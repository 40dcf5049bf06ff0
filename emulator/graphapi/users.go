package graphapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"provision/emulator/directory"
)

// Source: learn.microsoft.com/graph/api/resources/user.
var userRoutes = []route{
	{method: "GET", pattern: "users", requires: readUsers, handle: (*call).listUsers},
	{method: "GET", pattern: "users/$count", requires: readUsers, handle: (*call).countUsers},
	{method: "POST", pattern: "users", requires: createUsers, handle: (*call).createUser},
	{method: "GET", pattern: "users/{id}", requires: readUsers, self: readSelf, handle: (*call).getUser},
	{method: "PATCH", pattern: "users/{id}", requires: writeUsers, handle: (*call).updateUser},
	{method: "DELETE", pattern: "users/{id}", requires: deleteUsers, handle: (*call).deleteUser},
	{method: "GET", pattern: "users/{id}/manager", requires: readUsers, self: readSelf, handle: (*call).getManager},
	{method: "PUT", pattern: "users/{id}/manager/$ref", requires: createUsers, handle: (*call).setManager},
	{method: "DELETE", pattern: "users/{id}/manager/$ref", requires: createUsers, handle: (*call).removeManager},
	{method: "GET", pattern: "users/{id}/directReports", requires: readUsers, self: readSelf, handle: (*call).listReports},
}

// user returns the user that the path names, by object id or principal name.
func (c *call) user(from reads) (*directory.User, error) {
	k := c.keys["id"]
	if k.property != "id" && k.property != "userPrincipalName" {
		return nil, unknownKey(k)
	}
	u, ok := from.User(k.value)
	if !ok {
		u, ok = from.UserByUPN(k.value)
	}
	if !ok {
		return nil, directory.NotFound(k.value)
	}
	return u, nil
}

// userAt is user for a key that may not name a user.
func (c *call) userAt(k key) (*directory.User, bool) {
	if u, ok := c.view.User(k.value); ok {
		return u, true
	}
	return c.view.UserByUPN(k.value)
}

func (c *call) listUsers() (answer, error) {
	return c.list(userKind, anys(c.view.Users()), func(property, value string) ([]any, bool) {
		switch property {
		case "id":
			return found(c.view.User(value))
		case "userPrincipalName":
			return found(c.view.UserByUPN(value))
		}
		return nil, false
	})
}

func (c *call) countUsers() (answer, error) { return c.count(userKind, anys(c.view.Users())) }

func (c *call) getUser() (answer, error) {
	u, err := c.user(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, userKind, u)
}

// passwordProfile is a write-only property of users.
type passwordProfile struct {
	Password           *string `json:"password"`
	ForceChange        *bool   `json:"forceChangePasswordNextSignIn"`
	ForceChangeWithMfa *bool   `json:"forceChangePasswordNextSignInWithMfa"`
	OdataType          string  `json:"@odata.type"`
}

func (b body) takePasswordProfile() (p passwordProfile, err error) {
	raw, sent := b.take("passwordProfile")
	if !sent {
		return p, nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return p, badRequest("Invalid property 'passwordProfile'.")
	}
	return p, nil
}

func (c *call) createUser() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	for _, property := range []string{"accountEnabled", "displayName", "mailNickname", "userPrincipalName"} {
		if _, ok := b.properties[property]; !ok {
			return answer{}, missing(property, "User")
		}
	}
	profile, err := b.takePasswordProfile()
	if err != nil {
		return answer{}, err
	}
	if profile.Password == nil {
		return answer{}, badRequest("A password must be specified to create a new user.")
	}
	u := &directory.User{ForceChange: profile.ForceChange == nil || *profile.ForceChange}
	if err := b.apply(u, userKind.readOnly); err != nil {
		return answer{}, err
	}
	var created *directory.User
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = tx.CreateUser(u, *profile.Password)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(userKind, created)
}

func (c *call) updateUser() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	profile, err := b.takePasswordProfile()
	if err != nil {
		return answer{}, err
	}
	if err := c.mayUpdateUser(b, profile); err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		u, err := c.user(tx)
		if err != nil {
			return err
		}
		changed := u.Clone()
		if err := b.apply(changed, userKind.readOnly); err != nil {
			return err
		}
		if profile.ForceChange != nil {
			changed.ForceChange = *profile.ForceChange
		}
		if err := tx.UpdateUser(changed); err != nil {
			return err
		}
		if profile.Password == nil {
			return nil
		}
		force := profile.ForceChange == nil || *profile.ForceChange
		return tx.SetPassword(u.ID, *profile.Password, force)
	})
}

// narrowUserWrites are the permissions that permit writes to a few properties only.
var narrowUserWrites = map[string]string{
	"accountEnabled":  "User.EnableDisableAccount.All",
	"businessPhones":  "User-Phone.ReadWrite.All",
	"mobilePhone":     "User-Phone.ReadWrite.All",
	"otherMails":      "User-Mail.ReadWrite.All",
	"passwordProfile": "User-PasswordProfile.ReadWrite.All",
}

// mayUpdateUser requires a permission for every property in the request.
func (c *call) mayUpdateUser(b body, profile passwordProfile) error {
	written := sortedKeys(b.properties)
	if profile != (passwordProfile{}) {
		written = append(written, "passwordProfile")
	}
	for _, property := range written {
		enough := "User.ReadWrite.All Directory.ReadWrite.All"
		if property == "passwordProfile" { // Directory.ReadWrite.All never sets passwords
			enough = "User.ReadWrite.All"
		}
		if ok, _ := c.caller.satisfies(oneOf(enough + " " + narrowUserWrites[property])); !ok {
			return accessDenied()
		}
	}
	return nil
}

func (c *call) deleteUser() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		u, err := c.user(tx)
		if err != nil {
			return err
		}
		return tx.DeleteUser(u.ID)
	})
}
