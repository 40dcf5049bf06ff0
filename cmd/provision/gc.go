package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/stack"
	"provision/status"
)

func (a *app) gc() *cobra.Command {
	c := &cobra.Command{
		Use:   "gc",
		Short: "Delete environments that have expired or are no longer needed",
		Long: `gc deletes stacks that were applied with --suffix or --ttl and that nobody needs any
more: stacks whose --ttl has passed, and with --environments stacks whose suffix matches a
pattern and is not among --keep. It reads the marks that apply wrote to the tenant, needs
no manifests, and changes no other stack. A stack is deleted only if all of its applications
have the same marks, and if its users and groups are not older than its applications.`,
		Example: "  provision gc --dry-run\n  provision gc --target staging --yes\n  provision gc --environments 'pr-*' --keep pr-17,pr-21",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.gcOptions()
			if err != nil {
				return err
			}
			s, err := a.connectToWrite(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			state, err := s.read(cmd.Context(), nil)
			if err != nil {
				return err
			}
			var names []string
			environments := []environment{}
			for _, l := range status.Lifespans(state) {
				e := environment{Stack: l.Stack, Environment: l.Environment, Reason: o.reasonToDelete(l, a.now())}
				if e.Reason != "" && !status.MarksTrusted(state, l.Stack) {
					a.say("note: stack %s is kept: its users or groups are older than its applications, so the marks of the applications may be forged; if it is no longer needed, delete it with `%s`", l.Stack, a.destroyCommand(l.Stack))
					e.Reason = ""
				}
				if e.Reason != "" && plan.HasPreventMark(state, l.Stack) {
					a.say("note: stack %s is kept: a manifest protects its objects with `prevent: [delete]`", l.Stack)
					e.Reason = ""
				}
				if !l.Expires.IsZero() {
					e.Expires = &l.Expires
				}
				environments = append(environments, e)
				if e.Reason != "" {
					names = append(names, l.Stack)
				}
			}
			a.give("environments", environments)
			a.listEnvironments(environments)
			if len(names) == 0 {
				a.give("writes", 0)
				fmt.Fprintln(a.stdout, "nothing to delete")
				return nil
			}
			if o.dryRun {
				return nil
			}
			o.deletion.confirmed = func() error { return a.stillToDelete(cmd.Context(), s, names, o) }
			return a.deleteStacks(cmd.Context(), s, names, nil, o.deletion)
		},
	}
	c.Flags().Bool("dry-run", false, "list the environments and what would be deleted, and delete nothing")
	c.Flags().String("environments", "", "also delete environments whose suffix matches this pattern, e.g. 'pr-*'")
	c.Flags().StringSlice("keep", nil, "suffixes of --environments to keep, e.g. those of open pull requests")
	deleteFlags(c)
	return c
}

// gcOptions are the flags of gc.
type gcOptions struct {
	pattern  string   // of environments to delete; "" deletes only expired ones
	keep     []string // environments that match the pattern and are kept
	dryRun   bool
	deletion deleteOptions
}

// gcOptions reads the flags of gc. It returns an error of usage.
func (a *app) gcOptions() (gcOptions, error) {
	o := gcOptions{pattern: a.config.GetString("environments"), keep: a.config.GetStringSlice("keep"), dryRun: a.config.GetBool("dry-run"), deletion: a.deleteOptions()}
	if _, err := path.Match(o.pattern, ""); err != nil {
		return o, hint(usagef("--environments %q is not a pattern", o.pattern), "* matches any text, e.g. --environments 'pr-*'")
	}
	if len(o.keep) > 0 && o.pattern == "" {
		return o, hint(usagef("--keep needs --environments"), "e.g. --environments 'pr-*' --keep pr-17,pr-21")
	}
	return o, nil
}

// stillToDelete refuses a deletion if a stack was renewed since its lifespan was read.
func (a *app) stillToDelete(ctx context.Context, s *connection, names []string, o gcOptions) error {
	state, err := s.reader().Read(ctx, nil, nil)
	if err != nil {
		return err
	}
	if name := o.kept(state, names, a.now()); name != "" {
		return hint(fmt.Errorf("stack %s was renewed or deleted meanwhile; nothing was deleted", name), "see what is left to delete: `%s`", a.command(a.verb, append(a.withoutDeletion(), "--dry-run")...))
	}
	return nil
}

// withoutDeletion returns the given flags without the flags of onlyDeletion.
func (a *app) withoutDeletion() []string {
	return slices.DeleteFunc(slices.Clone(a.given), func(flag string) bool { return slices.Contains(onlyDeletion, strings.TrimPrefix(flag, "--")) })
}

// onlyDeletion are the flags of gc that --dry-run ignores.
var onlyDeletion = []string{"yes", "no-purge", "overwrite"}

// kept returns the first of the stacks that is not to be deleted in this state, or "".
func (o gcOptions) kept(state *plan.State, names []string, now time.Time) string {
	all := status.Lifespans(state)
	for _, name := range names {
		i := slices.IndexFunc(all, func(l stack.Lifespan) bool { return l.Stack == name })
		if i < 0 || o.reasonToDelete(all[i], now) == "" || !status.MarksTrusted(state, name) {
			return name
		}
	}
	return ""
}

// environment is a stack with a lifespan in the output of -o json.
type environment struct {
	Stack       string     `json:"stack"`
	Environment string     `json:"environment,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
	Reason      string     `json:"reason,omitempty"` // why it is deleted; "" keeps it
}

// reasonToDelete returns why a stack is no longer needed, or "".
func (o gcOptions) reasonToDelete(l stack.Lifespan, now time.Time) string {
	if !l.Expires.IsZero() && l.Expires.Before(now) {
		return "expired"
	}
	if matched, _ := path.Match(o.pattern, l.Environment); o.pattern != "" && l.Environment != "" && matched && !slices.Contains(o.keep, l.Environment) {
		return "not kept"
	}
	return ""
}

func (a *app) listEnvironments(all []environment) {
	for _, e := range all {
		var about []string
		if e.Environment != "" {
			about = append(about, "environment "+e.Environment)
		}
		if e.Expires != nil {
			about = append(about, "expires "+e.Expires.Format(time.RFC3339))
		}
		what := "keep  "
		if e.Reason != "" {
			what = "delete"
			about = append(about, e.Reason)
		}
		fmt.Fprintf(a.stdout, "%s  stack %s: %s\n", what, e.Stack, strings.Join(about, ", "))
	}
}
