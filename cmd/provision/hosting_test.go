package main

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"provision/plan"
	"provision/stack"
	"provision/terraform"
)

func TestOutputText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		want  string
	}{{"a", "a"}, {true, "true"}, {false, "false"}, {float64(8080), "8080"}, {1.5, "1.5"}, {nil, ""}, {[]any{"a"}, ""}, {map[string]any{}, ""}} {
		if got := outputText(c.value); got != c.want {
			t.Errorf("%v is %q, want %q", c.value, got, c.want)
		}
	}
}

// terraforms returns a stack of Terraform documents by the documents whose outputs they use.
func terraforms(order []string, uses map[string][]string) *stack.Stack {
	s := &stack.Stack{Name: "s"}
	for _, name := range order {
		t := &stack.Terraform{Name: name, Variables: map[string]any{}}
		for _, used := range uses[name] {
			t.Variables[used] = []any{map[string]any{"x": "${terraform." + used + ".url}"}}
			t.Variables["again_"+used] = "${terraform." + used + ".id}"
		}
		s.Terraforms = append(s.Terraforms, t)
	}
	return s
}

// TestTerraformOrder: a document is applied after the documents whose outputs it uses, whatever the
// order of the manifests.
func TestTerraformOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		order []string
		uses  map[string][]string
		want  []string
	}{
		{[]string{"a", "b"}, nil, []string{"a", "b"}},
		{[]string{"web", "vault"}, map[string][]string{"web": {"vault"}}, []string{"vault", "web"}},
		{[]string{"a", "b", "c"}, map[string][]string{"a": {"b"}, "b": {"c"}}, []string{"c", "b", "a"}},
		{[]string{"a", "b", "c"}, map[string][]string{"a": {"c"}, "b": {"c"}}, []string{"c", "a", "b"}},
	} {
		s := terraforms(c.order, c.uses)
		var got []string
		for _, d := range inOrder(s) {
			got = append(got, d.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v with %v: %v, want %v", c.order, c.uses, got, c.want)
		}
		for _, d := range s.Terraforms {
			if needs := documentsNeeded(d); !slices.Equal(needs, c.uses[d.Name]) {
				t.Errorf("%s needs %v, want %v", d.Name, needs, c.uses[d.Name])
			}
		}
	}
}

// TestResolveSinks: a sink whose outputs are all known is filled in; other sinks stay as they are.
func TestResolveSinks(t *testing.T) {
	t.Parallel()
	vault := func(url string) stack.Sink { return stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: url, Name: "key"}} }
	known := func(document, output string) string {
		return map[string]string{"vault.url": "https://kv.example", "vault.name": "kv"}[document+"."+output]
	}
	for _, c := range []struct{ sink, want stack.Sink }{
		{vault("${terraform.vault.url}"), vault("https://kv.example")},
		{vault("https://${terraform.vault.name}.vault.example"), vault("https://kv.vault.example")},
		{vault("${terraform.other.url}"), vault("${terraform.other.url}")},
		{vault("https://fixed.example"), vault("https://fixed.example")},
		{stack.Sink{File: "a.json"}, stack.Sink{File: "a.json"}},
	} {
		s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "a", Secrets: []stack.Secret{{Name: "key", Sink: c.sink}}}}}
		resolveSinks(s, known)
		if got := s.Applications[0].Secrets[0].Sink; got.String() != c.want.String() {
			t.Errorf("%s becomes %s, want %s", c.sink, got, c.want)
		}
	}
}

func TestStaleOutputs(t *testing.T) {
	t.Parallel()
	k := plan.TerraformKey("s", "web")
	why := errors.New("no\nroute")
	at := time.Date(2026, 11, 28, 13, 5, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		applied terraform.Record
		want    string
	}{
		{terraform.Record{Time: at}, "terraform s/web: the outputs are those of this machine's last apply of 2026-11-28 12:05 UTC, because the backend cannot be read: no route"},
		{terraform.Record{}, "terraform s/web: the outputs are those of this machine's last apply, because the backend cannot be read: no route"},
	} {
		if got := staleOutputs(k, c.applied, why); got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

// TestModulePath: a path starts at the folder of the manifest; a built-in module has no path.
func TestModulePath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &stack.Terraform{Dir: dir}
	for module, want := range map[string]string{"local-api": "local-api", "./web": filepath.Join(dir, "web"), "../shared": filepath.Join(filepath.Dir(dir), "shared"), "/opt/web": "/opt/web"} {
		if got := modulePath(d, module); got != want {
			t.Errorf("%s is %s, want %s", module, got, want)
		}
	}
}

func TestNearestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		known []string
		want  string
	}{
		{"hostnme", []string{"id", "hostname"}, "did you mean hostname?"},
		{"resource_group", []string{"id", "url"}, "choose one of: id, url"},
		{"url", nil, "it has none"},
	} {
		if got := nearestOf(c.name, c.known); got != c.want {
			t.Errorf("%s of %v: %q, want %q", c.name, c.known, got, c.want)
		}
	}
}
