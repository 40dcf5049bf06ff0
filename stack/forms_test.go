package stack

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestForms: properties that have several forms in a manifest are loaded to the same value.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		into any
		want any
	}{
		{`{"scopes": ["a"]}`, new(Requires), Requires{Scopes: []string{"a"}}},
		{`[{"scopes": ["a"]}, {"anyRole": ["b"], "callers": ["applications"]}]`, new(Requires),
			Requires{AnyOf: []Requires{{Scopes: []string{"a"}}, {AnyRole: []string{"b"}, Callers: []string{"applications"}}}}},
		{`"home"`, new(Tenants), Tenants{}},
		{`"any"`, new(Tenants), Tenants{Any: true}},
		{`["home", "fabrikam.onmicrosoft.com"]`, new(Tenants), Tenants{Others: []string{"fabrikam.onmicrosoft.com"}}},
		{`"secret.txt"`, new(Sink), Sink{File: "secret.txt"}},
		{`{"env": {"file": ".env", "key": "SECRET"}}`, new(Sink), Sink{Env: &EnvSink{".env", "SECRET"}}},
		{`"local-api"`, new(Module), Module{"default": "local-api"}},
		{`{"default": "azure-web-app", "local": "local-api"}`, new(Module), Module{"default": "azure-web-app", "local": "local-api"}},
		{`{"status": 200}`, new(Forms), Forms{{Status: 200}}},
		{`[{"status": 200}, {"contains": "no"}]`, new(Forms), Forms{{Status: 200}, {Contains: "no"}}},
		{`"/id"`, new(Capture), Capture{Pointer: "/id"}},
		{`{"header": "Location", "match": "([^/]+)$"}`, new(Capture), Capture{Header: "Location", Match: "([^/]+)$"}},
		{`"/next"`, new(Next), Next{Capture: Capture{Pointer: "/next"}}},
		{`{"pointer": "/cursor", "query": "after"}`, new(Next), Next{Capture{Pointer: "/cursor"}, "after"}},
		{`"ada"`, new(As), As{name: "ada"}},
		{`{"user": "ada"}`, new(As), As{User: "ada"}},
	} {
		if err := json.Unmarshal([]byte(c.text), c.into); err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := reflect.ValueOf(c.into).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is %+v, want %+v", c.text, got, c.want)
		}
	}
	for _, c := range []struct {
		text string
		into any
	}{{`[1]`, new(Requires)}, {`[1]`, new(Tenants)}, {`1`, new(Tenants)}, {`1`, new(Sink)}, {`1`, new(Module)}, {`1`, new(Forms)}, {`1`, new(Capture)}, {`1`, new(Next)}, {`1`, new(As)}} {
		if json.Unmarshal([]byte(c.text), c.into) == nil {
			t.Errorf("%s is read as a %T", c.text, c.into)
		}
	}
}

func TestRequires(t *testing.T) {
	t.Parallel()
	if got := (*Requires)(nil).Alternatives(); len(got) != 0 {
		t.Errorf("no requirement has the alternatives %+v", got)
	}
	one, two := Requires{Scopes: []string{"a"}}, Requires{AnyRole: []string{"b"}}
	if got := one.Alternatives(); !reflect.DeepEqual(got, []Requires{one}) {
		t.Errorf("one requirement has the alternatives %+v", got)
	}
	list := Requires{AnyOf: []Requires{one, two}}
	if got := list.Alternatives(); !reflect.DeepEqual(got, []Requires{one, two}) {
		t.Errorf("a list has the alternatives %+v", got)
	}
	for _, r := range []Requires{one, list} {
		raw, err := json.Marshal(r)
		var back Requires
		if err != nil || json.Unmarshal(raw, &back) != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("%+v is written as %s, which is %+v", r, raw, back)
		}
	}
	for name, c := range map[string]struct {
		requires            Requires
		users, applications bool
	}{
		"a scope":                     {one, true, false},
		"one of several scopes":       {Requires{AnyScope: []string{"a"}}, true, false},
		"a group":                     {Requires{Groups: []string{"g"}}, true, false},
		"a role":                      {two, true, true},
		"nothing":                     {Requires{}, true, true},
		"applications":                {Requires{Callers: []string{"applications"}}, false, true},
		"users":                       {Requires{Callers: []string{"users"}}, true, false},
		"a scope for applications":    {Requires{Scopes: []string{"a"}, Callers: []string{"applications"}}, false, true},
		"users and applications both": {Requires{Scopes: []string{"a"}, Callers: []string{"users", "applications"}}, true, true},
	} {
		if u, a := c.requires.Allows("users"), c.requires.Allows("applications"); u != c.users || a != c.applications {
			t.Errorf("%s allows users %t, applications %t", name, u, a)
		}
	}
}

// TestRolesOfCallers: a requirement that no caller of a kind can meet is a mistake.
func TestRolesOfCallers(t *testing.T) {
	t.Parallel()
	a := &Application{AppRoles: []AppRole{
		{Value: "Reader", AllowedMemberTypes: []string{"User"}},
		{Value: "Worker", AllowedMemberTypes: []string{"Application"}},
		{Value: "Both", AllowedMemberTypes: []string{"User", "Application"}},
	}}
	for name, c := range map[string]struct {
		requires           Requires
		user, applications bool
	}{
		"no role":                    {Requires{}, true, true},
		"a user's":                   {Requires{AllRoles: []string{"Reader"}}, true, false},
		"an application's":           {Requires{AllRoles: []string{"Worker"}}, false, true},
		"either of two":              {Requires{AnyRole: []string{"Reader", "Worker"}}, true, true},
		"both of two":                {Requires{AllRoles: []string{"Reader", "Worker"}}, false, false},
		"one and either":             {Requires{AllRoles: []string{"Both"}, AnyRole: []string{"Worker"}}, false, true},
		"an unknown one is no doubt": {Requires{AllRoles: []string{"Unknown"}}, true, true},
	} {
		if u, p := a.canHold(c.requires, "User"), a.canHold(c.requires, "Application"); u != c.user || p != c.applications {
			t.Errorf("%s: user %t, application %t", name, u, p)
		}
	}
	if a.emits("acct") {
		t.Error("an application without optional claims emits acct")
	}
	a.OptionalClaims = &OptionalClaims{AccessToken: []OptionalClaim{{Name: "acct"}}, IDToken: []OptionalClaim{{Name: "email"}}}
	if !a.emits("acct") || a.emits("email") {
		t.Error("only the optional claims of access tokens count")
	}
}

func TestAcceptedTenants(t *testing.T) {
	t.Parallel()
	for text, home := range map[string]bool{`"home"`: true, `["home"]`: true, `"any"`: false, `["home", "fabrikam.com"]`: false, `["fabrikam.com"]`: false} {
		var tenants Tenants
		if err := json.Unmarshal([]byte(text), &tenants); err != nil || tenants.Home() != home {
			t.Errorf("%s welcomes only the home tenant: %t, %v", text, tenants.Home(), err)
		}
	}
}

func TestModuleOfATarget(t *testing.T) {
	t.Parallel()
	both := Module{"default": "azure-web-app", "local": "local-api"}
	for _, c := range []struct {
		module       Module
		target, want string
	}{{both, "local", "local-api"}, {both, "staging", "azure-web-app"}, {Module{"local": "local-api"}, "staging", ""}, {nil, "local", ""}} {
		if got := c.module.For(c.target); got != c.want {
			t.Errorf("%v for %s is %q, want %q", c.module, c.target, got, c.want)
		}
	}
}

// TestSinks: two spellings of one sink have the same text.
func TestSinks(t *testing.T) {
	t.Parallel()
	tested := make(map[string]bool)
	for want, sinks := range map[string][]Sink{
		"":                                    {{}},
		"out/a.txt":                           {{File: "out/a.txt"}, {File: "./out//a.txt"}, {File: "out/b/../a.txt"}},
		"KEY in a.env":                        {{Env: &EnvSink{"a.env", "KEY"}}, {Env: &EnvSink{"./a.env", "KEY"}}},
		"secret API_SECRET of contoso/orders": {{GitHub: &GitHubSink{Repository: "contoso/orders", Name: "api_secret"}}},
		"secret API_SECRET of contoso/orders, environment production":   {{GitHub: &GitHubSink{Repository: "contoso/orders", Environment: "production", Name: "API_SECRET"}}},
		"secret api-secret of https://orders.vault.azure.net":           {{KeyVault: &KeyVaultSink{"https://orders.vault.azure.net/", "API-secret"}}, {KeyVault: &KeyVaultSink{"https://Orders.vault.azure.net", "api-secret"}}},
		"secret api-secret of ${terraform.vault.url}":                   {{KeyVault: &KeyVaultSink{"${terraform.vault.url}", "api-secret"}}},
		"secret API_SECRET of contoso/orders, environment pr-${suffix}": {{GitHub: &GitHubSink{"contoso/orders", "pr-${suffix}", "api_secret"}}},
	} {
		for _, s := range sinks {
			if got := s.String(); got != want {
				t.Errorf("%+v is %q, want %q", s, got, want)
			}
			for field, value := range reflect.ValueOf(s).Fields() {
				tested[field.Name] = tested[field.Name] || !value.IsZero()
			}
			if waits := s.KeyVault != nil && s.KeyVault.Vault == "${terraform.vault.url}"; s.Waits() != waits {
				t.Errorf("%s waits for Terraform: %t", s, !waits)
			}
		}
	}
	for field := range reflect.TypeFor[Sink]().Fields() {
		if !tested[field.Name] {
			t.Errorf("no sink here has the field %s", field.Name)
		}
	}
}

// TestFormBodies: a body that cannot be sent as a form is a mistake.
func TestFormBodies(t *testing.T) {
	t.Parallel()
	const urlencoded, multipart = "application/x-www-form-urlencoded", "multipart/form-data"
	file := map[string]any{"filename": "a.txt", "content": "x"}
	for _, c := range []struct {
		body any
		kind string
		ok   bool
	}{
		{"a=b", urlencoded, true},
		{map[string]any{"a": "b", "n": 1.0, "list": []any{"x", "y"}}, urlencoded, true},
		{map[string]any{"f": file}, multipart, true},
		{map[string]any{"f": []any{file, "x"}}, multipart, true},
		{map[string]any{"f": file}, urlencoded, false},
		{map[string]any{"f": map[string]any{"filename": "a.txt"}}, multipart, false},
		{map[string]any{"f": map[string]any{"content": "x"}}, multipart, false},
		{[]any{"a"}, urlencoded, false},
		{1.0, multipart, false},
	} {
		if got := formMistake(c.body, c.kind); (got == "") != c.ok {
			t.Errorf("%v as %s: %q", c.body, c.kind, got)
		}
	}
	for kind, want := range map[string]bool{urlencoded: true, "Multipart/Form-Data; boundary=x": true, "application/json": false, "": false, "text/x-www-form-urlencoded": false} {
		if IsForm(kind) != want {
			t.Errorf("%s is a form: %t", kind, !want)
		}
	}
}

// TestPathOfASink: only sinks in files of the user have a path.
func TestPathOfASink(t *testing.T) {
	t.Parallel()
	for want, sinks := range map[string][]Sink{
		"":        {{}, {GitHub: &GitHubSink{Repository: "contoso/orders", Name: "A"}}, {KeyVault: &KeyVaultSink{"https://orders.vault.azure.net", "a"}}},
		"out/a":   {{File: "out/a"}},
		"out/env": {{Env: &EnvSink{"out/env", "KEY"}}},
	} {
		for _, s := range sinks {
			if got := s.Path(); got != want {
				t.Errorf("the path of %+v is %q, want %q", s, got, want)
			}
		}
	}
}
