package stack_test

import (
	"strings"
	"testing"

	"provision/stack"
)

// TestCheckConfig: provision.yaml is checked against its own schema.
func TestCheckConfig(t *testing.T) {
	t.Parallel()
	schema := stack.ConfigSchema(map[string]map[string]any{
		"target": {"type": []string{"string"}}, "yes": {"type": []string{"boolean"}}, "lock-timeout": {"type": []string{"number", "string"}},
	})
	for text, want := range map[string]string{
		"":              "",
		"# a comment\n": "",
		"target: staging\nyes: true\nlock-timeout: 0\n":                         "",
		"targets: {a: {tenant: contoso.onmicrosoft.com}}":                       "",
		"targets: {a: {tenant: 11111111-2222-3333-4444-55555555555A}}":          "",
		"target: {a: {tenant: contoso.example}}":                                "target is the name of a target, and not a mapping\n  hint: did you mean targets?",
		"targts: {a: {tenant: contoso.example}}":                                "c.yaml:1:1: unknown field targts\n  hint: did you mean targets?",
		"locktimeout: 3m":                                                       "c.yaml:1:1: unknown field locktimeout\n  hint: did you mean lock-timeout?",
		"targets: {a: {tenant: contoso.example, tenent: x}}":                    "c.yaml:1:40: targets.a: unknown field tenent\n  hint: did you mean tenant?",
		"targets: {a: {}}":                                                      "c.yaml:1:11: targets.a: tenant is missing",
		"targets:\n  a: {tenant: contoso}":                                      "c.yaml:2:15: targets.a.tenant cannot be \"contoso\"\n  hint: the tenant's id (a GUID)",
		"targets: {a: {tenant: common}}":                                        "targets.a.tenant cannot be",
		"targets: {a: {tenant: 11111111-2222-3333-4444-5555}}":                  "targets.a.tenant cannot be",
		"targets: {a: {tenant: https://login.microsoftonline.com/contoso.com}}": "targets.a.tenant cannot be",
		"targets: {local: {tenant: contoso.example}}":                           "targets.local: unknown field tenant",
		"targets: {../a: {tenant: contoso.example}}":                            "targets: \"../a\" is not a valid name for an entry",
		"targets: {programs: {tenant: contoso.example}}":                        "targets: \"programs\" is not a valid name for an entry",
		"targets: {a: {tenant: contoso.example}, b: {tenant: fabrikam.example, customerOf: a}, c: {tenant: northwind.example, customerOf: local}}": "",
		"targets: {a: {tenant: contoso.example, customerOf: b}}":                                                                                   "c.yaml:1:52: target a: unknown target \"b\"",
		"targets: {a: {tenant: contoso.example, customerOf: a}}":                                                                                   "target a: a is the target of a customer",
		"targets: {a: {tenant: contoso.example, customerOf: b}, b: {tenant: fabrikam.example, customerOf: local}}":                                 "target a: b is the target of a customer",
		"targets: {a: {tenant: contoso.example}, b: {tenant: Contoso.Example, customerOf: a}}":                                                     "c.yaml:1:53: target b is the tenant of target a, which is its home\n  hint: name the tenant of the customer",
		"targets: {a: {tenant: contoso.example}, A: {tenant: fabrikam.example}}":                                                                   "targets A and a differ only in letter case",
		"targets: {Local: {tenant: contoso.example}}":                                                                                              "targets local and Local differ only in letter case",
		"yes: sure":        "c.yaml:1:6: yes must be boolean, not string\n  hint: write `yes: true` or `false`, without quotes",
		"\tyes: true":      "c.yaml:1:1: not YAML: the indentation contains a tab\n  1 | →yes: true",
		"- yes":            "c.yaml:1:1: it must be a mapping of settings",
		"yes: no\nyes: no": "c.yaml:2:1: key yes is duplicated",
	} {
		_, mistakes := stack.CheckConfig("c.yaml", []byte(text), schema)
		switch {
		case want == "" && len(mistakes) > 0, want != "" && (len(mistakes) != 1 || !strings.Contains(mistakes.Error(), want)):
			t.Errorf("%q: %v; want %q", text, mistakes, want)
		}
	}
}
