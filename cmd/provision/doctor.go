package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"provision/doctor"
	"provision/graph"
	"provision/internal/display"
	"provision/reconcile"
	"provision/stack"
	"provision/terraform"
)

func (a *app) doctor() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Check whether the commands for a target can work",
		Long: `doctor checks the program and its configuration, the connection to the tenant (proxy,
TLS, clock), the sign-in, and whether the account has the permissions that the manifests at
or below DIR (default manifests/) need. It changes nothing. Each line is ok, warning, failure
or skipped, with the command or the step that fixes the problem. Exit code 3: there are failures.`,
		Example: "  provision doctor\n  provision doctor manifests/ --target staging\n  provision doctor --target staging -o json | jq '.result.findings[] | select(.status != \"ok\")'",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.examine(cmd.Context(), args)
		},
	}
	return c
}

func (a *app) examine(ctx context.Context, args []string) error {
	s, done, err := a.doctorSubject(ctx, args)
	if err != nil {
		return err
	}
	defer done()
	findings, failures := []doctor.Finding{}, 0
	doctor.Examine(ctx, s, func(f doctor.Finding) {
		findings = append(findings, f)
		if f.Status == doctor.Failure {
			failures++
		}
		fmt.Fprintf(a.stdout, "%-8s %-16s %s\n", f.Status, f.Check, display.Line(f.Message))
		if f.Hint != "" {
			fmt.Fprintf(a.stdout, "%-8s %-16s %s\n", "", "  try", display.Line(f.Hint))
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	a.give("findings", findings)
	if failures > 0 {
		fmt.Fprintf(a.stdout, "\n%s\n", count(failures, "failure"))
		return errNo
	}
	return nil
}

// doctorSubject collects the flags, provision.yaml and the manifests. Mistakes in the
// manifests are findings.
func (a *app) doctorSubject(ctx context.Context, args []string) (s *doctor.Subject, done func(), err error) {
	folder, err := a.targetDir()
	if err != nil {
		return nil, nil, err
	}
	target := a.config.GetString("target")
	in, err := a.cloudOf(target)
	if err != nil {
		return nil, nil, err
	}
	s = &doctor.Subject{
		Program: readBuild().String(), Dir: directory(args), Target: target, Folder: folder, Now: a.now, Command: a.command,
		Proxy: http.ProxyFromEnvironment,
		Terraform: func(ctx context.Context) (string, error) {
			p, err := terraform.Find(ctx)
			return p.Name() + " " + p.Version + " (" + p.Path + ")", err
		},
	}
	s.Stacks, s.LoadError = a.load(args)
	var mistakes stack.Mistakes
	if len(args) > 0 && errors.As(s.LoadError, &mistakes) && len(mistakes) == 1 && mistakes[0].Pos == (stack.Position{File: args[0]}) {
		return nil, nil, s.LoadError // the folder is misspelt, or contains no stack
	}
	home := a.homeOf(target)
	if target == stack.Local || home == stack.Local {
		s.Local = true
		c, err := a.connect(ctx)
		if errors.As(err, new(usage)) || ctx.Err() != nil {
			return nil, nil, err
		}
		if err != nil {
			var h hinted
			if errors.As(err, &h) {
				s.UnopenedHint = h.hint
			}
			s.Unopened = err
			return s, func() {}, nil
		}
		if home != "" {
			s.Home, s.HomeTenantID = home, c.home.TenantID
			s.ConnectHome = func() (*graph.Client, error) { return c.home.Graph, nil }
		}
		s.TenantID, s.Authority, s.Graph, s.Credential, s.HTTP = c.tenantID, c.authority, c.authority, "administrator of the local tenant", c.http
		s.Connect = func() (*graph.Client, error) { return c.graph, nil }
		s.Refusals = a.refusalTexts(func() *connection { return c }, s.Stacks)
		return s, c.close, nil
	}
	if s.TenantID, err = a.realTenant(target); err != nil {
		return nil, nil, err
	}
	s.Authority, s.Graph, s.Credential = in.Authority(), in.GraphURL(), cmp.Or(a.config.GetString("targets."+target+".credential"), "default")
	s.HTTP = &http.Client{Timeout: 30 * time.Second}
	var c *connection
	s.Connect = func() (*graph.Client, error) {
		if c, err = a.connectReal(target); err != nil {
			return nil, err
		}
		return c.graph, nil
	}
	if home != "" {
		s.Home = home
		if s.HomeTenantID, err = a.realTenant(home); err != nil {
			return nil, nil, err
		}
		s.ConnectHome = func() (*graph.Client, error) {
			at, err := a.connectReal(home)
			if err != nil {
				return nil, err
			}
			c.home = reconcile.Home{Graph: at.graph, ApplyCommand: a.homeCommand(home)}
			return at.graph, nil
		}
	}
	s.Refusals = a.refusalTexts(func() *connection { return c }, s.Stacks)
	return s, func() {}, nil
}

// refusalTexts returns a function that lists the violations of the app management policy by stacks.
// connected returns the connection when the function is called.
func (a *app) refusalTexts(connected func() *connection, stacks []*stack.Stack) func(context.Context) ([]string, error) {
	return func(ctx context.Context) (texts []string, err error) {
		c := connected()
		state, err := c.reader().Read(ctx, stacks, nil)
		if err != nil {
			return nil, err
		}
		all, err := a.refusals(ctx, c, state, stacks)
		for _, r := range all {
			texts = append(texts, fmt.Sprintf("application %s/%s: %s (%s)", r.Stack, r.Application, r.Message, r.Restriction))
		}
		return texts, err
	}
}
