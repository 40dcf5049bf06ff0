package stack

import (
	"slices"
	"strings"
)

// PreventDeleteMark is the tag of an application that its manifest protects with
// prevent: [delete], so that a deletion without manifests knows it. The marks of protected users,
// groups and Terraform documents begin with it. They are tags of every application of
// the stack, because Graph has no property of a group for them.
const PreventDeleteMark = "provision:prevent=delete"

// PreventStackMark is the tag of a stack that its manifest protects as a whole.
const PreventStackMark = PreventDeleteMark + ":stack"

// PreventUserMark returns the tag for a protected user. The domain of the name is left out: it
// depends on the tenant.
func PreventUserMark(userPrincipalName string) string {
	name, _, _ := strings.Cut(strings.ToLower(userPrincipalName), "@")
	return PreventDeleteMark + ":user:" + name
}

// PreventGroupMark returns the tag for a protected group.
func PreventGroupMark(uniqueName string) string {
	return PreventDeleteMark + ":group:" + strings.TrimPrefix(uniqueName, GroupNamePrefix)
}

// PreventTerraformMark returns the tag for a protected Terraform document.
func PreventTerraformMark(document string) string {
	return PreventDeleteMark + ":terraform:" + document
}

// IsPreventMark reports whether a tag is a mark of protection.
func IsPreventMark(tag any) bool {
	text, _ := tag.(string)
	return text == PreventDeleteMark || strings.HasPrefix(text, PreventDeleteMark+":")
}

// MarksOf returns the tags of one application of the stack: the marks of the stack, and the marks of
// protection. The applications of an environment get no marks of protection: gc may delete them.
func (s *Stack) MarksOf(a *Application) []string {
	if s.Environment != "" {
		return s.Marks()
	}
	marks := s.Marks()
	if a.Protection.PreventsDelete() || s.Protection.PreventsDelete() {
		marks = append(marks, PreventDeleteMark)
	}
	return append(marks, s.preventMarks()...)
}

// preventMarks returns the marks of protection of the stack and of its documents other than
// applications.
func (s *Stack) preventMarks() (marks []string) {
	if s.Protection.PreventsDelete() {
		marks = append(marks, PreventStackMark)
	}
	for _, u := range s.Users {
		if u.Protection.PreventsDelete() && !u.Existing {
			marks = append(marks, PreventUserMark(u.UserPrincipalName))
		}
	}
	for _, g := range s.Groups {
		if g.Protection.PreventsDelete() && !g.Existing {
			marks = append(marks, PreventGroupMark(s.GroupUniqueName(g.Name)))
		}
	}
	for _, t := range s.Terraforms {
		if t.Protection.PreventsDelete() {
			marks = append(marks, PreventTerraformMark(t.Name))
		}
	}
	return marks
}

// Protects reports whether a manifest protects an object of the stack, or the whole stack, from
// deletion.
func (s *Stack) Protects() bool {
	return len(s.preventMarks()) > 0 || slices.ContainsFunc(s.Applications, func(a *Application) bool { return a.Protection.PreventsDelete() })
}

// ProtectionUnmarked reports whether a deletion without manifests cannot know the protection of the
// stack's users, groups and Terraform documents, because the stack has no application of its own or is
// an environment.
func (s *Stack) ProtectionUnmarked() bool {
	manages := len(s.Users)+len(s.Groups)+len(s.Terraforms) > 0
	marked := s.Environment == "" && slices.ContainsFunc(s.Applications, func(a *Application) bool { return !a.Existing })
	return s.Home == "" && manages && len(s.preventMarks()) > 0 && !marked
}
