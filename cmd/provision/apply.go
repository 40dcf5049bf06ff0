package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/protected"
	"provision/stack"
)

func (a *app) apply() *cobra.Command {
	c := &cobra.Command{
		Use:   "apply [DIR | PLAN]",
		Short: "Make the tenant match the manifests",
		Long: `apply makes the tenant match the stacks at or below DIR (default manifests/): it
creates missing objects, reverts changes made by hand, and removes objects that a
stack owns and no longer declares. A second apply changes nothing. If apply is
interrupted, the next apply continues from there.

Deleted objects stay in the recycle bin, unless --purge is given or their names are
needed. PLAN is a file that plan --out wrote: apply makes exactly
the changes in the plan, or refuses if the manifests or the tenant have changed since.

--target also takes several targets, or all: apply does one after another, and stops at
the first that fails or, with --verify, whose verification fails.`,
		Example: "  provision apply manifests/\n  provision apply manifests/ --verify      # and prove the API\n  provision apply manifests/ --target staging --yes\n  provision plan manifests/ --out reviewed.json && provision apply reviewed.json",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.applyOptions()
			if err != nil {
				return err
			}
			var check func([]*stack.Stack) error
			if o.verify {
				check = func(stacks []*stack.Stack) error { return a.checkChoice(stacks, o.verification) }
			}
			saved, args, err := a.savedPlan(cmd, args)
			if err != nil {
				return err
			}
			return a.onEach(true, func(target string) error {
				verify := o.verify && a.homeOf(target) == "" // the API is verified in its own tenant
				return a.changing(cmd, args, check, func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
					if err := a.applyStacks(ctx, s, stacks, saved); err != nil {
						return err
					}
					state, err := s.read(ctx, stacks)
					if err != nil {
						return err
					}
					if err := a.writeOutputs(ctx, s, stacks, state); err != nil {
						return err
					}
					s.written()
					a.warnOfGit(ctx, s.keep.Sinks, secretFiles(stacks))
					if verify {
						fmt.Fprintln(a.stdout)
						if err := a.verifyStacks(ctx, s, stacks, o.verification); err != nil {
							return err
						}
					}
					a.whatNext(stacks, state, verify)
					return nil
				})
			})
		},
	}
	c.Flags().Bool("verify", false, "verify the API of each stack after the apply; exit 3 if a case fails")
	c.Flags().Bool("yes", false, "change a real tenant without asking for confirmation")
	planFlags(c)
	writerFlags(c)
	fileFlags(c)
	optionalHosting(c)
	reportFlags(c)
	return c
}

// applyOptions are the flags of apply.
type applyOptions struct {
	verify       bool
	verification verifyOptions // read only with verify
}

func (a *app) applyOptions() (o applyOptions, err error) {
	if o.verify = a.config.GetBool("verify"); o.verify {
		o.verification, err = a.verifyOptions()
	}
	return o, err
}

func (a *app) applyStacks(ctx context.Context, s *connection, stacks []*stack.Stack, saved *plan.SavedPlan) error {
	s.hosting.reviewed = saved != nil
	options := a.savedOptions()
	if saved != nil {
		options = saved.Options
		options.AllowDeletes = options.AllowDeletes || a.config.GetBool("allow-deletes")
	}
	p, state, err := s.planWith(ctx, stacks, options)
	if err != nil {
		return err
	}
	if saved != nil {
		if err := a.asReviewed(p, saved); err != nil {
			return err
		}
	}
	if err := a.planFiles(ctx, s, stacks, p, state); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "tenant %s (%s)\n", s.target, state.Tenant.Domain)
	a.give("plan", p)
	if err := s.keep.RecordLocations(ctx, state, s.accepts); err != nil {
		return err
	}
	if p.Empty() {
		if _, err := a.forgetLeft(ctx, s, stackNames(stacks), stacks, nil, state); err != nil {
			return err
		}
		return a.applied(p, 0)
	}
	if err := p.Text(a.stdout, colors(a.raw.stdout), true); err != nil {
		return err
	}
	if err := a.sayRefusals(ctx, s, p, state, stacks); err != nil {
		return err
	}
	if len(p.Distrusted) > 0 {
		return p.Distrusted
	}
	if err := p.CheckDeletes(state, options.AllowDeletes, preventedNow(stacks, state)); err != nil {
		return err
	}
	if len(p.Steps) > 0 && saved == nil {
		if err := a.confirm(ctx, s, "apply that to"); err != nil {
			return err
		}
	}
	done, err := a.applyPlan(ctx, s, p, state, stacks)
	if err != nil {
		return err
	}
	if p.Restores() {
		if saved != nil {
			return hint(fmt.Errorf("the deleted objects are restored, and the rest must be planned again"), "review it: `%s`", a.commandAt(nil, "plan", filepath.FromSlash(saved.Dir), "--out", "FILE"))
		}
		fmt.Fprintf(a.stdout, "restored %s\n\n", count(len(p.Steps), "object"))
		return a.applyStacks(ctx, s, stacks, nil)
	}
	if err := a.removeOutputs(s, p); err != nil {
		return err
	}
	if _, err := a.forgetLeft(ctx, s, stackNames(stacks), stacks, nil, state); err != nil {
		return err
	}
	return a.applied(p, done.Writes)
}

func (a *app) applied(p *plan.Plan, writes int) error {
	a.give("writes", writes)
	if p.Empty() {
		return p.Text(a.stdout, colors(a.raw.stdout), false)
	}
	hosted, moved := 0, 0
	for _, step := range p.Steps {
		switch {
		case step.Kind == plan.Terraform:
			hosted++
		case step.Kind == plan.Secret && step.Action == plan.Update:
			moved++
		}
	}
	done := count(writes, "write")
	if moved > 0 {
		done += ", " + count(moved, "secret") + " moved"
	}
	if hosted > 0 {
		done += ", " + count(hosted, "run") + " of Terraform"
	}
	_, err := fmt.Fprintf(a.stdout, "applied with %s\n", done)
	return err
}

// whatNext ends a run with suggestions for the next commands.
func (a *app) whatNext(stacks []*stack.Stack, state *plan.State, verified bool) {
	var lines [][2]string
	add := func(what, verb string, args ...string) {
		lines = append(lines, [2]string{a.command(verb, args...), what})
	}
	if all := protected.APIs(stacks); len(all) > 0 {
		stated := slices.ContainsFunc(all, func(p protected.API) bool { return p.Documents[0].URL != "" })
		switch {
		case verified:
		case stated:
			add("verify the API at the URL that the Conformance document states", "verify")
		case len(all) == 1 && hostedAt(all[0].Stack, state) != "":
			add("verify the API that the stack hosts", "verify", "--url", hostedAt(all[0].Stack, state))
		default:
			add("verify the bundled API, or yours with --url URL", "verify")
		}
		if len(all) == 1 && len(all[0].Stack.Users) > 0 {
			add("get a token for a user", "token", "--user", all[0].Stack.Users[0].Name, "--decode")
			add("serve the bundled API, to call it with curl", "serve")
		}
	}
	add("show what a change to the manifests would do", "plan")
	if slices.ContainsFunc(stacks, keepsObjects) {
		add("give the objects back: remove the marks, delete nothing", "release")
	} else {
		add("delete everything that the stack owns", "destroy")
	}
	width := 0
	for _, l := range lines {
		width = max(width, len(l[0]))
	}
	fmt.Fprintln(a.stdout, "\nWhat to try next:")
	for _, l := range lines {
		fmt.Fprintf(a.stdout, "  %-*s  %s\n", width, l[0], l[1])
	}
}

// hostedAt returns the URL that the hosting of a stack gives as its output url, or "" if there is none
// or several.
func hostedAt(s *stack.Stack, state *plan.State) (url string) {
	for _, t := range s.Terraforms {
		if text := state.Lookup(plan.TerraformKey(s.Name, t.Name), "url"); text != "" {
			if url != "" {
				return ""
			}
			url = text
		}
	}
	return url
}

// keepsObjects reports whether a stack contains objects that existed before it or that
// its manifests protect. Then provision does not suggest destroy.
func keepsObjects(s *stack.Stack) bool {
	return s.Protects() || slices.ContainsFunc(s.Applications, func(one *stack.Application) bool { return one.Adopt != "" })
}
