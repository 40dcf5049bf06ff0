package directory

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var (
	userLocalPart = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]+$`)
	mailNickname  = regexp.MustCompile(`^[^@()\\\[\]";:<>, ]{1,64}$`)
)

// CreateUser stores a new user with a first password.
func (tx *Tx) CreateUser(u *User, password string) (*User, error) {
	u = u.Clone()
	u.ID, u.CreatedDateTime, u.DeletedDateTime = newID(), tx.now, nil
	if u.UserType == "" {
		u.UserType = "Member"
	}
	if err := tx.checkUser(u); err != nil {
		return nil, err
	}
	if err := checkComplexity(password); err != nil {
		return nil, err
	}
	u.Password, u.ManagerID, u.SecurityID = hashPassword(password), "", securityID(u.ID)
	now := tx.now
	u.LastPasswordChange = &now
	tx.put(users, u)
	return u, nil
}

// UpdateUser stores a changed Clone of a user. The password does not change.
func (tx *Tx) UpdateUser(u *User) error {
	old, ok := tx.User(u.ID)
	if !ok {
		return NotFound(u.ID)
	}
	u = u.Clone()
	u.CreatedDateTime, u.DeletedDateTime, u.Password = old.CreatedDateTime, nil, old.Password
	u.ManagerID, u.SecurityID, u.Home = old.ManagerID, old.SecurityID, old.Home
	u.InviteRedirects, u.LastPasswordChange = old.InviteRedirects, old.LastPasswordChange
	if err := tx.checkUser(u); err != nil {
		return err
	}
	if u.DisplayName != old.DisplayName {
		tx.renameEnd(u.ID, u.DisplayName)
	}
	tx.put(users, u)
	return nil
}

// SetPassword sets a user's password. With force the user must change it at the next
// sign-in.
func (tx *Tx) SetPassword(userID, password string, force bool) error {
	u, ok := tx.User(userID)
	if !ok {
		return NotFound(userID)
	}
	if err := checkComplexity(password); err != nil {
		return err
	}
	u = u.Clone()
	u.Password, u.ForceChange = hashPassword(password), force
	u.Password.Changed = tx.now
	now := tx.now
	u.LastPasswordChange = &now
	tx.put(users, u)
	return nil
}

// SetManager makes one user the manager of another; an empty managerID removes the
// manager.
func (tx *Tx) SetManager(userID, managerID string) error {
	u, ok := tx.User(userID)
	if !ok {
		return NotFound(userID)
	}
	if _, ok := tx.User(managerID); managerID != "" && (!ok || !tx.Visible(managerID)) {
		return NotFound(managerID)
	}
	u = u.Clone()
	u.ManagerID = managerID
	tx.put(users, u)
	return nil
}

func (tx *Tx) checkUser(u *User) error {
	if strings.TrimSpace(u.DisplayName) == "" || len(u.DisplayName) > 256 {
		return invalidValue("User", "displayName", "It must have 1 to 256 characters.")
	}
	if !mailNickname.MatchString(u.MailNickname) {
		return invalidValue("User", "mailNickname", "It must have 1 to 64 characters that an address allows.")
	}
	if !slices.Contains([]string{"Member", "Guest"}, u.UserType) {
		return invalidValue("User", "userType", "It must be Member or Guest.")
	}
	if u.UsageLocation != nil && len(*u.UsageLocation) != 2 {
		return invalidValue("User", "usageLocation", "It must be a two-letter country code.")
	}
	local, domain, ok := strings.Cut(u.UserPrincipalName, "@")
	if !ok || !userLocalPart.MatchString(local) || len(local) > 64 && !strings.HasSuffix(local, "#EXT#") {
		return invalidValue("User", "userPrincipalName", "It must be NAME@DOMAIN.")
	}
	if !same(domain, tx.tenant.Domain) {
		return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Target: "userPrincipalName",
			Message: "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization."}
	}
	if holder, taken := tx.UserByUPN(u.UserPrincipalName); taken && holder.ID != u.ID {
		return takenValue("userPrincipalName")
	}
	return nil
}
