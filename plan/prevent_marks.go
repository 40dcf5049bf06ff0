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

// protectedWhenDeleted returns whether an object in the recycle bin was protected by a mark when it was deleted: its own,
// that of the application of a service principal, or one of its stack's applications.
func protectedWhenDeleted(state *State) func(*Live) bool {
	ofStack, own := map[string][]any{}, map[string][]any{} // the latter by appId
	add := func(o *Live) {
		if tags := list(o.Properties, "tags"); o.Kind == Application {
			ofStack[o.Stack], own[o.AppID] = append(ofStack[o.Stack], tags...), append(own[o.AppID], tags...)
		}
	}
	for _, o := range state.Objects {
		add(o)
	}
	for _, o := range state.Deleted {
		add(o)
	}
	return func(gone *Live) bool {
		marked := func(mark string) bool { return slices.Contains(ofStack[gone.Stack], any(mark)) }
		switch gone.Kind {
		case User:
			return marked(stack.PreventStackMark) || marked(stack.PreventUserMark(strings.TrimPrefix(text(gone.Properties, "userPrincipalName"), strings.ReplaceAll(gone.ID, "-", "")))) // Entra puts the id before the name
		case Group:
			return marked(stack.PreventStackMark) || marked(stack.PreventGroupMark(text(gone.Properties, "uniqueName")))
		}
		return slices.Contains(own[gone.AppID], any(stack.PreventDeleteMark)) || slices.Contains(list(gone.Properties, "tags"), any(stack.PreventDeleteMark))
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
