package main

import (
	"slices"
	"strings"
	"testing"

	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/stack"
)

// TestProvidedBy: which steps change a value that an Output document refers to.
func TestProvidedBy(t *testing.T) {
	t.Parallel()
	st := &stack.Stack{Name: "s",
		Users:        []*stack.User{{Name: "ada", UserPrincipalName: "Ada@${tenant.domain}"}},
		Applications: []*stack.Application{{Name: "api", Secrets: []stack.Secret{{Name: "key"}}}, {Name: "web"}}}
	r := resolver{connection: &connection{domain: "contoso.example"}, stack: st}
	step := func(action plan.Action, kind plan.Kind, name string) plan.Step {
		return plan.Step{Action: action, Key: plan.Key{Kind: kind, Name: name}}
	}
	api := plan.Key{Kind: plan.Application, Name: "s.api"}
	secret := plan.Step{Action: plan.Replace, Key: plan.SecretKey(api, "key")}
	for _, c := range []struct {
		name       string
		step       plan.Step
		expression string
		want       bool
	}{
		{"a new application", step(plan.Create, plan.Application, "s.api"), "applications.api.appId", true},
		{"a changed application keeps its appId", step(plan.Update, plan.Application, "s.api"), "applications.api.appId", false},
		{"another application", step(plan.Create, plan.Application, "s.web"), "applications.api.appId", false},
		{"the application of another stack", step(plan.Create, plan.Application, "t.api"), "applications.api.appId", false},
		{"a replaced secret", secret, "secrets.api.key", true},
		{"a replaced secret, in short", secret, "secrets.key", true},
		{"another secret", secret, "secrets.other", false},
		{"a deleted secret", plan.Step{Action: plan.Delete, Key: secret.Key}, "secrets.key", false},
		{"a new user", step(plan.Create, plan.User, "ada@contoso.example"), "users.ada.password", true},
		{"a reset password", step(plan.Replace, plan.Password, "ada@contoso.example"), "users.ada.password", true},
		{"another user", step(plan.Create, plan.User, "rita@contoso.example"), "users.ada.password", false},
		{"a user that the stack does not have", step(plan.Create, plan.User, "ada@contoso.example"), "users.rita.password", false},
		{"a group of that name", step(plan.Create, plan.Group, "ada@contoso.example"), "users.ada.password", false},
		{"changed hosting", plan.Step{Action: plan.Update, Key: plan.TerraformKey("s", "web")}, "terraform.web.url", true},
		{"other hosting", plan.Step{Action: plan.Update, Key: plan.TerraformKey("s", "vault")}, "terraform.web.url", false},
		{"the tenant's id never changes", step(plan.Create, plan.Application, "s.api"), "tenant.id", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &plan.Plan{Steps: []plan.Step{step(plan.Update, plan.Group, "x"), c.step}}
			if got := r.providedBy(p, c.expression); got != c.want {
				t.Errorf("${%s} is provided: %t, want %t", c.expression, got, c.want)
			}
			o := &stack.Output{Values: map[string]any{"A": []any{map[string]any{"B": "x ${" + c.expression + "}"}}}}
			if got := r.changedBy(p, o); got != c.want {
				t.Errorf("an Output with ${%s} changes: %t, want %t", c.expression, got, c.want)
			}
		})
	}
}

// TestHoldsSecret: files with secrets and passwords count as secret, wherever the reference is.
func TestHoldsSecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"${secrets.key}": true, "Bearer ${secrets.api.key}": true, "${users.ada.password}": true,
		"${users.ada.userPrincipalName}": false, "${applications.secrets.appId}": false, "secrets.key": false, "": false,
	} {
		for shape, values := range map[string]map[string]any{
			"text": {"A": text}, "list": {"A": []any{"x", text}}, "mapping": {"A": map[string]any{"B": map[string]any{"C": text}}}, "beside a number": {"A": 1.0, "B": text},
		} {
			if got := holdsSecret(&stack.Output{Values: values}); got != want {
				t.Errorf("%q as %s: %t, want %t", text, shape, got, want)
			}
		}
	}
}

// TestSecretFiles lists the user's files with secrets, each once.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	stacks := []*stack.Stack{{
		Outputs: []*stack.Output{{File: "out/secret.env", Values: map[string]any{"A": "${secrets.key}"}}, {File: "out/plain.env", Values: map[string]any{"A": "${tenant.id}"}}},
		Applications: []*stack.Application{{Secrets: []stack.Secret{
			{Name: "a", Sink: stack.Sink{Env: &stack.EnvSink{File: ".env", Key: "A"}}}, {Name: "b", Sink: stack.Sink{Env: &stack.EnvSink{File: ".env", Key: "B"}}},
			{Name: "c", Sink: stack.Sink{File: "c.json"}}, {Name: "d"}, {Name: "e", Sink: stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: "https://kv.example", Name: "e"}}}}}},
	}, {Outputs: []*stack.Output{{File: "out/secret.env", Values: map[string]any{"A": "${users.ada.password}"}}}}}
	if got, want := secretFiles(stacks), []string{".env", "c.json", "out/secret.env"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestRemoveEmptyStaysInTheProject: only empty folders below the project folder are removed.
func TestRemoveEmptyStaysInTheProject(t *testing.T) {
	project := t.TempDir()
	for name, c := range map[string]struct{ make, file, remove, left string }{
		"all are empty":      {"a/b/c", "", "a/b/c", ""},
		"one is not":         {"a/b/c", "a/x", "a/b/c", "a/x"},
		"the project itself": {"a", "", ".", "a"},
		"outside of it":      {"a", "", "../elsewhere", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			root := makeTree(t, project, name, c.make, c.file)
			s := &connection{keep: reconcile.Keep{Sinks: sink.Access{Project: root}}}
			s.removeEmpty(s.keep.Sinks.Path(c.remove))
			if got := strings.Join(tree(t, root), " "); got != c.left {
				t.Errorf("left %q, want %q", got, c.left)
			}
		})
	}
}
