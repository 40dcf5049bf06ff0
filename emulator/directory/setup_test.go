package directory

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// book is a directory with helpers for tests.
type book struct {
	*testing.T
	*Directory
}

func inMemory(t *testing.T) book {
	t.Helper()
	d, err := Open("", Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	return book{t, d}
}

func (b book) update(change func(*Tx) error) {
	b.Helper()
	if err := b.Update(change); err != nil {
		b.Fatal(err)
	}
}

func (b book) application(app *Application) *Application {
	b.Helper()
	b.update(func(tx *Tx) (err error) {
		app, err = tx.CreateApplication(app)
		return err
	})
	return app
}

func (b book) principal(app *Application) (sp *ServicePrincipal) {
	b.Helper()
	b.update(func(tx *Tx) (err error) {
		sp, err = tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID, AccountEnabled: true})
		return err
	})
	return sp
}

const password = "Correct-Horse-1"

func user(name string) *User {
	return &User{DisplayName: name, MailNickname: name, UserPrincipalName: name + "@contoso.onmicrosoft.com", AccountEnabled: true}
}

func (b book) user(name string) (u *User) {
	b.Helper()
	b.update(func(tx *Tx) (err error) {
		u = user(name)
		u.UserPrincipalName = name + "@" + b.Tenant().Domain
		u, err = tx.CreateUser(u, password)
		return err
	})
	return u
}

func (b book) group(name string, members ...string) (g *Group) {
	b.Helper()
	b.update(func(tx *Tx) (err error) {
		g, err = tx.CreateGroup(&Group{DisplayName: name, MailNickname: name, SecurityEnabled: true, MemberIDs: members})
		return err
	})
	return g
}

func (b book) assign(principal, resource, role string) (a *AppRoleAssignment) {
	b.Helper()
	b.update(func(tx *Tx) (err error) {
		a, err = tx.CreateAssignment(&AppRoleAssignment{PrincipalID: principal, ResourceID: resource, AppRoleID: role})
		return err
	})
	return a
}

// code returns the error in Graph's form, "Code: message", or "" for nil.
func code(err error) string {
	var refusal *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return fmt.Sprintf("%d %s", refusal.Status, refusal.Error())
	}
	return err.Error()
}

// check compares an error with a part of the expected message; "" means no error.
func check(t *testing.T, name string, err error, want string) {
	t.Helper()
	if got := code(err); want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

func ptr[T any](v T) *T { return &v }

// id returns a fixed GUID for a name.
func id(name string) string { return uuid.NewSHA1(uuid.Nil, []byte(name)).String() }

func scope(value string) PermissionScope {
	return PermissionScope{ID: id("scope " + value), Value: value, Type: "User", IsEnabled: true,
		AdminConsentDisplayName: &value, AdminConsentDescription: &value}
}

func role(value string, members ...string) AppRole {
	if members == nil {
		members = []string{"User", "Application"}
	}
	return AppRole{ID: id("role " + value), Value: &value, DisplayName: &value, Description: &value, AllowedMemberTypes: members, IsEnabled: true}
}
