package signin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"provision/conformance"
)

// Request is a sign-in of a user to a client.
type Request struct {
	Authority *conformance.Authority
	Client    conformance.Client
	Account   conformance.Account
	Scopes    []string // as the authority knows them

	Tell func(message string)       // shows an instruction to the user
	Open func(address string) error // opens a browser
}

// Method gets tokens for a request.
type Method func(ctx context.Context, r Request) (conformance.Grant, error)

// patience is the maximum time for a user to sign in.
const patience = 5 * time.Minute

// methods are the ways to sign in, by the values of --sign-in.
var methods = map[string]struct {
	needsPassword bool
	get           Method
}{
	"form":     {true, form},
	"password": {true, password},
	"browser": {false, func(ctx context.Context, r Request) (conformance.Grant, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		r.Tell("sign in as " + r.Account.UserPrincipalName + " in the browser")
		return r.Authority.SignInByBrowser(ctx, r.Client, r.Account.UserPrincipalName, r.Scopes, r.Open)
	}},
	"device-code": {false, func(ctx context.Context, r Request) (conformance.Grant, error) {
		return r.Authority.SignInByDeviceCode(ctx, r.Client, r.Scopes, func(message string) {
			r.Tell("sign in as " + r.Account.UserPrincipalName + ": " + message)
		})
	}},
}

// NeedsPassword reports whether the method with a name needs the user's password.
func NeedsPassword(name string) bool { return methods[name].needsPassword }

// commandPrefix begins the method that runs a command.
const commandPrefix = "command:"

// Names returns the names of the methods, for messages.
func Names() string {
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ") + " or " + commandPrefix + "COMMAND"
}

// Named returns the method with a name.
func Named(name string) (Method, error) {
	if command, ok := strings.CutPrefix(name, commandPrefix); ok && strings.TrimSpace(command) != "" {
		return commandMethod(command), nil
	}
	if m, ok := methods[name]; ok {
		return m.get, nil
	}
	return nil, fmt.Errorf("no sign-in method %q", name)
}

// form fills in the sign-in form, and uses the password grant where the page needs a
// browser.
func form(ctx context.Context, r Request) (conformance.Grant, error) {
	if err := r.needsPassword(); err != nil {
		return conformance.Grant{}, err
	}
	return r.Authority.FormOrPassword(ctx, r.Client, r.Account, r.Scopes)
}

// password uses the resource owner password grant, which has no page and no second
// factor.
func password(ctx context.Context, r Request) (conformance.Grant, error) {
	if err := r.needsPassword(); err != nil {
		return conformance.Grant{}, err
	}
	return r.Authority.Password(ctx, r.Client, r.Account, r.Scopes)
}

func (r Request) needsPassword() error {
	if r.Account.Password == "" {
		return conformance.Unavailable("the password of %s is not known", r.Account.UserPrincipalName)
	}
	return nil
}
