package protected

import (
	"slices"

	"provision/stack"
)

// API is an application whose API is described by one or more Conformance
// documents.
type API struct {
	Stack     *stack.Stack
	Resource  *stack.Application
	Documents []*stack.Conformance
}

// Name is STACK/APPLICATION.
func (a API) Name() string { return a.Stack.Name + "/" + a.Resource.Name }

// APIs lists the protected applications of the stacks.
func APIs(stacks []*stack.Stack) []API {
	var all []API
	for _, s := range stacks {
		for _, document := range s.Conformances {
			i := slices.IndexFunc(all, func(a API) bool { return a.Stack == s && a.Resource.Name == document.Resource })
			if i < 0 {
				all = append(all, API{Stack: s, Resource: application(s, document.Resource)})
				i = len(all) - 1
			}
			all[i].Documents = append(all[i].Documents, document)
		}
	}
	return all
}

func application(s *stack.Stack, name string) *stack.Application {
	i := slices.IndexFunc(s.Applications, func(a *stack.Application) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return s.Applications[i]
}
