package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/stack"
)

// fileFlags adds the flags of commands that write or remove the user's files.
func fileFlags(c *cobra.Command) {
	c.Flags().Bool("overwrite", false, "overwrite or remove files even if provision did not write them or they changed after it did")
	c.Flags().Bool("allow-outside", false, "allow writing files outside the project folder: absolute paths, .. and symbolic links that lead out of it")
}

// secretFiles returns the user's files that contain secrets of the stacks, with the names that the
// manifests give them.
func secretFiles(stacks []*stack.Stack) (files []string) {
	for _, st := range stacks {
		for _, o := range st.Outputs {
			if holdsSecret(o) {
				files = append(files, o.File)
			}
		}
		for _, application := range st.Applications {
			for _, secret := range application.Secrets {
				if file := secret.Sink.Path(); file != "" {
					files = append(files, file)
				}
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// planFiles adds the changes of Output files to the plan.
func (a *app) planFiles(ctx context.Context, s *connection, stacks []*stack.Stack, p *plan.Plan, state *plan.State) error {
	if err := a.planOutputs(ctx, s, stacks, p, state); err != nil {
		return err
	}
	return a.planRemovals(s, stacks, p)
}

// planOutputs adds the Output files that the stacks' documents produce after p was applied. It
// refuses files that cannot be written, before anything is changed.
func (a *app) planOutputs(ctx context.Context, s *connection, stacks []*stack.Stack, p *plan.Plan, state *plan.State) error {
	written, err := s.keep.Written(a.config.GetBool("overwrite"))
	if err != nil {
		return err
	}
	s.domain = state.Tenant.Domain
	passwords, err := s.keep.Passwords()
	if err != nil {
		return err
	}
	for _, st := range stacks {
		for _, o := range st.Outputs {
			r := resolver{ctx: ctx, connection: s, state: state, stack: st, passwords: passwords}
			if missing := r.missing(p, o); a.restricted() && missing != "" {
				if a.unwritten == nil {
					a.unwritten = map[*stack.Output]bool{}
				}
				a.unwritten[o] = true
				a.say("note: output %s/%s is not written: with --only, nothing creates %s", st.Name, o.Name, missing)
				continue
			}
			if err := a.checkOutput(written, r, o, p); err != nil {
				return fmt.Errorf("output %s/%s: %w", st.Name, o.Name, err)
			}
		}
	}
	return nil
}

// planRemovals adds the Output files that the stacks' documents no longer name.
func (a *app) planRemovals(s *connection, stacks []*stack.Stack, p *plan.Plan) error {
	for _, st := range stacks {
		if err := a.planRemoval(s, st.Name, outputPaths(s, st), p); err != nil {
			return err
		}
	}
	return nil
}

func outputPaths(s *connection, st *stack.Stack) (all []string) {
	for _, o := range st.Outputs {
		all = append(all, s.keep.Sinks.Path(o.File))
	}
	return all
}

// checkOutput adds the file of o to the plan if its content changes.
func (a *app) checkOutput(written *reconcile.Written, r resolver, o *stack.Output, p *plan.Plan) error {
	file := r.connection.keep.Sinks.Path(o.File)
	write := func(refused error) error {
		if err := a.refuse(p, fmt.Sprintf("output %s/%s: ", r.stack.Name, o.Name), refused); err != nil {
			return err
		}
		p.Files = append(p.Files, plan.File{Action: plan.Write, Path: file, Stack: r.stack.Name, Secret: holdsSecret(o)})
		return nil
	}
	if !a.config.GetBool("allow-outside") {
		if err := r.connection.keep.Sinks.Inside(o.File); err != nil {
			return write(err)
		}
	}
	if other := written.Owner(file); slices.Contains(p.Orphans, other) && !a.config.GetBool("overwrite") {
		return write(hint(&sink.Refused{File: file, Why: "stack " + other + " wrote it and is still in the tenant", Flag: "--overwrite"},
			"%s", a.holderHint(sink.Holder{Stack: other}, "file", "file: out/${stack.name}/api.env")))
	}
	if !r.changedBy(p, o) {
		text, err := r.file(o)
		if err != nil && len(p.Steps) == 0 {
			return nil // the write will return the error
		}
		if old, unread := stack.ReadFile(file, maxOutput); err == nil && unread == nil && bytes.Equal(old, text) {
			return nil
		}
	}
	if err := sink.Writable(file); err != nil {
		return write(&sink.Refused{File: file, Why: err.Error(), Err: err})
	}
	return write(written.Check(file))
}

// refuse returns an error because of which a command does not change a file. A command that only shows a plan
// adds a warning instead: a review can run where the files cannot be written, or where their records are missing.
func (a *app) refuse(p *plan.Plan, subject string, err error) error {
	var refused *sink.Refused
	shows := a.verb == "plan" || a.config.GetBool("plan") // of destroy and gc
	if !shows || !errors.As(err, &refused) {
		return err
	}
	verb, without := a.verb, ""
	if verb == "plan" {
		verb = "apply"
	}
	if refused.Flag != "" {
		without = " without " + refused.Flag
	}
	p.Warnings = append(p.Warnings, fmt.Sprintf("%s%s; %s refuses this%s", subject, err, verb, without))
	return nil
}

// maxOutput is larger than any Output file.
const maxOutput = 64 << 20

// restricted reports whether --only restricts what is applied.
func (a *app) restricted() bool {
	if a.reviewed != nil {
		return len(a.reviewed.Only) > 0
	}
	return (a.verb == "plan" || a.verb == "apply") && len(a.config.GetStringSlice("only")) > 0
}

// missing returns the first reference of o whose value is not known and that no step of p provides.
func (r resolver) missing(p *plan.Plan, o *stack.Output) string {
	for _, expression := range references(o.Values) {
		if _, err := r.text("${" + expression + "}"); err != nil && !r.providedBy(p, expression) {
			return "${" + expression + "}"
		}
	}
	return ""
}

// changedBy reports whether a step of p changes the values of the references of o.
func (r resolver) changedBy(p *plan.Plan, o *stack.Output) bool {
	return slices.ContainsFunc(references(o.Values), func(expression string) bool { return r.providedBy(p, expression) })
}

// providedBy reports whether a step of p changes the value of a reference.
func (r resolver) providedBy(p *plan.Plan, expression string) bool {
	application := func(name string) plan.Key {
		return plan.Key{Kind: plan.Application, Name: r.stack.UniqueName(name)}
	}
	parts := strings.Split(expression, ".")
	return slices.ContainsFunc(p.Steps, func(step plan.Step) bool {
		if step.Action != plan.Create && step.Action != plan.Replace && step.Kind != plan.Terraform {
			return false
		}
		switch {
		case parts[0] == "terraform":
			return step.Key == plan.TerraformKey(r.stack.Name, parts[1])
		case parts[0] == "applications":
			return step.Key == application(parts[1])
		case parts[0] == "users" && (step.Kind == plan.User || step.Kind == plan.Password):
			i := slices.IndexFunc(r.stack.Users, func(u *stack.User) bool { return u.Name == parts[1] })
			return i >= 0 && strings.EqualFold(step.Name, r.connection.upn(r.stack.Users[i]))
		case parts[0] == "secrets" && step.Kind == plan.Secret:
			return slices.ContainsFunc(r.stack.Applications, func(app *stack.Application) bool {
				return step.Key == plan.SecretKey(application(app.Name), parts[len(parts)-1])
			})
		}
		return false
	})
}

// references returns the references of every text in a JSON value.
func references(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return stack.References(v)
	case []any:
		for _, e := range v {
			all = append(all, references(e)...)
		}
	case map[string]any:
		for _, e := range v {
			all = append(all, references(e)...)
		}
	}
	return all
}

// holdsSecret reports whether an Output file will contain a secret or a password.
func holdsSecret(o *stack.Output) bool { return slices.ContainsFunc(references(o.Values), isSecret) }

func isSecret(expression string) bool {
	return strings.HasPrefix(expression, "secrets.") || strings.HasSuffix(expression, ".password")
}

// writeOutputs writes the files of the stacks' Output documents whose content has changed. The result of -o json lists the changed files.
func (a *app) writeOutputs(ctx context.Context, s *connection, stacks []*stack.Stack, state *plan.State) error {
	files := []string{}
	defer func() { a.give("files", files) }()
	if !slices.ContainsFunc(stacks, func(st *stack.Stack) bool { return len(st.Outputs) > 0 }) {
		return nil
	}
	written, err := s.keep.Written(a.config.GetBool("overwrite"))
	if err != nil {
		return err
	}
	s.domain = state.Tenant.Domain
	passwords, err := s.keep.Passwords()
	if err != nil {
		return err
	}
	for _, st := range stacks {
		for _, o := range st.Outputs {
			if a.unwritten[o] {
				continue
			}
			r := resolver{ctx: ctx, connection: s, state: state, stack: st, passwords: passwords}
			text, err := r.file(o)
			if err != nil {
				return fmt.Errorf("output %s/%s: %w", st.Name, o.Name, err)
			}
			file := s.keep.Sinks.Path(o.File)
			changed, err := written.Write(file, st.Name, text)
			if err != nil {
				return fmt.Errorf("output %s/%s: %w", st.Name, o.Name, err)
			}
			if changed {
				a.say("wrote %s", file)
				files = append(files, file)
			}
		}
	}
	return nil
}

// planRemoval plans the deletion of a stack's output files, except for the files
// in stay. It refuses to delete a file that somebody has changed.
func (a *app) planRemoval(s *connection, name string, stay []string, p *plan.Plan) error {
	written, err := s.keep.Written(a.config.GetBool("overwrite"))
	if err != nil {
		return err
	}
	files, err := written.Others(name, stay)
	if err != nil {
		return err
	}
	for _, file := range files {
		refused := written.Check(file)
		if refused == nil {
			if err := sink.Removable(file); err != nil {
				refused = &sink.Refused{File: file, Why: err.Error(), Err: err}
			}
		}
		if err := a.refuse(p, "", refused); err != nil {
			return err
		}
		p.Files = append(p.Files, plan.File{Action: plan.Remove, Path: file, Stack: name})
	}
	return nil
}

// removeOutputs removes the files that the plan lists, because their content is no longer valid.
func (a *app) removeOutputs(s *connection, p *plan.Plan) error {
	written, err := s.keep.Written(a.config.GetBool("overwrite"))
	if err != nil {
		return err
	}
	for _, f := range p.Files {
		if f.Action != plan.Remove {
			continue
		}
		removed, err := written.Remove(f.Path)
		if err != nil {
			return fmt.Errorf("remove %s: %w", f.Path, err)
		}
		if removed {
			a.say("removed %s", f.Path)
			s.removeEmpty(filepath.Dir(f.Path))
		}
	}
	return nil
}

// noteLeft names the files of Output documents that provision did not write and
// so does not remove.
func (a *app) noteLeft(s *connection, stacks []*stack.Stack) error {
	written, err := s.keep.Written(false)
	if err != nil {
		return err
	}
	for _, st := range stacks {
		for _, o := range st.Outputs {
			file := s.keep.Sinks.Path(o.File)
			if _, err := os.Lstat(file); err == nil && !written.Ours(file) {
				a.say("note: %s is not changed: provision did not write it", file)
			}
		}
	}
	return nil
}

// removeEmpty removes a folder below the project folder and its parent folders, up to the first
// folder that is not empty.
func (s *connection) removeEmpty(dir string) {
	below, err := filepath.Rel(s.keep.Sinks.Path("."), dir)
	if err != nil {
		return
	}
	for ; filepath.IsLocal(below) && below != "."; below = filepath.Dir(below) {
		if os.Remove(s.keep.Sinks.Path(below)) != nil {
			return // it is not empty, or not ours to remove
		}
	}
}
