package main

import (
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// preventedByMarks is prevented for a deletion without manifests: the marks in the tenant name the
// objects that the manifests protected when they were applied.
func preventedByMarks(state *plan.State) func(plan.Step) bool {
	ofStack := map[string][]any{} // the tags of its applications
	for k, o := range state.Objects {
		if k.Kind == plan.Application {
			ofStack[o.Stack] = append(ofStack[o.Stack], tags(o)...)
		}
	}
	return func(s plan.Step) bool {
		marked := func(mark string) bool { return slices.Contains(ofStack[s.Stack], any(mark)) }
		switch s.Kind {
		case plan.User:
			return marked(stack.PreventStackMark) || marked(stack.PreventUserMark(s.Name))
		case plan.Group:
			return marked(stack.PreventStackMark) || marked(stack.PreventGroupMark(s.Name))
		case plan.Terraform:
			_, document, _ := strings.Cut(s.Name, "/")
			return marked(stack.PreventStackMark) || marked(stack.PreventTerraformMark(document))
		}
		o := state.Objects[s.Key]
		return o != nil && slices.Contains(tags(o), any(stack.PreventDeleteMark))
	}
}

// markedProtected tells whether a stack has a mark of protection.
func markedProtected(state *plan.State, name string) bool {
	for _, o := range state.Objects {
		if o.Stack == name && slices.ContainsFunc(tags(o), stack.IsPreventMark) {
			return true
		}
	}
	return false
}

func tags(o *plan.Live) []any {
	all, _ := o.Properties["tags"].([]any)
	return all
}
