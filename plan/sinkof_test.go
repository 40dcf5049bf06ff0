package plan

import (
	"testing"

	"provision/stack"
)

// TestResolveSink: known outputs replace their references, and nothing else of a sink changes.
func TestResolveSink(t *testing.T) {
	t.Parallel()
	vault := func(name string) stack.Sink { return stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: name}} }
	lookup := func(k Key, property string) string {
		if k == TerraformKey("shop", "hosting") && property == "vault" {
			return "kv-shop"
		}
		return ""
	}
	for name, test := range map[string]struct {
		of         string
		sink, want stack.Sink
	}{
		"a file":                   {"shop", stack.Sink{File: "out/secret"}, stack.Sink{File: "out/secret"}},
		"a vault":                  {"shop", vault("kv-fixed"), vault("kv-fixed")},
		"a known output":           {"shop", vault("${terraform.hosting.vault}"), vault("kv-shop")},
		"an output without value":  {"shop", vault("${terraform.hosting.other}"), vault("${terraform.hosting.other}")},
		"another stack's document": {"web", vault("${terraform.hosting.vault}"), vault("${terraform.hosting.vault}")},
	} {
		declared := ""
		if test.sink.KeyVault != nil {
			declared = test.sink.KeyVault.Vault
		}
		got := ResolveSink(test.of, test.sink, lookup)
		if got.File != test.want.File || (got.KeyVault == nil) != (test.want.KeyVault == nil) || got.KeyVault != nil && got.KeyVault.Vault != test.want.KeyVault.Vault {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
		if test.sink.KeyVault != nil && test.sink.KeyVault.Vault != declared {
			t.Errorf("%s: the declared sink has changed", name)
		}
	}
}

// TestStepsOtherThanAdoption: the plan of imported manifests only adopts and changes nothing else.
func TestStepsOtherThanAdoption(t *testing.T) {
	t.Parallel()
	key := Key{Kind: Application, Name: "shop.api"}
	mark := Change{Path: pathTo("uniqueName"), To: "shop.api"}
	for name, test := range map[string]struct {
		steps []Step
		want  int
	}{
		"nothing":            {nil, 0},
		"adoption":           {[]Step{{Action: Adopt, Key: key, Changes: []Change{mark}}}, 0},
		"adoption and more":  {[]Step{{Action: Adopt, Key: key, Changes: []Change{mark, {Path: pathTo("displayName"), From: "a", To: "b"}}}}, 1},
		"an update":          {[]Step{{Action: Adopt, Key: key}, {Action: Update, Key: key}}, 1},
		"a deletion, update": {[]Step{{Action: Delete, Key: key}, {Action: Update, Key: key}}, 2},
	} {
		if got := (&Plan{Steps: test.steps}).BesideAdoption(); len(got) != test.want {
			t.Errorf("%s: %q, want %d", name, got, test.want)
		}
	}
}
