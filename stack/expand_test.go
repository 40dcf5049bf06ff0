package stack_test

import (
	"slices"
	"testing"

	"provision/stack"
)

// TestExpand replaces the expressions that have a value, once and from left to right.
func TestExpand(t *testing.T) {
	t.Parallel()
	value := func(expression string) (string, bool) {
		v, ok := map[string]string{"tenant.id": "T", "appId": "A", "": "empty", "nested": "${appId}"}[expression]
		return v, ok
	}
	for text, want := range map[string]string{
		"":                         "",
		"api://${appId}":           "api://A",
		"${tenant.id}/${appId}":    "T/A",
		"${unknown}-${appId}":      "${unknown}-A",
		"${}":                      "empty",
		"$appId {appId} $${appId}": "$appId {appId} $A",
		"${appId":                  "${appId",
		"${nested}":                "${appId}", // a value is not expanded again
	} {
		if got := stack.Expand(text, value); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got, want := stack.InTenant("api://${tenant.domain}/${tenant.id}/${appId}", "T", "contoso.com"), "api://contoso.com/T/${appId}"; got != want {
		t.Errorf("in a tenant: %s, want %s", got, want)
	}
	for text, want := range map[string][]string{"a": nil, "${a}${b} ${a}": {"a", "b", "a"}, "{a}": nil} {
		if got := stack.References(text); !slices.Equal(got, want) {
			t.Errorf("the references of %q are %q, want %q", text, got, want)
		}
	}
}

// TestPlaceholders: {name} is a parameter of a request, ${name} is not.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for request, want := range map[string][]string{
		"GET /orders":                        nil,
		"GET /orders/{id}":                   {"id"},
		"GET /{a}/{b}?q={c}":                 {"a", "b", "c"},
		"GET /orders/${setup.id}/lines/{id}": {"id"},
		"GET /{a}{b}":                        {"a", "b"},
		"GET /{}":                            {""},
	} {
		if got := stack.Placeholders(request); !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", request, got, want)
		}
	}
	path := func(name string) (string, bool) { return "p-" + name, name != "unknown" }
	query := func(name string) (string, bool) { return "q-" + name, name != "unknown" }
	for request, want := range map[string]string{
		"GET /orders":                         "GET /orders",
		"GET /{id}":                           "GET /p-id",
		"GET /{id}?q={id}":                    "GET /p-id?q=q-id",
		"GET /{unknown}?q={unknown}":          "GET /{unknown}?q={unknown}",
		"GET /${setup.id}/{id}":               "GET /${setup.id}/p-id",
		"GET /a{id}b?":                        "GET /ap-idb?",
		"GET /search?q={a}&page={b}&x=${c.d}": "GET /search?q=q-a&page=q-b&x=${c.d}",
	} {
		if got := stack.Fill(request, path, query); got != want {
			t.Errorf("%s becomes %s, want %s", request, got, want)
		}
	}
}

func TestReferredOutput(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string][2]string{
		"terraform.hosting.url":       {"hosting", "url"},
		"terraform.hosting.a.b":       {"hosting", "a.b"},
		"terraform.hosting":           {},
		"terraform.hosting.":          {},
		"terraform":                   {},
		"terraforms.hosting.url":      {},
		"applications.api.appId":      {},
		"parameters.terraform.a.b":    {},
		"terraform.key-vault.vault_1": {"key-vault", "vault_1"},
	} {
		document, output, ok := stack.ReferredOutput(expression)
		if ok != (want != [2]string{}) || ok && [2]string{document, output} != want {
			t.Errorf("%s: %q, %q, %t; want %q", expression, document, output, ok, want)
		}
	}
	got := stack.OutputsOf(map[string]any{"a": []any{"${terraform.web.url}", 1.0, true, nil}, "b": map[string]any{"c": "x ${terraform.db.name} ${appId}"}})
	var names []string
	for _, o := range got {
		names = append(names, o.Document+"."+o.Output)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"db.name", "web.url"}) {
		t.Errorf("the outputs in a value are %q", names)
	}
}
