package main

import (
	"context"

	"github.com/spf13/cobra"

	"provision/protected"
	"provision/stack"
)

// onTenant reads the manifests of a command, connects to the tenant and executes the command.
// check, if it is not nil, refuses bad input before anything is changed.
func (a *app) onTenant(cmd *cobra.Command, args []string, check func([]*stack.Stack) error, do func(context.Context, *connection, []*stack.Stack) error) error {
	return a.with(a.connect, cmd, args, check, do)
}

// changing is onTenant for a command that changes the target.
func (a *app) changing(cmd *cobra.Command, args []string, check func([]*stack.Stack) error, do func(context.Context, *connection, []*stack.Stack) error) error {
	return a.with(a.connectToWrite, cmd, args, check, do)
}

func (a *app) with(connect func(context.Context) (*connection, error), cmd *cobra.Command, args []string, check func([]*stack.Stack) error, do func(context.Context, *connection, []*stack.Stack) error) error {
	stacks, err := a.load(args)
	if err != nil {
		return err
	}
	if check != nil {
		if err := check(stacks); err != nil {
			return err
		}
	}
	a.warnOfOtherProject()
	s, err := connect(cmd.Context())
	if err != nil {
		return err
	}
	defer s.close()
	if s.hosting, err = a.hosting(s, stacks); err != nil {
		return err
	}
	if err := s.hosting.resolveRemoteSinks(cmd.Context()); err != nil {
		return err
	}
	return do(cmd.Context(), s, stacks)
}

// onAPI is onTenant for a command about one protected API.
func (a *app) onAPI(cmd *cobra.Command, args []string, check func(protected.API) error, do func(context.Context, *connection, protected.API, protected.Facts) error) error {
	var p protected.API
	return a.onTenant(cmd, args, func(stacks []*stack.Stack) (err error) {
		if p, err = a.one(stacks); err != nil || check == nil {
			return err
		}
		return check(p)
	}, func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
		f, err := s.readFacts(ctx, p, stacks)
		if err != nil {
			return err
		}
		return do(ctx, s, p, f)
	})
}
