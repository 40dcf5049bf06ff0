package main

import (
	"testing"

	"provision/stack"
)

func TestPageOriginsSkipBrokers(t *testing.T) {
	t.Parallel()
	addIn := &stack.Application{SPA: stack.RedirectURIs{RedirectURIs: []string{"brk-multihub://addin.example", "https://addin.example/cb"}}}
	if origins := pageOrigins(&stack.Stack{Applications: []*stack.Application{addIn}}); len(origins) != 1 || origins[0] != "https://addin.example" {
		t.Errorf("origins %v, want https://addin.example", origins)
	}
}
