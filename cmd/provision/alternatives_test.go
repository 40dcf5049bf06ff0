package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"provision/protected"
	"provision/stack"
)

// configuredBy returns an app that has read a command line, and the variables of the environment.
func configuredBy(t *testing.T, words ...string) (*app, error) {
	t.Helper()
	a := &app{config: viper.New(), streams: streams{stderr: &strings.Builder{}}}
	cmd, _, err := a.root().Find(words[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.ParseFlags(words[1:]); err != nil {
		t.Fatal(err)
	}
	a.invoked(cmd, cmd.Flags().Args())
	if err := a.configure(cmd); err != nil {
		t.Fatal(err)
	}
	return a, a.checkFlags(cmd)
}

// TestVariablesOfAlternatives: a flag of the command line wins over the variable of another way to
// do the same, which may be meant for other commands.
func TestVariablesOfAlternatives(t *testing.T) {
	for name, c := range map[string]struct {
		variables map[string]string
		line      string
		want      tokenOptions
	}{
		"a user beside an application": {map[string]string{"PROVISION_USER": "deploy"}, "token stack --app reader", tokenOptions{application: "reader"}},
		"an application beside a user": {map[string]string{"PROVISION_APP": "shop", "PROVISION_BROWSER": "true"}, "token stack --user ada", tokenOptions{user: "ada"}},
		"a browser beside both":        {map[string]string{"PROVISION_APP": "shop", "PROVISION_USER": "ada"}, "token stack --browser", tokenOptions{browser: true}},
		"a variable alone":             {map[string]string{"PROVISION_USER": "ada"}, "token stack", tokenOptions{user: "ada"}},
		"a flag and its own variable":  {map[string]string{"PROVISION_USER": "rita"}, "token stack --user ada", tokenOptions{user: "ada"}},
		"two flags stay two":           {nil, "token stack --user ada --app reader", tokenOptions{user: "ada", application: "reader"}},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.variables {
				t.Setenv(variable, value)
			}
			a, err := configuredBy(t, strings.Fields(c.line)...)
			if err != nil {
				t.Fatal(err)
			}
			o := a.tokenOptions()
			if o.user != c.want.user || o.application != c.want.application || o.browser != c.want.browser {
				t.Errorf("user %q, application %q, browser %t; want %+v", o.user, o.application, o.browser, c.want)
			}
		})
	}
}

// TestStacksOfTheCommandLineOnly: PROVISION_STACK, which hosted APIs have, deletes and releases
// nothing, and makes no other flag superfluous.
func TestStacksOfTheCommandLineOnly(t *testing.T) {
	t.Setenv("PROVISION_STACK", "orders")
	for line, want := range map[string][]string{
		"destroy stack --suffix pr-1":       {},
		"destroy --stack shop --stack blog": {"shop", "blog"},
		"release stack --set a=b":           {},
		"release --stack shop":              {"shop"},
		"verify stack":                      {"orders"},
	} {
		a, err := configuredBy(t, strings.Fields(line)...)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if got := a.config.GetStringSlice("stack"); !slices.Equal(got, want) {
			t.Errorf("%s: stacks %v, want %v", line, got, want)
		}
	}
}

// TestCheckWho: exactly one caller, whom the stack has, gets a token.
func TestCheckWho(t *testing.T) {
	t.Parallel()
	api := &stack.Application{Name: "api", API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "Read"}, {Value: "Write"}}}}
	spa, web := &stack.Application{Name: "spa"}, &stack.Application{Name: "web"}
	spa.SPA.RedirectURIs, web.Web.RedirectURIs = []string{"http://localhost"}, []string{"${terraform.site.url}/cb"}
	sync := &stack.Application{Name: "sync", Secrets: []stack.Secret{{Name: "key"}}}
	p := protected.API{Stack: &stack.Stack{Name: "s", Users: []*stack.User{{Name: "ada"}, {Name: "rita"}}, Applications: []*stack.Application{api, spa, web, sync}},
		Resource: api, Documents: []*stack.Conformance{{Client: "spa"}}}
	for name, c := range map[string]struct {
		who     tokenOptions
		refused string
		hint    string
	}{
		"a user":                   {who: tokenOptions{user: "ada"}},
		"an application":           {who: tokenOptions{application: "spa"}},
		"a browser":                {who: tokenOptions{browser: true}},
		"a scope":                  {who: tokenOptions{user: "ada", scopes: []string{"Write"}}},
		"all granted scopes":       {who: tokenOptions{user: "ada", scopes: []string{".default"}}},
		"another client":           {who: tokenOptions{user: "ada", client: "web"}},
		"a client without users":   {who: tokenOptions{user: "ada", client: "sync"}, refused: "application sync has no redirect URI", hint: "get a token of the application itself: `" + program() + " token dir --app sync`"},
		"an API as the client":     {who: tokenOptions{user: "ada", client: "api"}, refused: "application api has no redirect URI", hint: "choose another client: `" + program() + " token dir --user ada --client spa`"},
		"nobody":                   {refused: "exactly one of", hint: "users: ada, rita; applications: api, spa, web, sync"},
		"two":                      {who: tokenOptions{user: "ada", browser: true}, refused: "exactly one of", hint: "set only one; the variables PROVISION_USER, PROVISION_APP and PROVISION_BROWSER also count"},
		"an unknown user":          {who: tokenOptions{user: "adam"}, refused: `stack s has no user "adam"`, hint: "choose one of: ada, rita"},
		"an unknown application":   {who: tokenOptions{application: "ap"}, refused: `stack s has no application "ap"`, hint: "choose one of: api, spa, web, sync"},
		"an unknown client":        {who: tokenOptions{browser: true, client: "page"}, refused: `stack s has no application "page"`, hint: "choose one of: api, spa, web, sync"},
		"an unknown scope":         {who: tokenOptions{user: "ada", scopes: []string{"Read", "Delete"}}, refused: `stack s has no scope of its API with the value "Delete"`, hint: "choose one of: Read, Write"},
		"a user as an application": {who: tokenOptions{application: "ada"}, refused: `stack s has no application "ada"`, hint: "choose one of: api, spa, web, sync"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &app{config: viper.New(), invocation: invocation{verb: "token", where: []string{"dir"}, given: []string{"--user", "ada", "--client", c.who.client}}}
			err := a.checkWho(p, c.who)
			if c.refused == "" && err == nil {
				return
			}
			if !errors.As(err, new(usage)) || !strings.HasPrefix(err.Error(), c.refused) || a.hintFor(err) != c.hint {
				t.Errorf("error %v, hint %q; want %q, %q", err, a.hintFor(err), c.refused, c.hint)
			}
		})
	}
}

// TestChosen: --stack and --application choose APIs, and a choice of none is refused.
func TestChosen(t *testing.T) {
	t.Parallel()
	of := func(name string, apis ...string) *stack.Stack {
		s := &stack.Stack{Name: name}
		for _, api := range apis {
			s.Applications = append(s.Applications, &stack.Application{Name: api})
			s.Conformances = append(s.Conformances, &stack.Conformance{Resource: api, Scenario: map[string]string{"orders": "heroes"}[api]})
		}
		return s
	}
	stacks := []*stack.Stack{of("shop", "orders", "users"), of("blog", "posts"), of("empty")}
	for name, c := range map[string]struct {
		set     map[string]string
		stacks  []*stack.Stack
		want    string
		refused string
		only    bool // one refuses the choice
	}{
		"all":                      {stacks: stacks, want: "shop/orders shop/users blog/posts", only: true},
		"a stack":                  {set: map[string]string{"stack": "shop"}, stacks: stacks, want: "shop/orders shop/users", only: true},
		"a stack with one":         {set: map[string]string{"stack": "blog"}, stacks: stacks, want: "blog/posts"},
		"an application":           {set: map[string]string{"application": "shop/users"}, stacks: stacks, want: "shop/users"},
		"a scenario":               {set: map[string]string{"scenario": "heroes"}, stacks: stacks, want: "shop/orders"},
		"another scenario":         {set: map[string]string{"scenario": "spa"}, stacks: stacks, refused: `no Conformance document here names scenario "spa"`},
		"a scenario of the one":    {set: map[string]string{"scenario": "spa", "stack": "blog"}, stacks: stacks, want: "blog/posts"},
		"a stack without any":      {set: map[string]string{"stack": "empty"}, stacks: stacks, refused: `stack "empty" has no Conformance document`},
		"an unknown application":   {set: map[string]string{"application": "shop/order"}, stacks: stacks, refused: `application "shop/order" has no Conformance document`},
		"of another stack":         {set: map[string]string{"application": "blog/posts", "stack": "shop"}, stacks: stacks, refused: `application "blog/posts" has no Conformance document`},
		"no document at all":       {stacks: stacks[2:], refused: "no Conformance document"},
		"the tenant of a customer": {set: map[string]string{"target": "fabrikam"}, stacks: stacks[2:], refused: "the API is verified in its home"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := configured(t, threeTargets)
			for flag, value := range c.set {
				a.config.Set(flag, value)
			}
			got, err := a.chosen(c.stacks)
			if c.refused != "" {
				if !errors.As(err, new(usage)) || !strings.Contains(err.Error(), c.refused) || a.hintFor(err) == "" {
					t.Errorf("error %v, want %q and a hint", err, c.refused)
				}
				return
			}
			var names []string
			for _, p := range got {
				names = append(names, p.Name())
			}
			if all := strings.Join(names, " "); err != nil || all != c.want {
				t.Errorf("%s (%v), want %s", all, err, c.want)
			}
			if _, err := a.one(c.stacks); (err != nil) != c.only {
				t.Errorf("one: %v, want a refusal: %t", err, c.only)
			}
		})
	}
}
