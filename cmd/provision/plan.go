package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/stack"
)

func (a *app) plan() *cobra.Command {
	c := &cobra.Command{
		Use:   "plan [DIR]",
		Short: "Show what apply would do, property by property",
		Long: `plan compares the stacks at or below DIR (default manifests/) with the tenant and
prints what apply would create, change and delete. It changes nothing. With --out it
also writes the plan to a file for apply; the file contains no secrets.

--target also takes several targets, or all: plan then ends with a table of what differs
between them.`,
		Example: "  provision plan manifests/\n  provision plan manifests/ --out reviewed.json\n  provision plan manifests/ --detailed-exitcode   # exit 3 if the plan has changes\n  provision plan manifests/ -o json",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := a.planOptions()
			targets, err := a.targets()
			if err != nil {
				return err
			}
			if len(targets) > 1 && o.out != "" {
				return hint(usagef("--out takes the plan of one target"), "make a plan for each target")
			}
			if o.out != "" {
				if err := checkPrivateFile("out", o.out); err != nil {
					return err
				}
			}
			plans := map[string]*plan.Plan{}
			err = a.onEach(false, func(target string) error {
				err := a.onTenant(cmd, args, nil, func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
					p, state, err := s.planWith(ctx, stacks, o.saved)
					if err != nil {
						return err
					}
					if !o.noFiles {
						if err := a.planFiles(ctx, s, stacks, p, state); err != nil {
							return err
						}
						if err := (reconcile.Applier{Keep: s.keep, Now: s.now}).CheckFiles(ctx, p); err != nil {
							p.Warnings = append(p.Warnings, fmt.Sprintf("%v; apply refuses this", err))
						}
					}
					plans[target] = p
					if err := a.showPlan(p, true); err != nil {
						return err
					}
					if err := a.sayRefusals(ctx, s, p, state, stacks); err != nil {
						return err
					}
					if a.homeOf(target) == "" { // the tenant of a customer has no registrations
						if err := a.sayViolations(ctx, s, p, state, stacks); err != nil {
							return err
						}
					}
					if err := p.CheckDeletes(state, o.saved.AllowDeletes, preventedNow(stacks, state)); err != nil {
						a.say("note: apply refuses this: %v", err)
					}
					if err := a.savePlan(p, directory(args), o); err != nil {
						return err
					}
					if o.detailedExitCode && !p.Empty() {
						return errNo
					}
					return nil
				})
				if a.waitsForHome(target, plans, err) {
					a.say("note: target %s cannot be planned yet: apply to target %s first, or to all targets", target, a.homeOf(target))
					if err = nil; o.detailedExitCode {
						err = errNo
					}
				}
				return err
			})
			if len(targets) == 1 || err != nil && !errors.Is(err, errNo) {
				return err
			}
			a.give("plans", plans)
			planned := slices.DeleteFunc(targets, func(target string) bool { return plans[target] == nil })
			if len(planned) < 2 {
				return err
			}
			return cmp.Or(a.comparePlans(planned, plans), err)
		},
	}
	c.Flags().Bool("detailed-exitcode", false, "exit 3 if the plan has changes")
	c.Flags().Bool("no-files", false, "leave out Output files: they differ on a machine that has not applied the stacks")
	c.Flags().String("out", "", "write the plan to this file, for apply")
	planFlags(c)
	fileFlags(c)
	optionalHosting(c)
	return c
}

// planOptions are the flags of plan.
type planOptions struct {
	saved            plan.SavedOptions
	out              string // file for the plan; "" writes none
	noFiles          bool
	detailedExitCode bool
}

func (a *app) planOptions() planOptions {
	c := a.config
	return planOptions{saved: a.savedOptions(), out: c.GetString("out"), noFiles: c.GetBool("no-files"), detailedExitCode: c.GetBool("detailed-exitcode")}
}

func (a *app) showPlan(p *plan.Plan, details bool) error {
	a.give("plan", p)
	return p.Text(a.stdout, colors(a.raw.stdout), details)
}

// diff reads the tenant and plans.
func (s *connection) diff(ctx context.Context, stacks []*stack.Stack, o plan.Options) (*plan.Plan, *plan.State, error) {
	return s.diffBy(ctx, s.reader(), stacks, o)
}

// diffBy is diff with a given reader.
func (s *connection) diffBy(ctx context.Context, reader reconcile.Reader, stacks []*stack.Stack, o plan.Options) (*plan.Plan, *plan.State, error) {
	o.ResetPasswords, o.ApplyCommand = o.ResetPasswords || s.local, s.command("apply")
	for _, st := range stacks {
		if st.Prune != "" {
			o.Prune = append(o.Prune, st.Name)
		}
		if st.Deleted != "" {
			if o.Deleted == nil {
				o.Deleted = map[string]string{}
			}
			o.Deleted[st.Name] = st.Deleted
		}
	}
	if s.manage != nil {
		reader.Prove = s.manage.Prove
	}
	state, err := s.readBy(ctx, reader, stacks, o.Destroy)
	if err != nil {
		return nil, nil, err
	}
	if err := s.hosting.plan(ctx, stacks, o.Destroy, state); err != nil {
		return nil, nil, err
	}
	p, err := plan.Diff(stacks, state, o)
	if err != nil {
		return nil, nil, err
	}
	p.Notes = append(p.Notes, excludedNotes(p, stacks, state.Tenant, s.target)...)
	p.DestroyCommand = s.destroy
	p.Warnings = append(p.Warnings, findWarnings(ctx, stacks, sinks().GitHub)...)
	return p, state, nil
}

// excludedObjects are the documents of the stacks that the target does not get, as objects of a tenant.
func excludedObjects(stacks []*stack.Stack, tenant plan.Tenant) map[plan.Key]stack.Excluded {
	excluded := map[plan.Key]stack.Excluded{}
	for _, s := range stacks {
		for _, e := range s.Excluded {
			name := cmp.Or(e.Protection.RenamedFrom, e.Name)
			switch e.Kind {
			case "Application":
				excluded[plan.Key{Kind: plan.Application, Name: stack.UniqueName(s.Name, name)}] = e
			case "Group":
				excluded[plan.Key{Kind: plan.Group, Name: stack.GroupUniqueName(s.Name, name)}] = e
			case "User":
				excluded[plan.Key{Kind: plan.User, Name: strings.ToLower(stack.InTenant(e.UserPrincipalName, tenant.ID, tenant.Domain))}] = e
			case "Terraform":
				excluded[plan.TerraformKey(s.Name, e.Name)] = e
			}
		}
	}
	return excluded
}

// excludedNotes explains deletions of objects that metadata.targets excludes.
func excludedNotes(p *plan.Plan, stacks []*stack.Stack, tenant plan.Tenant, target string) (notes []string) {
	excluded := excludedObjects(stacks, tenant)
	for _, step := range p.Steps {
		if e, ok := excluded[step.Key]; ok && step.Action == plan.Delete {
			notes = append(notes, fmt.Sprintf("%s is deleted because metadata.targets excludes %s %s for target %s (%s)", step.Key, strings.ToLower(e.Kind), e.Name, target, e.Pos))
		}
	}
	return notes
}

// read reads the tenant, or returns the state that this command has already read, with the changes
// that it made since then.
func (s *connection) read(ctx context.Context, stacks []*stack.Stack) (*plan.State, error) {
	if s.state != nil {
		return s.state, nil
	}
	return s.readBy(ctx, s.reader(), stacks, nil)
}

// readBy is read with a given reader.
func (s *connection) readBy(ctx context.Context, reader reconcile.Reader, stacks []*stack.Stack, others []string) (*plan.State, error) {
	if err := s.checkTenant(ctx); err != nil {
		return nil, err
	}
	reader.Keep = s.keep // with the tenant
	state, err := reader.Read(ctx, stacks, others)
	s.state = state
	if err == nil && !s.local && state.Tenant.ID != "" { // provision.yaml may name the tenant by a domain
		s.tenantID, s.v1Issuer = state.Tenant.ID, s.cloud.IssuerV1(state.Tenant.ID)
		if s.writes {
			err = s.checkRecords()
		}
	}
	return state, err
}

// checkRecords refuses to change a tenant while the folder of its target has the secrets of another
// one.
func (s *connection) checkRecords() error {
	err := s.keep.CheckTenant(s.tenantID)
	if errors.As(err, new(*sink.Refused)) {
		return hint(err, "add a target of another name for tenant %s to provision.yaml, move the folder away (`%s`), or use --overwrite to replace the secrets",
			s.tenantID, moveAway(s.keep.Dir))
	}
	return err
}

// checkTenant refuses a credential that signs in to another tenant than the target's: some
// take the tenant from the environment.
func (s *connection) checkTenant(ctx context.Context) error {
	if s.local {
		return nil
	}
	t, err := s.graph.Tenant(ctx)
	if err != nil || t.Named(s.tenantID) {
		s.keep.Sinks.Vaults.Tenant = t.ID
		return err
	}
	return hint(usagef("target %s is tenant %s, and the credential signs in to tenant %s (%s)", s.target, s.tenantID, t.ID, t.Domain),
		"check AZURE_TENANT_ID, or set another credential for the target in provision.yaml")
}

func (s *connection) reader() reconcile.Reader {
	return reconcile.Reader{Graph: s.graph, Home: s.home, Keep: s.keep, Now: s.now, Lag: s.lag, RotateCommand: s.command("rotate"), Accepts: s.accepts}
}

// applyPlan applies a plan, shows its progress, and lists the steps that were not
// executed.
func (a *app) applyPlan(ctx context.Context, s *connection, p *plan.Plan, state *plan.State, stacks []*stack.Stack) (reconcile.Done, error) {
	a.began = true
	progress := a.progress()
	defer progress.end()
	s.hosting.tell = progress.note
	done, err := reconcile.Applier{Hosting: s.hosting, Graph: s.graph, Keep: s.keep, Now: s.now, Lag: s.lag, Patience: a.config.GetDuration("patience"),
		Outputs:  func(ctx context.Context, state *plan.State) error { return a.writeOutputs(ctx, s, stacks, state) },
		Progress: func(n, of int, step plan.Step) { progress.begin(n, of, fmt.Sprintf("%s %s", step.Action, step.Key)) },
		Waiting: func(step plan.Step, err error) {
			progress.wait(fmt.Sprintf("for replication before %s %s", step.Action, step.Key))
		}}.Apply(ctx, p, state)
	progress.end()
	s.state = done.State
	for _, w := range done.Warnings {
		a.say("warning: %s", w)
	}
	a.sayStays(done.Stays)
	var rest *reconcile.Incomplete
	if errors.As(err, &rest) {
		a.sayIncomplete(rest)
	}
	return done, err
}

// confirm asks before a real tenant is changed.
func (a *app) confirm(ctx context.Context, s *connection, what string) error {
	if s.local || a.config.GetBool("yes") {
		return nil
	}
	if !isTerminal(a.stdin) {
		review := ""
		switch a.verb {
		case "apply":
			review = s.command("plan")
		case "destroy", "gc":
			review = a.again("--plan")
		}
		if review != "" {
			review = fmt.Sprintf("review the plan with `%s`, then ", review)
		}
		return hint(usagef("%s changes tenant %s and requires confirmation, but standard input is not a terminal", a.verb, s.target), "%suse --yes: `%s`", review, a.again("--yes"))
	}
	fmt.Fprintf(a.stderr, "%s tenant %s (%s)? Type yes: ", what, s.target, s.tenantID)
	answer := make(chan string, 1)
	go func() {
		var text string
		_, _ = fmt.Fscanln(a.stdin, &text) // an unreadable answer is not "yes"
		answer <- text
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case text := <-answer:
		if strings.EqualFold(text, "yes") {
			return nil
		}
	}
	return hint(fmt.Errorf("not confirmed; nothing was changed"), "answer yes, or use --yes: `%s`", a.again("--yes"))
}
