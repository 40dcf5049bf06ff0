package plan

import (
	"maps"
	"slices"
	"strings"

	"provision/stack"
)

// stackMarks are the tags of the applications of each stack.
type stackMarks map[string][]any

func (m stackMarks) add(o *Live) {
	if o.Kind == Application {
		m[o.Stack] = append(m[o.Stack], list(o.Properties, "tags")...)
	}
}

// protect reports whether the marks of a stack protect one of its users, groups or Terraform documents, of which the mark
// is given.
func (m stackMarks) protect(name, mark string) bool {
	return slices.Contains(m[name], any(stack.PreventStackMark)) || slices.Contains(m[name], any(mark))
}

// PreventedByMarks returns whether a step deletes an object that the marks in the tenant protect. They name
// the objects that the manifests protected when they were last applied.
func PreventedByMarks(state *State) func(Step) bool {
	marks := stackMarks{}
	for _, o := range state.Objects {
		marks.add(o)
	}
	return func(s Step) bool {
		switch s.Kind {
		case User:
			return marks.protect(s.Stack, stack.PreventUserMark(s.Name))
		case Group:
			return marks.protect(s.Stack, stack.PreventGroupMark(s.Name))
		case Terraform:
			_, document, _ := strings.Cut(s.Name, "/")
			return marks.protect(s.Stack, stack.PreventTerraformMark(document))
		}
		o := state.Objects[s.Key]
		return o != nil && slices.Contains(list(o.Properties, "tags"), any(stack.PreventDeleteMark))
	}
}

// protectedWhenDeleted returns whether an object in the recycle bin was protected by a mark when it was deleted: its own,
// that of the application of a service principal, or one of its stack's applications.
func protectedWhenDeleted(state *State) func(*Live) bool {
	own := func(o *Live) bool { return slices.Contains(list(o.Properties, "tags"), any(stack.PreventDeleteMark)) }
	marks, applications := stackMarks{}, map[string]bool{} // the protected ones, by appId
	for _, o := range slices.AppendSeq(slices.Clone(state.Deleted), maps.Values(state.Objects)) {
		marks.add(o)
		if o.Kind == Application && own(o) {
			applications[o.AppID] = true
		}
	}
	return func(gone *Live) bool {
		switch gone.Kind {
		case User: // Entra puts the id before the name
			name := strings.TrimPrefix(text(gone.Properties, "userPrincipalName"), strings.ReplaceAll(gone.ID, "-", ""))
			return marks.protect(gone.Stack, stack.PreventUserMark(name))
		case Group:
			return marks.protect(gone.Stack, stack.PreventGroupMark(text(gone.Properties, "uniqueName")))
		}
		return applications[gone.AppID] || own(gone)
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
