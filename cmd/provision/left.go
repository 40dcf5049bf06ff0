package main

import (
	"context"

	"provision/plan"
	"provision/stack"
)

// forgetLeft removes stored secrets and passwords of objects that the stacks with these names no
// longer have: an earlier command was stopped before it could remove them.
func (a *app) forgetLeft(ctx context.Context, s *connection, names []string, stacks []*stack.Stack, gone []*stack.User, state *plan.State) (any bool, err error) {
	left, err := s.reader().Left(ctx, names, stacks, gone, state)
	if err != nil || left.Empty() {
		return false, err
	}
	stays, err := s.keep.Forget(ctx, left)
	a.sayStays(stays)
	if err != nil {
		return true, err
	}
	for _, name := range left.Secrets {
		a.say("removed the stored value of secret %s, which no longer exists", name)
	}
	for _, upn := range left.Passwords {
		a.say("removed the stored password of user %s, who no longer exists", upn)
	}
	return true, nil
}
