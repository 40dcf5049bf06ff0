package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"provision/internal/display"
	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// planFlags are the flags that change the steps of a plan.
func planFlags(c *cobra.Command) {
	c.Flags().Bool("allow-foreign-owners", false, "grant roles and consent to applications and groups even if they have owners that no manifest names")
	c.Flags().Bool("reset-passwords", false, "reset the passwords of users created by provision when they are not known")
	c.Flags().Bool("allow-deletes", false, "allow to delete 5 objects or more if they are over 30% of what the stacks own")
	c.Flags().Bool("purge", false, "also purge deleted objects from the recycle bin")
	c.Flags().Duration("ttl", 0, "mark the stacks as expired after this time, for provision gc, e.g. 48h; from 1h on, rounded up to the next full hour")
	c.Flags().StringSlice("only", nil, "apply only this document and what it needs: STACK/NAME (may be repeated)")
}

// savedOptions reads the flags that determine the content of a plan.
func (a *app) savedOptions() plan.SavedOptions {
	return plan.SavedOptions{ResetPasswords: a.config.GetBool("reset-passwords"), AllowForeignOwners: a.config.GetBool("allow-foreign-owners"),
		AllowDeletes: a.config.GetBool("allow-deletes"), Purge: a.config.GetBool("purge"), Only: a.config.GetStringSlice("only"), Hosting: a.config.GetBool("hosting"),
		Suffix: a.config.GetString("suffix"), Expires: a.expires(), Set: a.setParameters()}
}

// planWith reads the tenant and plans with the options of a user.
func (s *connection) planWith(ctx context.Context, stacks []*stack.Stack, o plan.SavedOptions) (*plan.Plan, *plan.State, error) {
	if err := checkOnly(stacks, o.Only); err != nil {
		return nil, nil, err
	}
	p, state, err := s.diff(ctx, stacks, plan.Options{ResetPasswords: o.ResetPasswords, AllowForeignOwners: o.AllowForeignOwners, KeepDeleted: !o.Purge})
	if err == nil && len(o.Only) > 0 {
		var keys []plan.Key
		for _, d := range documents(stacks, state.Tenant) {
			if slices.Contains(o.Only, d.name) {
				keys = append(keys, d.key)
			}
		}
		p.Only(keys)
	}
	return p, state, err
}

// document is a manifest of an object.
type document struct {
	name      string // STACK/NAME
	key       plan.Key
	prevented bool // it must not be deleted
}

// documents returns the manifests of the stacks' objects, as objects of a tenant.
func documents(stacks []*stack.Stack, tenant plan.Tenant) (all []document) {
	for _, s := range stacks {
		add := func(kind plan.Kind, name, key string, p stack.Protection) {
			all = append(all, document{s.Name + "/" + name, plan.Key{Kind: kind, Name: key}, p.PreventsDelete()})
		}
		for _, a := range s.Applications {
			add(plan.Application, a.Name, s.UniqueName(a.Name), a.Protection)
		}
		for _, g := range s.Groups {
			add(plan.Group, g.Name, s.GroupUniqueName(g.Name), g.Protection)
		}
		for _, t := range s.Terraforms {
			all = append(all, document{s.Name + "/" + t.Name, plan.TerraformKey(s.Name, t.Name), t.Protection.PreventsDelete()})
		}
		for _, u := range s.Users {
			add(plan.User, u.Name, strings.ToLower(stack.InTenant(u.UserPrincipalName, tenant.ID, tenant.Domain)), u.Protection)
		}
	}
	return all
}

// checkOnly refuses names in --only that no document has.
func checkOnly(stacks []*stack.Stack, only []string) error {
	var known []string
	for _, d := range documents(stacks, plan.Tenant{}) {
		known = append(known, d.name)
	}
	slices.Sort(known)
	for _, name := range only {
		if slices.Contains(known, name) {
			continue
		}
		if near := stack.Nearest(name, known); near != "" {
			return hint(usagef("--only: there is no document %q", name), "did you mean %s?", near)
		}
		return hint(usagef("--only: there is no document %q", name), "choose one of: %s", strings.Join(slices.Compact(known), ", "))
	}
	return nil
}

// preventedNow returns which deletions `prevent: [delete]` forbids. The manifests and the marks in the tenant
// both protect: a document can be removed, renamed or changed since the last apply wrote its marks.
func preventedNow(stacks []*stack.Stack, state *plan.State) func(plan.Step) bool {
	byManifests, byMarks := prevented(stacks, state.Tenant), plan.PreventedByMarks(state)
	return func(s plan.Step) bool { return byManifests(s) || byMarks(s) }
}

// prevented returns which deletions the manifests forbid, also of objects that the target does not
// get any more.
func prevented(stacks []*stack.Stack, tenant plan.Tenant) func(plan.Step) bool {
	prevents := map[plan.Key]bool{}
	for _, d := range documents(stacks, tenant) {
		prevents[d.key] = prevents[d.key] || d.prevented
	}
	for k, e := range excludedObjects(stacks, tenant) {
		prevents[k] = prevents[k] || e.Protection.PreventsDelete()
	}
	return func(s plan.Step) bool {
		return prevents[s.Key] || s.Customer && prevents[plan.Key{Kind: plan.Application, Name: s.Name}] || slices.ContainsFunc(stacks, func(st *stack.Stack) bool { return st.Name == s.Stack && st.Protection.PreventsDelete() })
	}
}

// savePlan writes a plan to the file of --out.
func (a *app) savePlan(p *plan.Plan, dir string, o planOptions) error {
	if o.out == "" {
		return nil
	}
	if !utf8.ValidString(dir) { // JSON would change it
		return hint(usagef("--out: the name of folder %q is not valid UTF-8, and a plan file cannot contain it", dir), "rename the folder, or apply it without a plan file")
	}
	raw, err := json.MarshalIndent(plan.Saved{Version: plan.SavedVersion, Target: a.config.GetString("target"), Dir: filepath.ToSlash(dir), Options: o.saved, Plan: p}, "", "  ")
	if err != nil {
		return err
	}
	if err := sink.WritePrivate(o.out, append(raw, '\n')); err != nil {
		return hint(fmt.Errorf("--out: write %s: %w", o.out, err), "name a file in a folder that you can write to, e.g. `%s`", a.commandAt([]string{dir}, "plan", append(a.stageArgs(), "--out", "plan.json")...))
	}
	a.say("wrote %s", o.out)
	if !p.Empty() {
		fmt.Fprintf(a.stdout, "to apply exactly this: %s\n", a.commandAt(nil, "apply", o.out))
	}
	return nil
}

// isPlanFile reports whether the argument of apply is a plan, and not a folder or a manifest.
func isPlanFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".yml")
}

// savedPlan reads the argument of apply if it is a plan, and returns the plan's folder instead.
func (a *app) savedPlan(cmd *cobra.Command, args []string) (*plan.SavedPlan, []string, error) {
	if len(args) == 0 || !isPlanFile(args[0]) {
		return nil, args, nil
	}
	raw, err := stack.ReadFile(args[0], maxPlanFile)
	if err != nil {
		return nil, nil, usage{err}
	}
	var saved plan.SavedPlan
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&saved); err != nil || saved.Version == 0 || saved.Dir == "" {
		return nil, nil, hint(usagef("%s is not a plan", args[0]), "write one with `%s`", a.commandAt([]string{"DIR"}, "plan", "--out", args[0]))
	}
	if saved.Version != plan.SavedVersion {
		return nil, nil, hint(usagef("%s has version %d of the format, and this program knows version %d", args[0], saved.Version, plan.SavedVersion), "write it again with `%s`", a.commandAt([]string{cmp.Or(filepath.FromSlash(saved.Dir), "DIR")}, "plan", "--out", args[0]))
	}
	if _, err := os.Stat(filepath.FromSlash(saved.Dir)); errors.Is(err, fs.ErrNotExist) {
		there := filepath.Dir(args[0])
		if _, err := os.Stat(filepath.Join(there, filepath.FromSlash(saved.Dir))); err == nil {
			return nil, nil, hint(usagef("%s is a plan of the manifests in %s, which is not a folder of the working directory", args[0], saved.Dir),
				"run the command where the plan was made: `cd %s && %s`", display.ShellQuote(there), a.commandAt(nil, "apply", filepath.Base(args[0])))
		}
		return nil, nil, hint(usagef("%s is a plan of the manifests in %s, which is not a folder of the working directory", args[0], saved.Dir),
			"run the command in the folder where the plan was made")
	}
	if target := a.config.GetString("target"); target != saved.Target {
		return nil, nil, hint(usagef("%s is a plan for target %s, not %s", args[0], saved.Target, target), "use --target %s", display.ShellQuote(saved.Target))
	}
	if given := a.stageArgs(); len(given) > 0 {
		return nil, nil, hint(usagef("%s cannot be used with a plan, which was made with its own values", given[0]),
			"make another plan: `%s`", a.commandAt([]string{filepath.FromSlash(saved.Dir)}, "plan", append(given, "--out", args[0])...))
	}
	for _, name := range append(flagNames(planFlags), "hosting") {
		if name == "allow-deletes" || !cmd.Flags().Changed(name) { // it permits the plan and does not change it
			continue
		}
		given := []string{"--" + name, a.config.GetString(name)}
		switch cmd.Flags().Lookup(name).Value.Type() {
		case "bool":
			given = given[:1]
		case "stringSlice":
			given[1] = strings.Join(a.config.GetStringSlice(name), ",")
		}
		return nil, nil, hint(usagef("--%s cannot be used with a plan, which was made without it or with its own value", name),
			"make another plan: `%s`", a.commandAt([]string{filepath.FromSlash(saved.Dir)}, "plan", append(given, "--out", args[0])...))
	}
	a.reviewed = &saved.Options
	// Commands in hints name the manifests, because apply refuses the plan after the tenant has
	// changed.
	a.where = []string{filepath.FromSlash(saved.Dir)}
	if saved.Options.Hosting {
		a.config.Set("hosting", true)
	}
	return &saved, a.where, nil
}

// maxPlanFile bounds the size of a plan.
const maxPlanFile = 256 << 20

// asReviewed refuses a plan that differs from the saved plan, and a saved plan after which nothing
// is left to do.
func (a *app) asReviewed(p *plan.Plan, saved *plan.SavedPlan) error {
	differences, err := saved.Differences(p)
	if err != nil || len(differences) == 0 {
		return err
	}
	if p.Tenant.ID == saved.Plan.Tenant.ID && len(p.Steps) == 0 {
		return hint(errors.New("this plan has already been applied: the tenant matches the manifests, and there is nothing left to do"),
			"after a change, make a new plan: `%s`", a.commandAt([]string{filepath.FromSlash(saved.Dir)}, "plan", append(a.stageArgs(), "--out", "FILE")...))
	}
	for _, d := range differences {
		a.say("changed: %s", d)
	}
	return hint(fmt.Errorf("the tenant or the manifests have changed since the plan was made (%s)", count(len(differences), "difference")),
		"review a new plan: `%s`", a.commandAt([]string{filepath.FromSlash(saved.Dir)}, "plan", append(a.stageArgs(), "--out", "FILE")...))
}
