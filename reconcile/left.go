package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Left are the stored secrets and passwords of objects that no longer exist: the
// command that deleted them was stopped before it could remove these.
type Left struct {
	Secrets   []string // STACK/APPLICATION/NAME
	Passwords []string // userPrincipalNames

	entries []entry
}

// Empty reports whether nothing is left.
func (l Left) Empty() bool { return len(l.entries) == 0 && len(l.Passwords) == 0 }

// Left finds the files and secrets that remain of stacks after a plan that was made
// from state. Secrets of declared or existing applications stay. The users in gone are
// declared and destroyed: their passwords are included if the tenant has no such user.
func (r Reader) Left(ctx context.Context, names []string, stacks []*stack.Stack, gone []*stack.User, state *plan.State) (Left, error) {
	var left Left
	index, err := r.Keep.index()
	if err != nil {
		return left, err
	}
	declared := map[plan.Key]bool{}
	for key, a := range applications(stacks) {
		for _, secret := range a.Secrets {
			declared[plan.SecretKey(key, secret.Name)] = true
		}
	}
	var entries []entry
	var reads []graph.Read
	for _, application := range slices.Sorted(maps.Keys(index)) {
		owner, _, _ := strings.Cut(application, ".")
		if !slices.Contains(names, owner) {
			continue
		}
		for _, e := range index[application] {
			if !declared[plan.SecretKey(plan.Key{Kind: plan.Application, Name: application}, e.DisplayName)] {
				entries, reads = append(entries, e), append(reads, graph.ApplicationByAppID(e.ClientID))
			}
		}
	}
	results, err := r.Graph.Read(ctx, reads...)
	if err != nil {
		return left, err
	}
	for i, e := range entries {
		var app struct {
			PasswordCredentials []struct{ KeyID string }
		}
		if results[i].Object != nil {
			if err := json.Unmarshal(results[i].Object, &app); err != nil {
				return left, err
			}
		}
		if slices.Contains(app.PasswordCredentials, struct{ KeyID string }{e.KeyID}) {
			continue
		}
		left.entries = append(left.entries, e)
		left.Secrets = append(left.Secrets, strings.Replace(e.Application, ".", "/", 1)+"/"+e.DisplayName)
	}
	passwords, err := r.Keep.Passwords()
	if err != nil {
		return left, err
	}
	var stored []string
	for _, u := range gone {
		upn := strings.ToLower(stack.InTenant(u.UserPrincipalName, state.Tenant.ID, state.Tenant.Domain))
		if _, kept := passwords[upn]; kept && !u.Existing && !slices.Contains(stored, upn) {
			stored = append(stored, upn)
		}
	}
	// A user who was released has no mark, and state does not contain them.
	reads = nil
	for _, upn := range stored {
		reads = append(reads, graph.UserNamed(upn))
	}
	if results, err = r.Graph.Read(ctx, reads...); err != nil {
		return left, err
	}
	for i, upn := range stored {
		if results[i].Object == nil {
			left.Passwords = append(left.Passwords, upn)
		}
	}
	return left, nil
}

// Forget removes the remaining values, also from the sinks of secrets. stays contains
// an error for each value that could not be removed; these secrets are no longer valid.
func (k Keep) Forget(ctx context.Context, l Left) (stays []error, err error) {
	for _, e := range l.entries {
		one, err := k.forget(ctx, index{e.Application: {e}}, e.Application, func(entry) bool { return true })
		if stays = append(stays, one...); err != nil {
			return stays, err
		}
	}
	for _, upn := range l.Passwords {
		if err := k.setPassword(upn, "", time.Time{}); err != nil {
			return stays, err
		}
	}
	return stays, k.settlePasswords()
}
