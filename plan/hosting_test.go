package plan_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"provision/plan"
	"provision/stack"
)

// hosted returns a stack in which the hosting needs the registration and the secret of its API, and
// the API needs the URL of the hosting.
func hosted() *stack.Stack {
	return &stack.Stack{Name: "s",
		Applications: []*stack.Application{
			{Name: "api", DisplayName: "API", Secrets: []stack.Secret{{Name: "key"}}},
			{Name: "client", DisplayName: "C", Web: stack.Web{RedirectURIs: []string{"${terraform.site.url}/callback"}},
				Secrets:     []stack.Secret{{Name: "vaulted", Sink: stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: "${terraform.site.vault_uri}", Name: "v"}}}},
				Permissions: []stack.Permission{{Resource: "api", Scopes: []string{}, AdminConsent: true}}},
		},
		Groups: []*stack.Group{{Name: "g"}},
		Terraforms: []*stack.Terraform{{Name: "site", Module: stack.Module{"default": "local-api"},
			Variables: map[string]any{"id": "${applications.api.appId}", "key": "${secrets.api.key}"}}}}
}

var site = plan.TerraformKey("s", "site")

func planned(t *testing.T, s *stack.Stack, state *plan.State, h *plan.Hosting) *plan.Plan {
	t.Helper()
	state.Hosting = map[plan.Key]*plan.Hosting{site: h}
	p, err := plan.Diff([]*stack.Stack{s}, state, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var making = &plan.Hosting{Module: "local-api", Outputs: []string{"url", "vault_uri"}, Resources: []plan.HostingResource{
	{Address: "terraform_data.api", Action: plan.Create, Attributes: []plan.HostingAttribute{
		{Path: "input.url", To: "http://127.0.0.1:8080"}, {Path: "output", Unknown: true}, {Path: "input.key", Sensitive: true}}}}}

// TestOrderOfHosting, if everything is new and if the
// registrations exist.
func TestOrderOfHosting(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]*plan.State{
		"everything is new":       tenant(),
		"the registrations exist": tenant(app("s.api", map[string]any{"displayName": "API"}), app("s.client", map[string]any{"displayName": "C"})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planned(t, hosted(), state, making)
			done := steps(p)
			at := func(step string) int {
				i := slices.Index(done, step)
				if i < 0 {
					t.Fatalf("there is no step %q in %q", step, done)
				}
				return i
			}
			hosting := at("create terraform s/site")
			waiting := []string{"create secret s.client vaulted", "link application s.client"}
			if state.Objects[plan.Key{Kind: plan.Application, Name: "s.client"}] != nil {
				waiting[1] = "update application s.client"
			}
			for _, step := range waiting {
				if at(step) < hosting {
					t.Errorf("%s comes before the hosting in %q", step, done)
				}
				if deps := p.Dependencies()[at(step)]; !slices.Contains(deps.Needs, hosting) {
					t.Errorf("%s needs %v, want the hosting %d among them", step, deps.Needs, hosting)
				}
			}
			for _, step := range []string{"create secret s.api key", "create group " + stack.GroupUniqueName("s", "g")} {
				if at(step) > hosting {
					t.Errorf("%s comes after the hosting in %q", step, done)
				}
				if deps := p.Dependencies()[hosting]; !slices.Contains(deps.Needs, at(step)) {
					t.Errorf("the hosting needs %v, want %s (%d) among them", deps.Needs, step, at(step))
				}
			}
		})
	}
}

func TestReferencesToHostingOutputs(t *testing.T) {
	t.Parallel()
	live := &plan.Live{Object: plan.Object{Key: site, Stack: "s", Properties: map[string]any{"url": "https://site.example"}}}
	client := app("s.client", map[string]any{"displayName": "C"})
	p := planned(t, hosted(), tenant(live, app("s.api", map[string]any{"displayName": "API"}), client), nil)
	var text bytes.Buffer
	if err := p.Text(&text, false, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "+ web.redirectUris[https://site.example/callback]") {
		t.Errorf("the plan is\n%s", text.String())
	}
	if got := steps(p); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "terraform") }) {
		t.Errorf("hosting that does not change has a step: %q", got)
	}
}

func TestUndeclaredHostingIsDestroyedFirst(t *testing.T) {
	t.Parallel()
	live := &plan.Live{Object: plan.Object{Key: site, Stack: "s"}}
	state := tenant(live, app("s.api", map[string]any{}))
	state.Hosting = map[plan.Key]*plan.Hosting{site: {Resources: []plan.HostingResource{{Address: "terraform_data.api", Action: plan.Delete}}}}
	p, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"s"}, KeepDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := steps(p), []string{"delete terraform s/site", "delete application s.api"}; !slices.Equal(got, want) {
		t.Errorf("the steps are %q, want %q", got, want)
	}
	if needs := p.Dependencies()[1].Needs; !slices.Equal(needs, []int{0}) {
		t.Errorf("the registration goes after %v", needs)
	}
	prevented := p.CheckDeletes(state, true, func(s plan.Step) bool { return s.Key == site })
	if prevented == nil {
		t.Error("`prevent: [delete]` does not protect hosting")
	}
}

// TestHostingIsDestroyedBeforeItsDependencies for every order of the documents' names.
func TestHostingIsDestroyedBeforeItsDependencies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.Permutation([]string{"a", "b", "c", "d", "e"}).Draw(t, "names")
		state := tenant()
		state.Hosting = map[plan.Key]*plan.Hosting{}
		needs := map[string][]string{}
		for i, name := range names {
			k := plan.TerraformKey("s", name)
			live := &plan.Live{Object: plan.Object{Key: k, Stack: "s"}}
			for _, earlier := range names[:i] {
				if rapid.Bool().Draw(t, name+" needs "+earlier) {
					needs["delete terraform s/"+name] = append(needs["delete terraform s/"+name], "delete terraform s/"+earlier)
					live.Needs = append(live.Needs, plan.TerraformKey("s", earlier))
				}
			}
			state.Objects[k] = live
			state.Hosting[k] = &plan.Hosting{Resources: []plan.HostingResource{{Address: "terraform_data.x", Action: plan.Delete}}}
		}
		p, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"s"}, KeepDeleted: true})
		if err != nil {
			t.Fatal(err)
		}
		done := steps(p)
		for user, all := range needs {
			for _, needed := range all {
				i, j := slices.Index(done, user), slices.Index(done, needed)
				if i < 0 || j < i || !slices.Contains(p.Dependencies()[j].Needs, i) {
					t.Fatalf("%s does not wait for %s in %q", needed, user, done)
				}
			}
		}
	})
}

func TestHostingIsShownAsTerraformCounts(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]*plan.Hosting{
		`  + terraform s/site: 1 to add, 0 to change, 0 to destroy
      + terraform_data.api
          input.url: "http://127.0.0.1:8080"
          output: (known after apply)
          input.key: (sensitive)
`: making,
		`  + terraform s/site: 0 to add, 0 to change, 0 to destroy
      output url: "http://127.0.0.1:8080" → "http://127.0.0.1:8081"
      output key: (sensitive)
`: {ChangedOutputs: []plan.HostingAttribute{{Path: "url", From: "http://127.0.0.1:8080", To: "http://127.0.0.1:8081"}, {Path: "key", Sensitive: true}}},
		`  + terraform s/site: planned when the registrations exist: count depends on them
`: {Later: "count depends on them"},
		`  + terraform s/site: 1 to add, 1 to change, 2 to destroy
      ~ a
          x: 1 → 2
      -/+ b
          y: "old" → (known after apply)
      - c
`: {Resources: []plan.HostingResource{
			{Address: "a", Action: plan.Update, Attributes: []plan.HostingAttribute{{Path: "x", From: 1, To: 2}}},
			{Address: "b", Action: plan.Replace, Attributes: []plan.HostingAttribute{{Path: "y", From: "old", Unknown: true}}},
			{Address: "c", Action: plan.Delete, Attributes: []plan.HostingAttribute{{Path: "z", From: 1}}}}},
	} {
		p := planned(t, hosted(), tenant(), h)
		var text bytes.Buffer
		if err := p.Text(&text, false, true); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), want) {
			t.Errorf("the plan is\n%s\nwant in it\n%s", text.String(), want)
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		holdsSchema(t, raw)
	}
}

func TestUnknownTerraformOutputIsAMistake(t *testing.T) {
	t.Parallel()
	live := &plan.Live{Object: plan.Object{Key: site, Stack: "s", Properties: map[string]any{}}}
	state := tenant(live)
	state.Hosting = map[plan.Key]*plan.Hosting{}
	_, err := plan.Diff([]*stack.Stack{hosted()}, state, plan.Options{})
	if err == nil || !strings.Contains(err.Error(), "needs output url of terraform s/site, which has no value") {
		t.Errorf("the error is %v", err)
	}
}
