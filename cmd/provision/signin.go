package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/internal/display"
	"provision/plan"
	"provision/signin"
)

// signInFlag is the flag of the commands that sign in users.
func signInFlag(c *cobra.Command) {
	c.Flags().String("sign-in", "", "how users sign in: "+signin.Names()+", whose COMMAND prints an access token (default: the target's signIn, else "+defaultSignIn+")")
}

// defaultSignIn is the method if neither a flag nor the target names a method.
const defaultSignIn = "form"

// signInMethod returns the name of the configured sign-in method, or "".
func (a *app) signInMethod() string {
	return cmp.Or(a.config.GetString("sign-in"), a.config.GetString("targets."+a.config.GetString("target")+".signIn"))
}

// checkSignIn refuses a method that does not exist.
func (a *app) checkSignIn() error {
	name := a.signInMethod()
	if name == "" {
		return nil
	}
	if _, err := signin.Named(name); err != nil {
		return hint(usagef("--sign-in: %w", err), "choose %s", signin.Names())
	}
	return nil
}

// users returns how users sign in, according to the flags. By default, users sign in
// for each token on the local tenant, and their refresh tokens are stored on a real
// tenant.
func (a *app) users(s *connection) (*signin.Users, error) {
	name := a.signInMethod()
	if name == "" && s.local {
		return nil, nil
	}
	method, err := signin.Named(cmp.Or(name, defaultSignIn))
	if err != nil {
		return nil, err
	}
	if err := makeFolder(s.keep.Dir); err != nil {
		return nil, err
	}
	return &signin.Users{
		Authority: &conformance.Authority{URL: s.authority + "/" + s.tenantID, HTTPClient: s.http}, Method: method, Cache: signInCache(s.keep.Dir),
		Tell: func(message string) { a.say("%s", display.Line(message)) }, Open: a.openBrowser, Now: s.now,
	}, nil
}

// signInCache returns the folder of refresh tokens in the folder of a target.
func signInCache(dir string) signin.Cache { return signin.Cache{Dir: filepath.Join(dir, "sign-ins")} }

// passwordNeeded reports whether users sign in with a password that provision has to know.
func (a *app) passwordNeeded() bool {
	return signin.NeedsPassword(cmp.Or(a.signInMethod(), defaultSignIn))
}

// forget removes the stored sign-ins of the target, or of one user.
func (a *app) forget(args []string, name string) error {
	dir, err := a.targetDir()
	if err != nil {
		return err
	}
	who := func(signin.Kept) bool { return true }
	if name != "" {
		stacks, err := a.load(args)
		if err != nil {
			return err
		}
		locals := map[string]bool{} // before the @, in lower case: the domain is the tenant's
		for _, s := range stacks {
			for _, u := range s.Users {
				if u.Name == name {
					local, _, _ := strings.Cut(u.UserPrincipalName, "@")
					locals[strings.ToLower(local)] = true
				}
			}
		}
		if len(locals) == 0 {
			return hint(usagef("no stack has a user %q", name), "leave out --user to forget the sign-ins of all users")
		}
		who = func(k signin.Kept) bool {
			local, _, _ := strings.Cut(k.User, "@")
			return locals[strings.ToLower(local)]
		}
	}
	n, err := signInCache(dir).Forget(who)
	if err != nil {
		return fmt.Errorf("forget the sign-ins: %w", err)
	}
	a.give("forgotten", n)
	_, err = fmt.Fprintf(a.stdout, "forgot %s of target %s\n", count(n, "sign-in"), a.config.GetString("target"))
	return err
}

// forgetDeleted removes the kept sign-ins of users, and to clients, that a plan has deleted.
func (s *connection) forgetDeleted(p *plan.Plan, state *plan.State) error {
	_, err := signInCache(s.keep.Dir).Forget(func(k signin.Kept) bool {
		return slices.ContainsFunc(p.Steps, func(step plan.Step) bool {
			switch {
			case step.Action != plan.Delete:
				return false
			case step.Kind == plan.Application:
				return state.Lookup(step.Key, plan.AppID) == k.ClientID
			}
			return step.Kind == plan.User && strings.EqualFold(step.Name, k.User)
		})
	})
	if err != nil {
		return fmt.Errorf("forget the sign-ins of deleted users: %w", err)
	}
	return nil
}
