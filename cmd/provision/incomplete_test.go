package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// TestIncompleteApply: the list of steps contains the reason of each failure once. The error line
// contains only the reason of the first failure.
func TestIncompleteApply(t *testing.T) {
	t.Parallel()
	step := func(kind plan.Kind, name string) plan.Step {
		return plan.Step{Action: plan.Create, Key: plan.Key{Kind: kind, Name: name}}
	}
	failed := func(s plan.Step, why string) *reconcile.StepError {
		return &reconcile.StepError{Step: s, Err: errors.New(why)}
	}
	api, ada, grant := step(plan.Application, "s.api"), step(plan.User, "ada"), step(plan.Grant, "s.api to s.web")
	hosting := plan.Step{Action: plan.Create, Key: plan.TerraformKey("s", "api")}
	for name, c := range map[string]struct {
		incomplete reconcile.Incomplete
		list, last string
	}{
		"hosting that fails": {reconcile.Incomplete{Done: []plan.Step{api}, Failed: []*reconcile.StepError{failed(hosting, "python3 ended before it answered")}},
			"1 of 2 steps done:\n  done     create application s.api\n  failed   create terraform s/api\n", "create terraform s/api: python3 ended before it answered"},
		"two failures": {reconcile.Incomplete{Failed: []*reconcile.StepError{failed(ada, "no"), failed(api, "never")}, Skipped: []plan.Step{grant}},
			"0 of 3 steps done:\n  failed   create user ada\n  failed   create application s.api: never\n  skipped  create grant s.api to s.web\nskipped steps need a step that failed\n",
			"create user ada: no; and 1 more failed"},
		"an interrupt": {reconcile.Incomplete{Done: []plan.Step{ada}, Left: []plan.Step{api}, Err: errors.New("context canceled")},
			"1 of 2 steps done:\n  done     create user ada\n  not done create application s.api\n", "context canceled"},
	} {
		var stdout bytes.Buffer
		a := &app{config: viper.New(), streams: streams{stdout: &stdout}}
		a.sayIncomplete(&c.incomplete)
		if stdout.String() != c.list {
			t.Errorf("%s:\n%s\nwant\n%s", name, stdout.String(), c.list)
		}
		if got := c.incomplete.Error(); got != c.last {
			t.Errorf("%s: %s, want %s", name, got, c.last)
		}
	}
	many := reconcile.Incomplete{}
	for range maxListed + 3 {
		many.Done, many.Failed = append(many.Done, ada), append(many.Failed, failed(api, "no"))
	}
	var stdout bytes.Buffer
	(&app{config: viper.New(), streams: streams{stdout: &stdout}}).sayIncomplete(&many)
	if got := strings.Count(stdout.String(), "\n"); got != 1+2*(maxListed+1) || !strings.Contains(stdout.String(), "  done     3 more\n") || !strings.Contains(stdout.String(), "  failed   3 more\n") {
		t.Errorf("%d lines:\n%s", got, stdout.String())
	}
}

// TestHostedAt: the URL of a hosted API is the output url of the stack's only hosting.
func TestHostedAt(t *testing.T) {
	t.Parallel()
	s := &stack.Stack{Name: "s", Terraforms: []*stack.Terraform{{Name: "api"}, {Name: "vault"}}}
	for name, c := range map[string]struct {
		outputs map[string]map[string]any
		want    string
	}{
		"not hosted yet":   {nil, ""},
		"hosted":           {map[string]map[string]any{"api": {"url": "http://127.0.0.1:8010"}, "vault": {"uri": "x"}}, "http://127.0.0.1:8010"},
		"without a URL":    {map[string]map[string]any{"vault": {"uri": "x"}}, ""},
		"hosted twice":     {map[string]map[string]any{"api": {"url": "http://127.0.0.1:8010"}, "vault": {"url": "http://127.0.0.1:8011"}}, ""},
		"another document": {map[string]map[string]any{"web": {"url": "http://127.0.0.1:8010"}}, ""},
	} {
		state := &plan.State{Objects: map[plan.Key]*plan.Live{}}
		for document, outputs := range c.outputs {
			k := plan.TerraformKey("s", document)
			state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Properties: outputs}}
		}
		if got := hostedAt(s, state); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
