package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/adopt"
	"provision/internal/display"
	"provision/plan"
)

func (a *app) release() *cobra.Command {
	c := &cobra.Command{
		Use:   "release [DIR]",
		Short: "Stop managing the objects of stacks: remove the marks, delete nothing",
		Long: `release removes the marks by which provision identifies the applications and users of
the stacks at or below DIR (default manifests/), and deletes nothing. Afterwards apply and destroy
do not change them, and the stored secrets and passwords stay. destroy still removes the Output
files of the stack.

Groups keep their uniqueName, which Microsoft Graph cannot change. destroy does not delete them
while the tenant has a released application whose uniqueName begins with the name of the stack, or
that the manifests adopt; otherwise it deletes them, because they still belong to the stack.

To take applications back, add ` + "`adopt: APPID`" + ` to their manifests. The stack then also owns its
groups again. Users cannot be taken back: declare them with ` + "`existing: true`" + `.`,
		Example: "  provision release imported/ --target staging\n  provision release --stack orders --target staging",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, stacks, err := a.named(args, a.config.GetStringSlice("stack"))
			if err != nil {
				return err
			}
			s, err := a.connectToWrite(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			reader := s.reader()
			reader.Manifests = stacks
			state, err := s.readBy(cmd.Context(), reader, nil, names)
			if err != nil {
				return err
			}
			there := map[string]bool{}
			for _, o := range state.Objects {
				if o.Stack != "" {
					there[o.Stack] = true
				}
			}
			for _, name := range a.config.GetStringSlice("stack") {
				if !there[name] {
					return a.noStack(s, name, slices.Sorted(maps.Keys(there)))
				}
			}
			released := map[string]bool{}
			for _, name := range names {
				released[name] = true
			}
			marked := adopt.Marked(state, released)
			a.listReleased(marked)
			if len(marked.Applications)+len(marked.Principals)+len(marked.Users) == 0 {
				a.give("writes", 0)
				fmt.Fprintln(a.stdout, "nothing to release")
				return nil
			}
			if err := a.confirm(cmd.Context(), s, "remove these marks in"); err != nil {
				return err
			}
			writes, err := marked.Release(cmd.Context(), s.graph)
			a.give("writes", writes)
			if err != nil {
				return hint(err, "the rest keeps its marks: try again with `%s`", a.again())
			}
			if err := s.keep.RecordRelease(state.Tenant.ID, slices.Concat(marked.Applications, marked.Principals, marked.Users), s.now(), s.lag); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "released (%s)\n", count(writes, "write"))
			return nil
		},
	}
	c.Flags().StringSlice("stack", nil, "name of a stack, without manifests (may be repeated)")
	noSettings(c, "stack") // as of destroy
	c.Flags().Bool("yes", false, "change a real tenant without asking for confirmation")
	writerFlags(c)
	return c
}

func (a *app) listReleased(marked adopt.Released) {
	objects := []string{}
	for _, list := range [][]*plan.Live{marked.Applications, marked.Principals, marked.Users} {
		for _, o := range list {
			objects = append(objects, o.String())
			fmt.Fprintf(a.stdout, "  release %s\n", display.Line(o.String()))
		}
	}
	for _, o := range marked.Groups {
		if slices.ContainsFunc(marked.Applications, func(app *plan.Live) bool {
			name, _ := app.Properties["uniqueName"].(string)
			return app.Stack == o.Stack && strings.HasPrefix(name, o.Stack+".")
		}) {
			a.say("note: %s keeps its uniqueName, and `provision destroy` does not delete it; a stack named %s that declares it owns it again", o, o.Stack)
			continue
		}
		if slices.ContainsFunc(marked.Applications, func(app *plan.Live) bool { return app.Stack == o.Stack }) {
			a.say("warning: %s keeps its uniqueName: `provision destroy` with the manifests that adopted the applications does not delete it, and `provision destroy --stack %s` does", o, o.Stack)
			continue
		}
		a.say("warning: %s is not released, because its uniqueName is its only mark and Graph cannot change it: `provision destroy` of stack %s deletes it", o, o.Stack)
	}
	a.give("released", objects)
}
