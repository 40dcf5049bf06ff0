package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"provision/reconcile/sink"
	"provision/stack"
)

// TestWarningsAskGitHub: a warning contains the form of the subject that GitHub reports. GitHub
// gets one request for each repository, and none without a token.
func TestWarningsAskGitHub(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer token" {
			t.Errorf("asked with %q", r.Header.Get("Authorization"))
		}
		answer := map[string]string{
			"/repos/contoso/new/actions/oidc/customization/sub":  `{"use_default":true,"use_immutable_subject":false,"sub_claim_prefix":"repo:contoso@12/new@34"}`,
			"/repos/contoso/old/actions/oidc/customization/sub":  `{"use_default":true,"sub_claim_prefix":"repo:contoso/old"}`,
			"/repos/contoso/odd/actions/oidc/customization/sub":  `{"sub_claim_prefix":"\u001b[31mrepo:x"}`,
			"/repos/contoso/none/actions/oidc/customization/sub": "",
		}[r.URL.Path]
		if answer == "" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	api := sink.GitHub{URL: server.URL, Token: "token", HTTPClient: server.Client()}
	of := func(repositories ...string) []*stack.Stack {
		a := &stack.Application{Name: "a"}
		for _, r := range repositories {
			a.FederatedCredentials = append(a.FederatedCredentials, stack.FederatedCredential{Name: "c", GitHub: &stack.GitHub{Repository: r, Branch: "main"}})
		}
		return []*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}
	}
	for repository, want := range map[string][]string{
		"contoso/new":      {"sends subjects with ids, repo:contoso@12/new@34:…", "ownerId: 12 and repositoryId: 34", "subjects: both"},
		"contoso/old":      {"sends subjects by name, repo:contoso/old:…, today", "subjects: both"},
		"contoso/odd":      {"the form that contoso/odd uses could not be read from GitHub"},
		"contoso/none":     {"the form that contoso/none uses could not be read from GitHub: it answered 404"},
		"contoso@1/none@2": nil,
	} {
		asked = 0
		lines := findWarnings(t.Context(), of(repository, repository), api)
		text := strings.Join(lines, "\n")
		for _, w := range want {
			if strings.Count(text, w) != 2 || asked != 1 {
				t.Errorf("%s: asked %d times, %q, want %q twice", repository, asked, text, w)
			}
		}
		if strings.Contains(text, "\x1b") || want == nil && (len(lines) > 0 || asked > 0) {
			t.Errorf("%s: asked %d times, %q", repository, asked, text)
		}
	}
	asked = 0
	if lines := findWarnings(t.Context(), of("contoso/new"), sink.GitHub{URL: server.URL, HTTPClient: server.Client()}); len(lines) != 1 || asked != 0 {
		t.Errorf("without a token: asked %d times, %q", asked, lines)
	}
}
