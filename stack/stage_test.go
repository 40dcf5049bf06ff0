package stack_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"provision/stack"
)

const staged = `apiVersion: provision/v1
kind: Stack
metadata: {name: orders}
spec:
  description: Orders of ${parameters.region} on ${target} in ${stack.name}
  parameters:
    region: {description: Where customers are.}
    url: {default: "https://orders${stack.suffix}.contoso.example", pattern: "https://.+"}
    public: {default: false}
    uris: {type: list, default: []}
  instances:
    eu: {region: Europe}
    us: {region: America, url: "https://${stack.instance}.contoso.example/${parameters.public}", uris: ["http://localhost/a", "http://localhost/b"]}
---
apiVersion: provision/v1
kind: Application
metadata: {name: api}
spec:
  displayName: Orders ${parameters.region}
  identifierUris: ["api://orders-${stack.instance}", "https://contoso.example"]
  isFallbackPublicClient: ${parameters.public}
  publicClient: {redirectUris: "${parameters.uris}"}
  web:
    redirectUris:
      - "${parameters.url}/signin"
      - targets: [local]
        entries: [http://localhost:5173/signin, http://localhost:5174/signin]
  appRoles: [{value: R, displayName: R, allowedMemberTypes: [User]}]
  roleAssignments: [{role: R, users: [ada], targets: [local]}]
---
apiVersion: provision/v1
kind: User
metadata: {name: ada, targets: [local]}
spec: {userPrincipalName: "ada-${stack.instance}@contoso.example", displayName: Ada}
---
apiVersion: provision/v1
kind: Application
metadata: {name: web}
spec: {displayName: Web, permissions: [{resource: "orders-${stack.instance}/api", roles: []}]}
`

func stage(t *testing.T, s stack.Stage) []*stack.Stack {
	t.Helper()
	all, err := load(t, s, map[string]string{"a.yaml": strings.Replace(staged, ", permissions: [{resource: \"orders-${stack.instance}/api\", roles: []}]", "", 1)})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func given(name string, value any) []stack.Given { return []stack.Given{{Name: name, Value: value}} }

// TestStage: one source is loaded into the stacks of each target, instance and environment.
func TestStage(t *testing.T) {
	t.Parallel()
	eu := func(all []*stack.Stack) *stack.Stack { return all[0] }
	us := func(all []*stack.Stack) *stack.Stack { return all[1] }
	for name, test := range map[string]struct {
		stage stack.Stage
		of    func([]*stack.Stack) *stack.Stack
		get   func(*stack.Stack) any
		want  any
	}{
		"the name has the instance": {of: us, get: func(s *stack.Stack) any { return s.Name }, want: "orders-us"},
		"values of an instance":     {of: us, get: func(s *stack.Stack) any { return s.Applications[0].DisplayName }, want: "Orders America"},
		"references in values":      {of: us, get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://us.contoso.example/false/signin"},
		"a default":                 {of: eu, get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://orders.contoso.example/signin"},
		"a list":                    {of: us, get: func(s *stack.Stack) any { return len(s.Applications[0].PublicClient.RedirectURIs) }, want: 2},
		"an empty list":             {of: eu, get: func(s *stack.Stack) any { return len(s.Applications[0].PublicClient.RedirectURIs) }, want: 0},
		"a list from a text": {stage: stack.Stage{Parameters: given("uris", "http://localhost/x, http://localhost/y")}, of: eu,
			get: func(s *stack.Stack) any { return s.Applications[0].PublicClient.RedirectURIs }, want: []string{"http://localhost/x", "http://localhost/y"}},
		"a boolean from a text": {stage: stack.Stage{Parameters: given("public", "true")}, of: eu,
			get: func(s *stack.Stack) any { return s.Applications[0].IsFallbackPublicClient }, want: true},
		"provision.yaml goes before the default": {stage: stack.Stage{Configured: given("url", "https://c.example")}, of: eu,
			get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://c.example/signin"},
		"an instance goes before provision.yaml": {stage: stack.Stage{Configured: given("url", "https://c.example")}, of: us,
			get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://us.contoso.example/false/signin"},
		"the command goes before all": {stage: stack.Stage{Configured: given("url", "https://c.example"), Parameters: append(given("url", "https://x.example"), given("url", "https://d.example")...)}, of: us,
			get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://d.example/signin"},
		"a variable has no case": {stage: stack.Stage{Parameters: []stack.Given{{Name: "U_RL", Value: "https://v.example", Environment: true}}}, of: eu,
			get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://v.example/signin"},
		"entries for the local tenant": {of: eu, get: func(s *stack.Stack) any { return len(s.Applications[0].Web.RedirectURIs) }, want: 3},
		"none for another target": {stage: stack.Stage{Target: "production"}, of: eu,
			get: func(s *stack.Stack) any { return len(s.Applications[0].Web.RedirectURIs) }, want: 1},
		"nor a document": {stage: stack.Stage{Target: "production"}, of: eu,
			get: func(s *stack.Stack) any {
				return fmt.Sprint(len(s.Users), len(s.Applications[0].RoleAssignments), s.Excluded[0].Kind+s.Excluded[0].Name)
			}, want: "0 0Userada"},
		"built-in values": {stage: stack.Stage{Suffix: "pr-7"}, of: eu,
			get: func(s *stack.Stack) any { return s.Description }, want: "Orders of Europe on local in orders-eu-pr-7"},
		"a suffix ends the name":     {stage: stack.Stage{Suffix: "pr-7"}, of: eu, get: func(s *stack.Stack) any { return s.Name }, want: "orders-eu-pr-7"},
		"and display names":          {stage: stack.Stage{Suffix: "pr-7"}, of: eu, get: func(s *stack.Stack) any { return s.Applications[0].DisplayName }, want: "Orders Europe (pr-7)"},
		"and users":                  {stage: stack.Stage{Suffix: "pr-7"}, of: eu, get: func(s *stack.Stack) any { return s.Users[0].UserPrincipalName }, want: "ada-eu-pr-7@contoso.example"},
		"and identifier URIs":        {stage: stack.Stage{Suffix: "pr-7"}, of: eu, get: func(s *stack.Stack) any { return s.Applications[0].IdentifierURIs }, want: []string{"api://orders-eu-pr-7", "https://contoso.example/pr-7"}},
		"redirect URIs by reference": {stage: stack.Stage{Suffix: "pr-7"}, of: eu, get: func(s *stack.Stack) any { return s.Applications[0].Web.RedirectURIs[0] }, want: "https://orders-pr-7.contoso.example/signin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.get(test.of(stage(t, test.stage)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStageMistakes: each mistake is reported at its position, with a hint.
func TestStageMistakes(t *testing.T) {
	t.Parallel()
	header := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: s}\nspec:\n  deleted: restore\n"
	app := "---\napiVersion: provision/v1\nkind: Application\nmetadata: {name: a}\nspec:\n  displayName: A\n"
	for name, test := range map[string]struct {
		text  string
		stage stack.Stage
		want  string
	}{
		"a value is missing": {text: header + "  parameters:\n    url: {}\n" + app + "  web: {homePageUrl: \"${parameters.url}\"}\n",
			want: "a.yaml:7:5: parameter url has no value for target local\n  hint: use --set url=VALUE, or set targets.local.parameters.url in provision.yaml"},
		"a value is missing for an instance": {text: header + "  parameters: {url: {}, x: {default: 1}}\n  instances: {eu: {x: 2}}\n",
			want: "a.yaml:6:16: parameter url has no value for instance eu on target local\n  hint: use --set url=VALUE, or set targets.local.parameters.url in provision.yaml"},
		"an unknown parameter": {text: header + "  parameters: {url: {default: https://a.example}}\n" + app + "  web: {homePageUrl: \"${parameters.ulr}\"}\n",
			want: "a.yaml:13:22: unknown reference ${parameters.ulr}\n  hint: did you mean parameters.url? choose one of: parameters.url, stack.instance, stack.name, stack.suffix, target"},
		"no parameter at all": {text: header + app[:len(app)-1] + " ${parameters.name}\n",
			want: "a.yaml:11:16: unknown reference ${parameters.name}\n  hint: declare it in the Stack document:  parameters: {name: {default: VALUE}}"},
		"a value that nothing declares": {text: header, stage: stack.Stage{Parameters: []stack.Given{{Name: "url", Value: "x", Pos: stack.Position{File: "--set"}}}},
			want: "--set: no stack declares the parameter url\n  hint: leave it out, or declare it in the Stack document:  parameters: {url: {default: VALUE}}"},
		"an instance's value that nothing declares": {text: header + "  parameters: {url: {default: a}}\n  instances: {eu: {ulr: x}}\n",
			want: "a.yaml:7:20: instance eu: unknown parameter ulr\n  hint: did you mean url? choose one of: url"},
		"a value against the pattern": {text: header + "  parameters: {url: {pattern: \"https://.*\", description: The URL.}}\n",
			stage: stack.Stage{Configured: []stack.Given{{Name: "url", Value: "http://a\nhttps://b", Pos: stack.Position{File: "provision.yaml", Line: 3, Column: 4}}}},
			want:  "provision.yaml:3:4: parameter url: \"http://a\\nhttps://b\" does not match the pattern https://.*\n  hint: The URL."},
		"a value of another type": {text: header + "  parameters: {n: {type: number, default: x}}\n",
			want: "a.yaml:6:43: parameter n: \"x\" is not a number"},
		"a pattern that is none": {text: header + "  parameters: {n: {default: x, pattern: \"(\"}}\n",
			want: "a.yaml:6:41: \"(\" is not a regular expression\n  hint: use the syntax of RE2: https://github.com/google/re2/wiki/Syntax"},
		"an unknown target": {text: header + app + "  tags: [{targets: [stagign], entries: [x]}]\n", stage: stack.Stage{Targets: []string{"staging"}},
			want: "a.yaml:12:21: unknown target \"stagign\"\n  hint: did you mean staging? choose one of: local, staging; targets are declared in provision.yaml"},
		"an unknown target of a document": {text: header + strings.Replace(app, "name: a", "name: a, targets: [prod]", 1), stage: stack.Stage{Targets: []string{"staging"}},
			want: "a.yaml:9:31: unknown target \"prod\"\n  hint: choose one of: local, staging; targets are declared in provision.yaml"},
		"entries and more": {text: header + app + "  tags: [{targets: [local], entries: [x], y: 1}]\n",
			want: "a.yaml:12:10: an entry with targets and entries has other properties\n  hint: write the other properties in the entries"},
		"a reference to what the target excludes": {text: header + app + "  appRoles: [{value: R, displayName: R, allowedMemberTypes: [User]}]\n  roleAssignments: [{role: R, users: [ada]}]\n" +
			"---\napiVersion: provision/v1\nkind: User\nmetadata: {name: ada, targets: [staging]}\nspec: {userPrincipalName: ada@contoso.example}\n",
			want: "a.yaml:13:39: unknown user \"ada\"\n  hint: metadata.targets excludes the document for target local (a.yaml:17:18): exclude the entry too, with {targets: [TARGET], entries: [ada]}"},
		"a sink that environments share": {text: header + app + "  secrets: [{name: s, sink: {keyVault: {vault: \"https://v.vault.azure.net\", name: orders}}}]\n", stage: stack.Stage{Suffix: "pr-1"},
			want: "a.yaml:12:29: secret s: with suffix pr-1 it would overwrite secret orders of https://v.vault.azure.net of other environments\n  hint: add ${stack.suffix} to the name of the secret"},
		"nothing can say when it expires": {text: header, stage: stack.Stage{Expires: time.Unix(1, 0)},
			want: "a.yaml:3:18: stack s has no application, and the time of expiry is kept as a tag of applications\n  hint: add an application, or apply the stack without --ttl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.stage, map[string]string{"a.yaml": test.text})
			if err == nil {
				t.Fatal("no mistake")
			}
			if diff := cmp.Diff(test.want, relative(err.Error())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOutputValuesMayUseAnyNames: the values of requests and files can have any names.
func TestOutputValuesMayUseAnyNames(t *testing.T) {
	t.Parallel()
	all, err := load(t, stack.Stage{}, map[string]string{"a.yaml": minimal + "---\napiVersion: provision/v1\nkind: Output\nmetadata: {name: o}\nspec: {file: a.json, format: json, values: {hosts: [{targets: [x]}, {targets: [y], entries: [z]}]}}\n"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all[0].Outputs[0].Values["hosts"].([]any)); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

// TestLifespan: an expiry is valid only if all applications of a stack have it.
func TestLifespan(t *testing.T) {
	t.Parallel()
	early, late := stack.ExpiresMark+"2026-01-01T00:00:00Z", stack.ExpiresMark+"2026-02-01T00:00:00Z"
	pr, other := stack.EnvironmentMark+"pr-1", stack.EnvironmentMark+"pr-2"
	for name, test := range map[string]struct {
		tags        [][]string
		environment string
		expires     string
	}{
		"one application":                   {[][]string{{pr, early}}, "pr-1", "2026-01-01"},
		"the latest counts":                 {[][]string{{pr, early}, {pr, late}}, "pr-1", "2026-02-01"},
		"the latest of one application too": {[][]string{{late, early}}, "", "2026-02-01"},
		"one without a time keeps all":      {[][]string{{pr, early}, {pr}}, "pr-1", ""},
		"also where it is the first":        {[][]string{{pr}, {pr, early}}, "pr-1", ""},
		"no agreement on the environment":   {[][]string{{pr}, {}}, "", ""},
		"not the end of the stack's name":   {[][]string{{other}}, "", ""},
		"not a time":                        {[][]string{{stack.ExpiresMark + "soon"}}, "", ""},
	} {
		l := stack.LifespanOf("orders-pr-1", test.tags)
		expires := ""
		if !l.Expires.IsZero() {
			expires = l.Expires.Format(time.DateOnly)
		}
		if l.Environment != test.environment || expires != test.expires {
			t.Errorf("%s: %q %q; want %q %q", name, l.Environment, expires, test.environment, test.expires)
		}
	}
	live := []any{"mine", stack.Mark("s"), early}
	for name, test := range map[string]struct{ declared, want []any }{
		"a later time replaces":  {[]any{late}, []any{"mine", stack.Mark("s"), late}},
		"no time keeps it":       {[]any{"more"}, []any{"mine", stack.Mark("s"), early, "more"}},
		"the same time stays so": {[]any{early}, live},
		"protection is added":    {[]any{early, stack.PreventDeleteMark}, append(slices.Clone(live), stack.PreventDeleteMark)},
	} {
		if got := stack.MergedTags(live, test.declared); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestEditorSchema accepts manifests as authors write them, and still finds mistakes.
func TestEditorSchema(t *testing.T) {
	t.Parallel()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(stack.EditorSchema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:x", parsed); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("urn:x")
	for text, want := range map[string]bool{
		staged: true,
		strings.Replace(staged, "displayName: R", "displayNam: R", 1):                                                 false,
		strings.Replace(staged, "isFallbackPublicClient: ${parameters.public}", "isFallbackPublicClient: perhaps", 1): false,
		strings.Replace(staged, "targets: [local]\n        entries", "targets: [local]\n        entry", 1):            false,
	} {
		ok, why := true, error(nil)
		for document := range strings.SplitSeq(text, "---\n") {
			var content any
			if err := yaml.Unmarshal([]byte(document), &content); err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				ok, why = false, err
			}
		}
		if ok != want {
			t.Errorf("valid: %t, want %t (%v):\n%s", ok, want, why, text)
		}
	}
}
