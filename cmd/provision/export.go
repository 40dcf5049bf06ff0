package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/adopt"
	"provision/internal/display"
	"provision/stack"
)

func (a *app) export() *cobra.Command {
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the configuration of another tool for existing registrations",
		Long:  `export writes registrations that exist in the tenant as the configuration of another tool.`,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.answered = true // help is not JSON
			return cmd.Help()
		},
	}
	c.AddCommand(a.exportTerraform())
	return c
}

func (a *app) exportTerraform() *cobra.Command {
	c := &cobra.Command{
		Use:   "terraform",
		Short: "Write Terraform configuration that imports live registrations",
		Long: `terraform writes configuration for the azuread provider (version 3) with an import block for
every object: applications, service principals, assignments, consents, federated credentials
and certificates of the chosen registrations, and the groups of the chosen stacks with their
members. It changes nothing in the tenant. terraform plan then imports everything and changes
nothing.

References replace ids. Users, groups and applications that are not exported are data
sources. The configuration cannot contain some properties, such as client secrets,
which Terraform cannot import: export lists them and writes them as comments into the file.`,
		Example: "  provision export terraform --stack orders --out terraform/orders --target staging\n  provision export terraform --name \"Orders API\" --name \"Orders Web\" --target staging\n  provision export terraform --all --out terraform --strict",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.exportOptions()
			if err != nil {
				return err
			}
			if err := emptyFolder(o.out); err != nil {
				return err
			}
			connection, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer connection.close()
			return a.exportInto(cmd.Context(), connection, o)
		},
	}
	c.Flags().StringSlice("stack", nil, "name of a stack whose registrations and groups to export (may be repeated)")
	selectionFlags(c, "export")
	c.Flags().String("out", "terraform", "folder to write the configuration to; it must be empty or not exist")
	c.Flags().Bool("strict", false, "exit 3 if the configuration cannot contain every property")
	return c
}

// exportOptions are the flags of export terraform.
type exportOptions struct {
	selection adopt.Selection // includes the registrations of stacks
	stacks    []string        // whose groups are exported too
	out       string          // folder
	strict    bool
}

// exportOptions reads the flags of export terraform. It returns an error of usage.
func (a *app) exportOptions() (o exportOptions, err error) {
	o = exportOptions{stacks: a.config.GetStringSlice("stack"), out: a.config.GetString("out"), strict: a.config.GetBool("strict")}
	if o.selection, err = a.selection(); err != nil {
		return o, err
	}
	if o.selection.Empty() && len(o.stacks) == 0 {
		return o, hint(usagef("export terraform needs to know which registrations to read"), "use --stack, --name, --app-id, --tag, --owner or --all")
	}
	for _, name := range o.stacks {
		if !stack.ValidName(name) {
			return o, hint(usagef("--stack %q cannot be the name of a stack", name), "use lowercase letters, digits and hyphens")
		}
		o.selection.Tags = append(o.selection.Tags, stack.Mark(name))
	}
	return o, nil
}

// selectionFlags are the flags that choose registrations of the tenant.
func selectionFlags(c *cobra.Command, verb string) {
	c.Flags().StringArray("name", nil, "display name of a registration (may be repeated)")
	c.Flags().StringSlice("app-id", nil, "client id of a registration (may be repeated)")
	c.Flags().StringArray("tag", nil, "tag that registrations carry (may be repeated)")
	c.Flags().StringSlice("owner", nil, "userPrincipalName or object id of a user whose registrations to "+verb+" (may be repeated)")
	c.Flags().Bool("all", false, verb+" every registration of the tenant")
}

// selection returns the selection that these flags describe.
func (a *app) selection() (adopt.Selection, error) {
	s := adopt.Selection{All: a.config.GetBool("all"), Names: a.config.GetStringSlice("name"), AppIDs: a.config.GetStringSlice("app-id"),
		Tags: a.config.GetStringSlice("tag"), Owners: a.config.GetStringSlice("owner")}
	for _, id := range s.AppIDs {
		if !stack.IsID(id) {
			return s, hint(usagef("--app-id %q is not a GUID", id), "use --name for a display name")
		}
	}
	return s, nil
}

// emptyFolder refuses a folder for --out that is not empty.
func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return hint(usagef("--out: %w", err), "name a new or an empty folder, e.g. --out imported")
	}
	if len(entries) > 0 {
		return hint(usagef("--out: %s is not empty", dir), "name another folder")
	}
	return nil
}

// find lists the registrations of a selection. A registration that does not exist is an
// error, with a hint: the most similar name, or how to list the registrations. The
// administrator of the local tenant belongs to that tenant and is left out with --all.
func find(ctx context.Context, c *connection, s adopt.Selection) ([]adopt.Registration, error) {
	if err := c.checkTenant(ctx); err != nil {
		return nil, err
	}
	found, err := adopt.Find(ctx, c.graph, s)
	var unknown *adopt.UnknownOwner
	if errors.As(err, &unknown) {
		return nil, hint(usagef("--owner: %w", err), "use the userPrincipalName or the object id of a user, e.g. --owner ada@contoso.onmicrosoft.com")
	}
	var none *adopt.NotFound
	if errors.As(err, &none) {
		err = usage{err}
		if name, isStack := strings.CutPrefix(none.Value, stack.Mark("")); isStack && none.What == "tag" {
			return nil, c.noStackMarked(ctx, name)
		}
		if near := nearRegistration(ctx, c, none); near != "" {
			return nil, hint(err, "did you mean --name %s?", display.ShellQuote(near))
		}
		if c.manage != nil {
			return nil, hint(err, "%s", registrationsHint(ctx, c))
		}
		return nil, hint(err, "list the registrations: `az ad app list --all --query \"[].{name:displayName, appId:appId}\"`")
	}
	if s.All {
		found = slices.DeleteFunc(found, func(r adopt.Registration) bool { return c.administrator != "" && r.AppID == c.administrator })
	}
	return found, err
}

// noStackMarked is the error for a stack of --stack that has no registration in the tenant.
func (s *connection) noStackMarked(ctx context.Context, name string) error {
	err := usagef("tenant %s has no registration of stack %q", s.target, name)
	all, unread := find(ctx, s, adopt.Selection{All: true})
	if unread != nil {
		return hint(err, "list the stacks of the tenant: `%s`", s.command("status"))
	}
	var stacks []string
	for _, r := range all {
		if r.Stack != "" && !slices.Contains(stacks, r.Stack) {
			stacks = append(stacks, r.Stack)
		}
	}
	slices.Sort(stacks)
	if near := stack.Nearest(name, stacks); near != "" {
		return hint(err, "did you mean --stack %s?", near)
	}
	if len(stacks) == 0 {
		return hint(err, "the tenant has no registration of a stack")
	}
	return hint(err, "choose one of: %s", strings.Join(stacks, ", "))
}

// nearRegistration returns the most similar display name, or "".
func nearRegistration(ctx context.Context, c *connection, none *adopt.NotFound) string {
	if none.What != "display name" {
		return ""
	}
	return stack.Nearest(none.Value, registrationNames(ctx, c))
}

// registrationNames returns the display names of a tenant; none if they cannot be read:
// another error then explains the cause.
func registrationNames(ctx context.Context, c *connection) (names []string) {
	all, err := find(ctx, c, adopt.Selection{All: true})
	if err != nil {
		return nil
	}
	for _, r := range all {
		names = append(names, r.DisplayName)
	}
	return names
}

// registrationsHint lists the registrations of the local tenant, which the Azure CLI of the
// user does not reach.
func registrationsHint(ctx context.Context, c *connection) string {
	const most = 10
	names := registrationNames(ctx, c)
	if len(names) == 0 {
		return fmt.Sprintf("the local tenant has no registrations: create some with `%s`, or read a real tenant with --target", c.command("apply"))
	}
	said := "the local tenant has: " + strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return said
}

// writeBelow writes new files in a folder and returns their paths. It does not
// overwrite files that another process has written meanwhile.
func writeBelow(dir string, files []adopt.File) ([]string, error) {
	written := []string{}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = writeNew(path, f.Content)
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		written = append(written, path)
	}
	return written, nil
}

// writeNew writes a file, and fails if the file exists.
func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func (a *app) exportInto(ctx context.Context, s *connection, o exportOptions) error {
	found, err := find(ctx, s, o.selection)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("the tenant has no registration")
	}
	owners := map[string]bool{}
	for _, r := range found {
		if r.Stack != "" && !owners[r.Stack] {
			owners[r.Stack] = true
			a.say("note: stack %s owns exported objects; when Terraform has taken them over, run `%s`", r.Stack, a.commandAt([]string{"--stack", r.Stack}, "release"))
		}
	}
	exported, err := adopt.Export(ctx, s.reader(), found, o.stacks)
	if err != nil {
		return err
	}
	written, err := writeBelow(o.out, exported.Files)
	if err != nil {
		return err
	}
	lost := append([]adopt.Lost{}, exported.Lost...)
	a.give("files", written)
	a.give("lost", lost)
	fmt.Fprintf(a.stdout, "wrote %s for %s to %s\n", count(len(written), "file"), count(len(found), "registration"), o.out)
	for _, l := range lost {
		fmt.Fprintf(a.stdout, "not in the configuration: %s\n", display.Line(l.String()))
	}
	fmt.Fprintf(a.stdout, "\nNext: terraform -chdir=%[1]s init && terraform -chdir=%[1]s plan\n", display.ShellQuote(o.out))
	if o.strict && len(lost) > 0 {
		return errNo
	}
	return nil
}
