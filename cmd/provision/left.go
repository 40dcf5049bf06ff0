package main

import (
	"context"

	"provision/plan"
	"provision/stack"
)

// forgetLeft removes the secrets and passwords that are kept of what the stacks
// of these names no longer have: an earlier command was stopped before it could.
func (a *app) forgetLeft(ctx context.Context, s *session, names []string, stacks []*stack.Stack, gone []*stack.User, state *plan.State) (any bool, err error) {
	left, err := s.reader().Left(ctx, names, stacks, gone, state)
	if err != nil || left.Empty() {
		return false, err
	}
	stays, err := s.keep.Forget(ctx, left)
	for _, why := range stays {
		a.say("warning: the text of a revoked secret stays where it is: %v", why)
	}
	if err != nil {
		return true, err
	}
	for _, name := range left.Secrets {
		a.say("removed what was kept of secret %s, which is no more", name)
	}
	for _, upn := range left.Passwords {
		a.say("removed the password of user %s, who is no more", upn)
	}
	return true, nil
}
