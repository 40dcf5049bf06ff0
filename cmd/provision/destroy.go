package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/internal/display"
	"provision/plan"
	"provision/stack"
	"provision/status"
)

func (a *app) destroy() *cobra.Command {
	c := &cobra.Command{
		Use:   "destroy [DIR]",
		Short: "Delete the objects that the stacks own",
		Long: `destroy deletes the objects that the stacks at or below DIR (default manifests/)
own in the tenant, and nothing else. It also purges them from the recycle bin, so
that their names can be used again immediately. With --stack no manifests are needed:
the marks in the tenant identify the objects of the stack.

destroy refuses to delete objects that a manifest protects with prevent: [delete], and
objects that were protected at the last apply: tags of the stack's applications show
which. A stack without applications, and an environment, have no such tags.`,
		Example: "  provision destroy manifests/\n  provision destroy --stack vscode-fastapi\n  provision destroy manifests/ --no-purge      # leave it in the recycle bin",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := a.deleteOptions()
			o.stacks = a.config.GetStringSlice("stack")
			names, stacks, err := a.named(args, o.stacks)
			if err != nil {
				return err
			}
			s, err := a.connectToWrite(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			return a.deleteStacks(cmd.Context(), s, names, stacks, o)
		},
	}
	c.Flags().StringSlice("stack", nil, "name of a stack to delete by its marks in the tenant, without manifests (may be repeated)")
	noSettings(c, "stack") // PROVISION_STACK is also a variable of hosted APIs
	c.Flags().Bool("plan", false, "show what destroy would delete, and delete nothing")
	deleteFlags(c)
	return c
}

// named returns the names that --stack gives, or else the stacks of the folder that the
// arguments name, and their names.
func (a *app) named(args, names []string) ([]string, []*stack.Stack, error) {
	if len(names) == 0 {
		stacks, err := a.load(args)
		return stackNames(stacks), stacks, err
	}
	if len(args) > 0 {
		return nil, nil, hint(usagef("%s takes a folder or --stack, not both", a.verb), "see `provision %s --help`", a.verb)
	}
	a.where = nil
	for _, name := range names {
		a.where = append(a.where, "--stack", name)
	}
	return names, nil, nil
}

// deleteFlags decide how stacks are deleted.
func deleteFlags(c *cobra.Command) {
	c.Flags().Bool("no-purge", false, "leave the deleted objects in the recycle bin")
	c.Flags().Bool("force", false, "delete a stack even if another stack refers to it")
	c.Flags().Bool("yes", false, "change a real tenant without asking for confirmation")
	writerFlags(c)
	hostingFlags(c)
	c.Flags().Bool("overwrite", false, "remove Output files even if they changed after provision wrote them")
}

// deleteOptions are the flags of destroy and gc that decide how stacks are deleted.
type deleteOptions struct {
	stacks    []string // named without manifests
	showOnly  bool     // --plan
	noPurge   bool
	force     bool
	confirmed func() error // called right before anything is deleted; nil: nothing is left to check
}

func (a *app) deleteOptions() deleteOptions {
	c := a.config
	return deleteOptions{showOnly: c.GetBool("plan"), noPurge: c.GetBool("no-purge"), force: c.GetBool("force")}
}

// deleteStacks deletes the objects of the stacks with these names. stacks are their manifests, if
// they were read.
func (a *app) deleteStacks(ctx context.Context, s *connection, names []string, stacks []*stack.Stack, o deleteOptions) error {
	var err error
	if s.hosting, err = a.hosting(s, stacks); err != nil {
		return err
	}
	reader := s.reader()
	reader.Manifests = stacks
	p, state, err := s.diffBy(ctx, reader, nil, plan.Options{Destroy: names,
		KeepDeleted: o.noPurge, Force: o.force})
	if err != nil {
		return err
	}
	a.sayReleased(state, names)
	if err := a.known(s, o.stacks, p); err != nil {
		return err
	}
	p.Orphans, p.Notes = nil, nil
	for _, name := range names {
		if err := a.planRemoval(s, name, nil, p); err != nil {
			return err
		}
	}
	if err := a.noteLeft(s, stacks); err != nil {
		return err
	}
	a.give("plan", p)
	a.give("writes", 0)
	var users []*stack.User
	for _, st := range stacks {
		users = append(users, st.Users...)
	}
	if !o.showOnly {
		if err := s.keep.RecordLocations(ctx, state, s.accepts); err != nil {
			return err
		}
	}
	if p.Empty() {
		left := false
		if !o.showOnly {
			if left, err = a.forgetLeft(ctx, s, names, nil, users, state); err != nil {
				return err
			}
			if err := s.hosting.forgetPlanned(names); err != nil {
				return err
			}
		}
		if !left {
			fmt.Fprintln(a.stdout, "nothing to do: the tenant has no objects of these stacks")
			for _, warning := range p.Warnings {
				fmt.Fprintf(a.stdout, "warning: %s\n", display.Line(warning))
			}
			a.noteEnvironments(state, stacks)
		}
		return nil
	}
	if err := a.showPlan(p, false); err != nil {
		return err
	}
	if err := p.CheckDeletes(state, true, preventedNow(stacks, state)); err != nil {
		return err
	}
	if o.showOnly {
		return nil
	}
	if len(p.Steps) > 0 {
		if err := a.confirm(ctx, s, "destroy all that in"); err != nil {
			return err
		}
	}
	if o.confirmed != nil {
		if err := o.confirmed(); err != nil {
			return err
		}
	}
	done, err := a.applyPlan(ctx, s, p, state, nil)
	if err != nil {
		return err
	}
	if err := s.forgetDeleted(p, state); err != nil {
		return err
	}
	if err := a.removeOutputs(s, p); err != nil {
		return err
	}
	if _, err := a.forgetLeft(ctx, s, names, nil, users, state); err != nil {
		return err
	}
	if err := s.hosting.forgetPlanned(names); err != nil {
		return err
	}
	a.give("writes", done.Writes)
	fmt.Fprintf(a.stdout, "destroyed with %s\n", count(done.Writes, "write"))
	return nil
}

// sayReleased names the groups that destroy does not delete because their stack was released.
func (a *app) sayReleased(state *plan.State, names []string) {
	var notes []string
	for _, o := range state.Objects {
		if owner, _ := stack.StackOfGroup(o.Name); o.Kind == plan.Group && o.Stack == "" && slices.Contains(names, owner) {
			notes = append(notes, fmt.Sprintf("note: %s is not deleted, because stack %s was released", o, owner))
		}
	}
	for _, note := range slices.Sorted(slices.Values(notes)) {
		a.say("%s", note)
	}
}

// noteEnvironments names the environments of stacks that destroy was not told to delete: the
// suffix can be misspelt or missing.
func (a *app) noteEnvironments(state *plan.State, stacks []*stack.Stack) {
	for _, l := range status.Lifespans(state) {
		named := l.Environment != "" && slices.ContainsFunc(stacks, func(st *stack.Stack) bool {
			return strings.TrimSuffix(l.Stack, "-"+l.Environment) == strings.TrimSuffix(st.Name, "-"+a.suffix())
		})
		if named {
			a.say("note: the tenant has stack %s; `%s` deletes it", l.Stack, a.commandAt([]string{a.folder}, "destroy", "--suffix", l.Environment))
		}
	}
}

// known refuses the name of a stack if neither the tenant nor this machine has any object or
// record of it.
func (a *app) known(s *connection, names []string, p *plan.Plan) error {
	written, err := s.keep.Written(false)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, step := range p.Steps {
		there[step.Stack] = true
	}
	for _, name := range names {
		files, err := written.Others(name, nil)
		if err != nil {
			return err
		}
		if there[name] || len(files) > 0 {
			continue
		}
		return a.noStack(s, name, p.Orphans)
	}
	return nil
}

// noStack is the error for a stack that the tenant does not have, with the stacks that it has.
func (a *app) noStack(s *connection, name string, others []string) error {
	err := usagef("tenant %s has no stack %q", s.target, name)
	if near := stack.Nearest(name, others); near != "" {
		return hint(err, "did you mean %s? `%s`", near, a.commandAt([]string{"--stack", near}, a.verb))
	}
	if len(others) == 0 {
		return hint(err, "the tenant has no stacks")
	}
	return hint(err, "choose one of: %s", strings.Join(others, ", "))
}
