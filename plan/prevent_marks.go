package plan

import (
	"slices"
	"strings"

	"provision/stack"
)

// PreventedByMarks returns whether a step deletes an object that the marks in the tenant protect. They name
// the objects that the manifests protected when they were last applied.
func PreventedByMarks(state *State) func(Step) bool {
	ofStack := map[string][]any{} // the tags of its applications
	for k, o := range state.Objects {
		if k.Kind == Application {
			ofStack[o.Stack] = append(ofStack[o.Stack], list(o.Properties, "tags")...)
		}
	}
	return func(s Step) bool {
		marked := func(mark string) bool { return slices.Contains(ofStack[s.Stack], any(mark)) }
		switch s.Kind {
		case User:
			return marked(stack.PreventStackMark) || marked(stack.PreventUserMark(s.Name))
		case Group:
			return marked(stack.PreventStackMark) || marked(stack.PreventGroupMark(s.Name))
		case Terraform:
			_, document, _ := strings.Cut(s.Name, "/")
			return marked(stack.PreventStackMark) || marked(stack.PreventTerraformMark(document))
		}
		o := state.Objects[s.Key]
		return o != nil && slices.Contains(list(o.Properties, "tags"), any(stack.PreventDeleteMark))
	}
}

// HasPreventMark reports whether a stack has a mark of protection.
func HasPreventMark(state *State, name string) bool {
	for _, o := range state.Objects {
		if o.Stack == name && slices.ContainsFunc(list(o.Properties, "tags"), stack.IsPreventMark) {
			return true
		}
	}
	return false
}
