package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"provision/plan"
	"provision/stack"
)

// configured returns an app with this provision.yaml.
func configured(t *testing.T, yaml string) *app {
	t.Helper()
	a := &app{config: viper.New(), invocation: invocation{verb: "plan", where: []string{"stack"}}}
	if yaml == "" {
		return a
	}
	file, mistakes := stack.CheckConfig(configFile, []byte(yaml), configSchema(a.root()))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	a.file = file
	a.config.SetConfigType("yaml")
	if err := a.config.ReadConfig(strings.NewReader(yaml)); err != nil {
		t.Fatal(err)
	}
	return a
}

const threeTargets = `targets:
  fabrikam: {tenant: fabrikam.example, customerOf: staging}
  production: {tenant: contoso.example}
  staging: {tenant: staging.contoso.example}
`

// TestTargets: homes come before their customers, and lists that are none are refused.
func TestTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, stated string
		want         []string
		refused      string
	}{
		"one":                           {stated: "local", want: []string{"local"}},
		"several, as stated":            {file: threeTargets, stated: "staging, production", want: []string{"staging", "production"}},
		"a customer after its home":     {file: threeTargets, stated: "fabrikam,staging", want: []string{"staging", "fabrikam"}},
		"all":                           {file: threeTargets, stated: "all", want: []string{"production", "staging", "fabrikam"}},
		"all with a local home":         {file: "targets: {fabrikam: {tenant: f.example, customerOf: local}}", stated: "all", want: []string{"local", "fabrikam"}},
		"all of one":                    {file: "targets: {staging: {tenant: s.example}}", stated: "all", want: []string{"staging"}},
		"all without a file":            {stated: "all", refused: "provision.yaml has no targets"},
		"a target with the name all":    {file: "targets: {all: {tenant: a.example}, b: {tenant: b.example}}", stated: "all,b", want: []string{"all", "b"}},
		"all and another":               {file: threeTargets, stated: "all,staging", refused: "all cannot be combined"},
		"twice":                         {file: threeTargets, stated: "staging,staging", refused: "is not a list of targets"},
		"an empty name":                 {stated: "local,", refused: "is not a list of targets"},
		"an unknown one is found later": {stated: "nope", want: []string{"nope"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := configured(t, c.file)
			a.config.Set("target", c.stated)
			got, err := a.targets()
			if c.refused != "" {
				if !errors.As(err, new(usage)) || !strings.Contains(err.Error(), c.refused) || a.hintFor(err) == "" {
					t.Errorf("error %v, want %q and a hint", err, c.refused)
				}
				return
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("targets %v (%v), want %v", got, err, c.want)
			}
		})
	}
}

// TestOnEach: the first failure ends the command, and exit code 3 only where it is asked to.
func TestOnEach(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for name, c := range map[string]struct {
		stopAtNo bool
		answers  map[string]error
		ran      []string
		want     error
	}{
		"all succeed":          {ran: []string{"production", "staging", "fabrikam"}},
		"the first fails":      {answers: map[string]error{"production": failed}, ran: []string{"production"}, want: failed},
		"no is remembered":     {answers: map[string]error{"production": errNo}, ran: []string{"production", "staging", "fabrikam"}, want: errNo},
		"no ends it":           {stopAtNo: true, answers: map[string]error{"staging": errNo}, ran: []string{"production", "staging"}, want: errNo},
		"a failure after a no": {answers: map[string]error{"production": errNo, "staging": failed}, ran: []string{"production", "staging"}, want: failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := configured(t, threeTargets)
			var printed strings.Builder
			a.streams = streams{stdout: &printed, stderr: &printed}
			a.config.Set("target", "all")
			var ran []string
			err := a.onEach(c.stopAtNo, func(target string) error {
				if now := a.config.GetString("target"); now != target {
					t.Errorf("--target is %s for target %s", now, target)
				}
				ran = append(ran, target)
				return c.answers[target]
			})
			if !errors.Is(err, c.want) || !slices.Equal(ran, c.ran) {
				t.Errorf("ran %v (%v), want %v (%v)", ran, err, c.ran, c.want)
			}
			if left := len(c.ran) < 3; left != strings.Contains(printed.String(), "note: stopped at target "+c.ran[len(c.ran)-1]+"; not done: ") {
				t.Errorf("printed %s", printed.String())
			}
		})
	}
	t.Run("a misspelt target touches nothing", func(t *testing.T) {
		t.Parallel()
		a := configured(t, threeTargets)
		a.config.Set("target", "staging,prodution")
		if err := a.onEach(false, func(target string) error { t.Errorf("ran %s", target); return nil }); !errors.As(err, new(usage)) {
			t.Errorf("error %v", err)
		}
	})
}

// TestWaitsForHome: only a customer whose home is planned in the same run, and whose registrations
// or tenant that apply would create, is left out of a plan.
func TestWaitsForHome(t *testing.T) {
	t.Parallel()
	step := func(kind plan.Kind, action plan.Action) map[string]*plan.Plan {
		return map[string]*plan.Plan{"staging": {Steps: []plan.Step{{Action: action, Key: plan.Key{Kind: kind, Name: "s.a"}}}}}
	}
	mistakes := stack.Mistakes{{Message: "application a is not registered"}}
	for name, c := range map[string]struct {
		target string
		plans  map[string]*plan.Plan
		err    error
		want   bool
	}{
		"its home registers the application": {"fabrikam", step(plan.Application, plan.Create), mistakes, true},
		"its tenant does not exist":          {"fabrikam", map[string]*plan.Plan{"staging": {}}, hint(noTenantYet("f.example"), "apply"), true},
		"its home changes the application":   {"fabrikam", step(plan.Application, plan.Update), mistakes, false},
		"its home makes a group":             {"fabrikam", step(plan.Group, plan.Create), mistakes, false},
		"its home is not planned":            {"fabrikam", nil, noTenantYet("f.example"), false},
		"it is no customer":                  {"production", step(plan.Application, plan.Create), mistakes, false},
		"another failure":                    {"fabrikam", step(plan.Application, plan.Create), errors.New("no network"), false},
		"no failure":                         {"fabrikam", step(plan.Application, plan.Create), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := configured(t, threeTargets).waitsForHome(c.target, c.plans, c.err); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// TestComparePlans lists the objects whose changes differ between targets.
func TestComparePlans(t *testing.T) {
	t.Parallel()
	create := func(kind plan.Kind, name string) plan.Step {
		return plan.Step{Action: plan.Create, Key: plan.Key{Kind: kind, Name: name}}
	}
	of := func(domain string, steps ...plan.Step) *plan.Plan {
		return &plan.Plan{Tenant: plan.Tenant{Domain: domain}, Steps: steps}
	}
	for name, c := range map[string]struct {
		plans map[string]*plan.Plan
		want  string
	}{
		"the same, with users of each domain": {map[string]*plan.Plan{"a": of("a.example", create(plan.User, "ada@a.example")), "b": of("b.example", create(plan.User, "ada@b.example"))},
			"\n== what differs\n  nothing: the plans of all targets make the same changes\n"},
		"one is missing": {map[string]*plan.Plan{"a": of("a.example", create(plan.Group, "s.g"), create(plan.Application, "s.a")), "b": of("b.example", create(plan.Group, "s.g"))},
			"\n== what differs\n  object           a       b\n  application s.a  create  -\n"},
		"another action": {map[string]*plan.Plan{"a": of("a.example", create(plan.Application, "s.a")), "b": of("b.example", plan.Step{Action: plan.Update, Key: plan.Key{Kind: plan.Application, Name: "s.a"}})},
			"\n== what differs\n  object           a       b\n  application s.a  create  update\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var printed strings.Builder
			a := &app{streams: streams{stdout: &printed}}
			if err := a.comparePlans([]string{"a", "b"}, c.plans); err != nil || printed.String() != c.want {
				t.Errorf("printed %q (%v), want %q", printed.String(), err, c.want)
			}
		})
	}
}
