package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"

	"provision/plan"
	"provision/stack"
)

// TestExpires: from one hour on, the end of a lifetime is a full hour, so that an apply soon
// afterwards changes nothing.
func TestExpires(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		d, err := time.Parse(time.DateTime, "2026-11-28 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		now  string
		ttl  time.Duration
		want string // "" is no end
	}{
		{"10:20:30", 0, ""},
		{"10:20:30", time.Minute, "10:21:30"},
		{"10:20:30", time.Hour - time.Second, "11:20:29"},
		{"10:20:30", time.Hour, "12:00:00"},
		{"10:59:59", time.Hour, "12:00:00"},
		{"10:00:00", time.Hour, "12:00:00"},
		{"10:20:30", 5 * time.Hour, "16:00:00"},
	} {
		a := &app{config: viper.New(), now: func() time.Time { return at(c.now).In(time.FixedZone("", 7200)) }}
		a.config.Set("ttl", c.ttl)
		got := a.expires()
		if c.want == "" && !got.IsZero() || c.want != "" && (!got.Equal(at(c.want)) || got.Location() != time.UTC) {
			t.Errorf("at %s for %s: %s, want %s", c.now, c.ttl, got, c.want)
		}
	}
	reviewed := at("08:00:00")
	a := &app{config: viper.New(), reviewed: &plan.SavedOptions{Expires: reviewed, Suffix: "pr-1"}}
	a.config.Set("ttl", time.Hour)
	a.config.Set("suffix", "pr-2")
	if !a.expires().Equal(reviewed) || a.suffix() != "pr-1" {
		t.Error("a reviewed plan does not keep its own suffix and end")
	}
}

// TestParameterValues: --set comes after the environment and wins; a plan has its own values.
func TestParameterValues(t *testing.T) {
	t.Setenv("PROVISION_PARAMETER_region", "Europe")
	t.Setenv("PROVISION_PARAMETER_empty", "")
	t.Setenv("PROVISION_PARAMETER_", "no name")
	a := &app{config: viper.New()}
	a.config.Set("set", []string{"url=https://h/?a=b", "size=", "broken"})
	want := []plan.SavedSet{{Name: "region", Value: "Europe", Environment: true}, {Name: "url", Value: "https://h/?a=b"}, {Name: "size"}, {Value: "broken"}}
	if diff := cmp.Diff(want, a.setParameters()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	a.config.Set("suffix", "pr-1")
	a.config.Set("set", []string{"url=x"})
	if got := strings.Join(a.stageArgs(), " "); got != "--set url=x --suffix pr-1" {
		t.Errorf("hints repeat %s", got)
	}
	a.reviewed = &plan.SavedOptions{Set: []plan.SavedSet{{Name: "region", Value: "Asia", Environment: true}}}
	if diff := cmp.Diff(a.reviewed.Set, a.setParameters()); diff != "" {
		t.Errorf("values of a plan (-want +got):\n%s", diff)
	}
	if got := strings.Join(a.stageArgs(), " "); got != "--set region=Asia" {
		t.Errorf("hints about a plan repeat %s", got)
	}
}

// TestStageRefuses values that no name or file can have.
func TestStageRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set     map[string]any
		refused string
	}{
		"nothing":              {},
		"a suffix":             {set: map[string]any{"suffix": "pr-123"}},
		"an upper-case suffix": {set: map[string]any{"suffix": "PR-1"}, refused: `--suffix "PR-1" cannot end`},
		"a hyphen at the end":  {set: map[string]any{"suffix": "pr-"}, refused: `--suffix "pr-" cannot end`},
		"31 characters":        {set: map[string]any{"suffix": strings.Repeat("a", 31)}, refused: "cannot end"},
		"30 characters":        {set: map[string]any{"suffix": strings.Repeat("a", 30)}},
		"a value without name": {set: map[string]any{"set": []string{"=x"}}, refused: "has no name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := configured(t, threeTargets)
			for key, value := range c.set {
				a.config.Set(key, value)
			}
			s, err := a.stage()
			if c.refused == "" {
				if err != nil || s.Target != stack.Local {
					t.Errorf("%v, target %s", err, s.Target)
				}
				return
			}
			if !errors.As(err, new(usage)) || !strings.Contains(err.Error(), c.refused) || a.hintFor(err) == "" {
				t.Errorf("error %v, want %q and a hint", err, c.refused)
			}
		})
	}
}

// TestCheckOnly: --only names documents in full.
func TestCheckOnly(t *testing.T) {
	t.Parallel()
	stacks := []*stack.Stack{{Name: "shop", Applications: []*stack.Application{{Name: "api"}}, Users: []*stack.User{{Name: "ada"}}, Groups: []*stack.Group{{Name: "sales"}}, Terraforms: []*stack.Terraform{{Name: "web"}}}}
	for name, refused := range map[string]string{
		"shop/api": "", "shop/ada": "", "shop/sales": "", "shop/web": "",
		"api": "choose one of: shop/ada, shop/api, shop/sales, shop/web", "shop/sale": "did you mean shop/sales?", "": "choose one of: ",
	} {
		err := checkOnly(stacks, []string{"shop/api", name})
		if refused == "" && err == nil {
			continue
		}
		if got := (&app{}).hintFor(err); refused == "" || !errors.As(err, new(usage)) || !strings.HasPrefix(got, refused) {
			t.Errorf("--only %q: %v, hint %q; want %q", name, err, got, refused)
		}
	}
}

// TestPrevented: a deletion is prevented by the document, by its stack, and for the service
// principal of a customer by its application.
func TestPrevented(t *testing.T) {
	t.Parallel()
	never := stack.Protection{Prevent: []string{"delete"}}
	tenant := plan.Tenant{ID: "t", Domain: "contoso.example"}
	stacks := []*stack.Stack{
		{Name: "shop", Applications: []*stack.Application{{Name: "api", Protection: never}, {Name: "spa"}}, Groups: []*stack.Group{{Name: "sales", Protection: never}},
			Users: []*stack.User{{Name: "ada", UserPrincipalName: "Ada@${tenant.domain}", Protection: never}}, Terraforms: []*stack.Terraform{{Name: "web", Protection: never}}},
		{Name: "blog", Protection: never, Applications: []*stack.Application{{Name: "api"}}},
	}
	step := func(kind plan.Kind, name, of string) plan.Step {
		return plan.Step{Key: plan.Key{Kind: kind, Name: name}, Stack: of}
	}
	customer := step(plan.ServicePrincipal, "shop.api", "shop")
	customer.Customer = true
	for name, c := range map[string]struct {
		step plan.Step
		want bool
	}{
		"an application":                     {step(plan.Application, "shop.api", "shop"), true},
		"another application":                {step(plan.Application, "shop.spa", "shop"), false},
		"a group":                            {step(plan.Group, stacks[0].GroupUniqueName("sales"), "shop"), true},
		"a user of the tenant":               {step(plan.User, "ada@contoso.example", "shop"), true},
		"hosting":                            {plan.Step{Key: plan.TerraformKey("shop", "web"), Stack: "shop"}, true},
		"a service principal at home":        {step(plan.ServicePrincipal, "shop.api", "shop"), false},
		"a service principal of a customer":  {customer, true},
		"whatever a protected stack has":     {step(plan.Secret, "blog.api key", "blog"), true},
		"an object of a stack without files": {step(plan.Application, "else.api", "else"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := prevented(stacks, tenant)(c.step); got != c.want {
				t.Errorf("prevented %t, want %t", got, c.want)
			}
		})
	}
}
