package main

import (
	"testing"

	"provision/stack"
)

// TestSignInTakesARedirectURIThatItCanBeSentTo: no broker's, and a name in the
// place of a wildcard.
func TestSignInTakesARedirectURIThatItCanBeSentTo(t *testing.T) {
	t.Parallel()
	addin := &stack.Application{SPA: stack.RedirectURIs{RedirectURIs: []string{"brk-multihub://addin.example", "https://addin.example/cb"}}}
	if platform, uri := signIn(addin); platform != "spa" || uri != "https://addin.example/cb" {
		t.Errorf("an add-in: %s %s", platform, uri)
	}
	wild := &stack.Application{Web: stack.Web{RedirectURIs: []string{"https://*.shop.example/cb"}}}
	if platform, uri := signIn(wild); platform != "web" || uri != "https://any.shop.example/cb" {
		t.Errorf("a wildcard: %s %s", platform, uri)
	}
	if origins := pageOrigins(&stack.Stack{Applications: []*stack.Application{addin}}); len(origins) != 1 || origins[0] != "https://addin.example" {
		t.Errorf("origins %v", origins)
	}
}
