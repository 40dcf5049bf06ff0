package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"provision/adopt"
	"provision/internal/display"
	"provision/plan"
	"provision/stack"
)

func (a *app) imports() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Write manifests for registrations that exist in the tenant",
		Long: `import reads registrations of the tenant, with their service principals, permissions,
consents, assignments, owners and credentials, and writes manifests that adopt them. Names
replace ids. It changes nothing in the tenant. An apply of the manifests marks the
registrations as owned by the stack and changes nothing else; plan shows this first.

Manifests cannot contain some properties: import lists them and writes them as comments into the
file, and apply does not change them. The manifests do not contain the values of secrets. Each
document has prevent: [delete]: apply and destroy refuse to delete the object, even after the
document is removed, until an apply of the document without prevent.`,
		Example: "  provision import --name \"Orders API\" --out manifests/orders --target staging\n  provision import --tag team-orders --tag team-shop --out manifests/teams --target staging\n  provision import --all --out imported --strict",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.importOptions()
			if err != nil {
				return err
			}
			connection, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer connection.close()
			return a.importInto(cmd.Context(), connection, o)
		},
	}
	selectionFlags(c, "import")
	c.Flags().String("out", "imported", "folder to write the manifests to; it must be empty or not exist")
	c.Flags().String("stack", "", "name of the stack (default: the name of the folder)")
	c.Flags().Bool("strict", false, "exit 3 if the manifests cannot contain every property")
	return c
}

// importOptions are the flags of import.
type importOptions struct {
	selection adopt.Selection
	out       string // folder, new or empty
	stack     string // name of the stack
	strict    bool
}

// importOptions reads the flags of import. It returns an error of usage.
func (a *app) importOptions() (o importOptions, err error) {
	o = importOptions{out: a.config.GetString("out"), strict: a.config.GetBool("strict")}
	if o.selection, err = a.selection(); err != nil {
		return o, err
	}
	if o.selection.Empty() {
		return o, hint(usagef("import needs to know which registrations to read"), "use --name, --app-id, --tag, --owner or --all")
	}
	o.stack, err = importedName(o.out, a.config.GetString("stack"))
	return o, err
}

// importedName returns the name of the stack that a folder is to hold.
func importedName(dir, stated string) (string, error) {
	name := stated
	if name == "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		name = filepath.Base(absolute)
	}
	if !stack.ValidName(name) {
		return "", hint(usagef("%q cannot be the name of a stack", name), "use --stack with lowercase letters, digits and hyphens")
	}
	return name, emptyFolder(dir)
}

func (a *app) importInto(ctx context.Context, s *connection, o importOptions) error {
	found, err := find(ctx, s, o.selection)
	if err != nil {
		return err
	}
	var registrations []adopt.Registration
	for _, r := range found {
		if r.Stack != "" {
			a.say("note: %s (%s) belongs to stack %s already", r.DisplayName, r.AppID, r.Stack)
			continue
		}
		registrations = append(registrations, r)
	}
	if len(registrations) == 0 {
		return hint(fmt.Errorf("there is nothing to import"), "each registration that was found belongs to a stack")
	}
	imported, err := adopt.Read(ctx, s.reader(), o.stack, registrations)
	if err != nil {
		return err
	}
	files := imported.Files()
	written, err := writeBelow(o.out, files)
	if err != nil {
		return err
	}
	a.give("files", written)
	fmt.Fprintf(a.stdout, "wrote %s for %s to %s\n", count(len(files), "file"), count(len(registrations), "registration"), o.out)
	lost := append([]adopt.Lost{}, imported.Lost...)
	a.give("lost", lost)
	for _, l := range lost {
		fmt.Fprintf(a.stdout, "not in the manifests: %s\n", display.Line(l.String()))
	}
	if i := slices.Index(a.given, "--stack"); i >= 0 { // in a hint, the name of the new folder counts
		a.given = slices.Delete(slices.Clone(a.given), i, i+2)
	}
	another := a.instead("out", o.out+"-imported")
	a.where = []string{o.out}
	taken, err := a.checkImported(ctx, s, o, len(registrations))
	switch {
	case err != nil:
		return err
	case taken:
		a.say("hint: import them into a stack of another name: `%s`", another)
	default:
		fmt.Fprintf(a.stdout, "\nNext: %s\n", a.command("plan"))
	}
	if o.strict && len(lost) > 0 {
		return errNo
	}
	return nil
}

// checkImported plans the written manifests, and reports the changes that apply would make
// in addition to adopting the registrations. taken reports whether the tenant already has a stack of this name: apply
// would delete its objects.
func (a *app) checkImported(ctx context.Context, s *connection, o importOptions, registrations int) (taken bool, err error) {
	stacks, err := stack.Load(o.out, stack.Stage{})
	if err != nil {
		return false, err
	}
	p, _, err := s.diff(ctx, stacks, plan.Options{KeepDeleted: true})
	if err != nil {
		return false, err
	}
	deleted := 0
	for _, step := range p.Steps {
		if step.Action == plan.Delete {
			deleted++
		}
	}
	others := p.BesideAdoption()
	a.give("beside", others)
	if deleted > 0 {
		a.say("warning: the tenant already has a stack %s, and apply would delete %s of it that these manifests do not declare", o.stack, count(deleted, "object"))
		return true, nil
	}
	for _, line := range others {
		a.say("warning: apply would also %s", line)
	}
	if len(others) == 0 {
		fmt.Fprintf(a.stdout, "a plan adopts %s and changes nothing else\n", count(registrations, "registration"))
	}
	return false, nil
}
