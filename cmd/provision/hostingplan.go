package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"provision/internal/background"
	"provision/plan"
	"provision/stack"
	"provision/terraform"
)

// plan adds to a state the existing hosting, and the changes that Terraform plans for
// the documents of the applied stacks and for hosting that is to be removed.
func (h *hosting) plan(ctx context.Context, applied []*stack.Stack, destroyed []string, state *plan.State) error {
	if h == nil {
		return nil // of a command that hosts nothing
	}
	state.Hosting = map[plan.Key]*plan.Hosting{}
	for _, s := range applied {
		for _, t := range inOrder(s) {
			if err := h.planDocument(ctx, s, t, state); err != nil {
				return err
			}
		}
		if err := h.planRemovals(ctx, s.Name, s.Terraforms, state); err != nil {
			return err
		}
	}
	for _, name := range destroyed {
		if err := h.planRemovals(ctx, name, nil, state); err != nil {
			return err
		}
	}
	return nil
}

// inOrder returns a stack's documents, each after the documents whose outputs it uses.
func inOrder(s *stack.Stack) (all []*stack.Terraform) {
	var place func(t *stack.Terraform)
	place = func(t *stack.Terraform) {
		if t == nil || slices.Contains(all, t) {
			return
		}
		for _, o := range stack.OutputsOf(t.Variables) {
			place(s.Terraform(o.Document))
		}
		all = append(all, t)
	}
	for _, t := range s.Terraforms {
		place(t)
	}
	return all
}

func (h *hosting) planDocument(ctx context.Context, s *stack.Stack, t *stack.Terraform, state *plan.State) error {
	k := plan.TerraformKey(s.Name, t.Name)
	w, err := h.workspace(ctx, k)
	if err != nil {
		return err
	}
	values := h.values(ctx, s, state, state.Lookup)
	c, err := h.configuration(t, values)
	if err != nil {
		return err
	}
	p, err := w.Plan(ctx, c)
	var failure *terraform.Failure
	switch {
	case errors.As(err, &failure) && values.unknown:
		p = &terraform.Plan{Exists: terraform.Exists(w.Dir)}
		state.Hosting[k] = &plan.Hosting{Module: t.Module.For(h.connection.target), Later: failure.Why}
	case err != nil:
		return fmt.Errorf("%s: %w", k, err)
	default:
		state.Hosting[k] = hostingOf(t.Module.For(h.connection.target), p)
	}
	module, err := terraform.ReadModule(c.Module)
	if err != nil {
		return err
	}
	state.Hosting[k].Outputs = slices.Sorted(maps.Keys(module.Outputs))
	if p.Exists || terraform.Exists(w.Dir) {
		state.Objects[k] = liveHosting(k, s.Name, p.Outputs)
	}
	return nil
}

func liveHosting(k plan.Key, stack string, outputs map[string]any) *plan.Live {
	live := &plan.Live{Object: plan.Object{Key: k, Stack: stack, Properties: map[string]any{}}, ID: k.Name}
	for name, value := range outputs {
		if text := outputText(value); text != "" {
			live.Properties[name] = text
		}
	}
	return live
}

// planRemovals plans the destruction of hosting of a stack that no document of stay declares.
func (h *hosting) planRemovals(ctx context.Context, name string, stay []*stack.Terraform, state *plan.State) error {
	for _, document := range h.hosted(name) {
		if slices.ContainsFunc(stay, func(t *stack.Terraform) bool { return t.Name == document }) {
			continue
		}
		k := plan.TerraformKey(name, document)
		w, err := h.workspace(ctx, k)
		if err != nil {
			return err
		}
		c, err := h.readLastConfiguration(ctx, k, w, state)
		if err != nil {
			return err
		}
		p, err := w.PlanDestroy(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		if applied, exists := terraform.Applied(w.Dir); p.Exists || exists {
			live := liveHosting(k, name, nil)
			for _, needed := range h.neededBy(k, applied) {
				live.Needs = append(live.Needs, plan.TerraformKey(name, needed))
			}
			state.Hosting[k], state.Objects[k] = hostingOf("", p), live
		}
	}
	return nil
}

// neededBy returns the documents whose outputs a hosted document uses: from the record
// of its last apply on this machine, else from its manifest.
func (h *hosting) neededBy(k plan.Key, applied terraform.Record) []string {
	if _, t := h.document(k); t != nil && applied.Needs == nil {
		return documentsNeeded(t)
	}
	return applied.Needs
}

// documentsNeeded returns the documents whose outputs a document's variables refer to.
func documentsNeeded(t *stack.Terraform) (names []string) {
	for _, o := range stack.OutputsOf(t.Variables) {
		if !slices.Contains(names, o.Document) {
			names = append(names, o.Document)
		}
	}
	return names
}

// hosted returns the documents of a stack that this machine has hosted, and the documents with a
// remote state.
func (h *hosting) hosted(name string) []string {
	all := map[string]bool{}
	entries, _ := os.ReadDir(filepath.Join(h.root, "terraform", name)) // none where nothing was hosted
	for _, e := range entries {
		if terraform.Exists(workspaceDir(h.root, name, e.Name())) {
			all[e.Name()] = true
		}
	}
	for _, s := range h.stacks {
		for _, t := range s.Terraforms {
			if s.Name == name && t.Backend != nil {
				all[t.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// readLastConfiguration returns nil if the workspace has the configuration that was applied last.
func (h *hosting) readLastConfiguration(ctx context.Context, k plan.Key, w terraform.Workspace, state *plan.State) (*terraform.Configuration, error) {
	if terraform.Exists(w.Dir) {
		return nil, nil
	}
	s, t := h.document(k)
	values := h.values(ctx, s, state, state.Lookup)
	values.forDestroy = true
	c, err := h.configuration(t, values)
	return &c, err
}

// hostingOf converts a plan of Terraform to the plan of a hosting step.
func hostingOf(module string, p *terraform.Plan) *plan.Hosting {
	of := &plan.Hosting{Module: module}
	for _, r := range p.Resources {
		resource := plan.HostingResource{Address: r.Address, Action: plan.Action(r.Action)}
		for _, a := range r.Attributes {
			resource.Attributes = append(resource.Attributes, plan.HostingAttribute(a))
		}
		of.Resources = append(of.Resources, resource)
	}
	for _, a := range p.ChangedOutputs {
		of.ChangedOutputs = append(of.ChangedOutputs, plan.HostingAttribute(a))
	}
	return of
}

// Apply is part of reconcile.Hosting. It executes the plan that was shown.
func (h *hosting) Apply(ctx context.Context, step plan.Step, lookup func(plan.Key, string) string) (map[string]string, error) {
	s, t := h.document(step.Key)
	if t == nil {
		return nil, fmt.Errorf("no manifest declares it")
	}
	if step.Hosting.Later != "" && h.reviewed {
		return nil, hint(errors.New("the reviewed plan does not contain the changes, because Terraform could not plan this document before the registrations existed"), "review a new plan: `%s`", h.command("plan", "--out", "FILE"))
	}
	w, err := h.workspace(ctx, step.Key)
	if err != nil {
		return nil, err
	}
	w.Progress = func(line string) { h.tell("terraform %s: %s", step.Name, line) }
	values := h.values(ctx, s, h.connection.state, lookup)
	c, err := h.configuration(t, values)
	if err != nil {
		return nil, err
	}
	if values.unknown {
		return nil, fmt.Errorf("%s is not known: the tenant does not have it", values.missing)
	}
	outputs, err := w.Apply(ctx, c, func(now *terraform.Plan) error {
		if step.Hosting.Later != "" {
			return nil
		}
		if differs := now.Differs(planOf(step.Hosting)); len(differs) > 0 {
			return hint(fmt.Errorf("what Terraform would do differs from the plan that was shown: %s", strings.Join(differs, ", ")), "review what it does now: `%s`", h.command("plan"))
		}
		return nil
	})
	if err == nil {
		h.known[step.Key] = backendOutputs{outputs: outputs}
	}
	if failure := (*terraform.Failure)(nil); errors.As(err, &failure) && ctx.Err() == nil {
		err = hint(err, "correct the Terraform document (%s) or its module; completed steps stay in place, and `%s` then continues", t.Pos, h.again())
	}
	known := map[string]string{}
	for name, value := range outputs {
		known[name] = outputText(value)
	}
	return known, err
}

// planOf returns the plan with which a step was shown.
func planOf(of *plan.Hosting) *terraform.Plan {
	p := &terraform.Plan{}
	for _, r := range of.Resources {
		resource := terraform.Resource{Address: r.Address, Action: string(r.Action)}
		for _, a := range r.Attributes {
			resource.Attributes = append(resource.Attributes, terraform.Attribute(a))
		}
		p.Resources = append(p.Resources, resource)
	}
	for _, a := range of.ChangedOutputs {
		p.ChangedOutputs = append(p.ChangedOutputs, terraform.Attribute(a))
	}
	return p
}

// Destroy is part of reconcile.Hosting. The process of local-api ends in any case,
// even if an apply was killed before Terraform recorded it.
func (h *hosting) Destroy(ctx context.Context, step plan.Step) error {
	w, err := h.workspace(ctx, step.Key)
	if err != nil {
		return err
	}
	w.Progress = func(line string) { h.tell("terraform %s: %s", step.Name, line) }
	c, err := h.readLastConfiguration(ctx, step.Key, w, h.connection.state)
	if err != nil {
		return err
	}
	if err := w.Destroy(ctx, c); err != nil {
		return err
	}
	if err := background.Stop(ctx, filepath.Join(w.Dir, "run")); err != nil {
		return err
	}
	return w.Forget()
}

// forgetPlanned removes the folders of destroyed stacks in which Terraform only made plans.
func (h *hosting) forgetPlanned(names []string) error {
	for _, name := range names {
		if !stack.ValidName(name) {
			continue
		}
		folder := filepath.Join(h.root, "terraform", name)
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // nothing was planned
		}
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			if err := terraform.ForgetPlanned(filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
		_ = os.Remove(folder) // it stays if it is not empty
	}
	return nil
}
