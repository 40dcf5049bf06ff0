package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"provision/plan"
	"provision/reconcile/sink"
)

// TestSavedPlan: a file that is no plan, and a plan for something else than the command line says,
// are refused with the command that makes the right one.
func TestSavedPlan(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("stack", 0o755); err != nil {
		t.Fatal(err)
	}
	of := func(change func(*plan.Saved)) string {
		s := plan.Saved{Version: plan.SavedVersion, Target: "local", Dir: "stack", Plan: &plan.Plan{}}
		change(&s)
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	good := of(func(s *plan.Saved) { s.Options = plan.SavedOptions{Suffix: "pr-1", Hosting: true} })
	for name, c := range map[string]struct {
		content string
		line    string
		refused string
		hint    string
	}{
		"a plan":                {content: good, line: "apply p.json"},
		"text":                  {content: "hello", line: "apply p.json", refused: "p.json is not a plan", hint: " plan DIR --out p.json"},
		"another JSON document": {content: `{"version": 1}`, line: "apply p.json", refused: "p.json is not a plan", hint: " plan DIR --out p.json"},
		"a later format":        {content: of(func(s *plan.Saved) { s.Version = 9 }), line: "apply p.json", refused: "version 9", hint: " plan stack --out p.json"},
		"another target":        {content: of(func(s *plan.Saved) { s.Target = "staging" }), line: "apply p.json", refused: "for target staging, not local", hint: "--target staging"},
		"a missing folder":      {content: of(func(s *plan.Saved) { s.Dir = "elsewhere" }), line: "apply p.json", refused: "in elsewhere, which is not", hint: "the folder where the plan was made"},
		"a plan elsewhere":      {content: of(func(s *plan.Saved) { s.Dir = "stack" }), line: "apply ../plans/p.json", refused: "", hint: ""},
		"its own values":        {content: good, line: "apply p.json --set a=b", refused: "--set cannot be used with a plan", hint: " plan stack --set a=b --out p.json"},
		"its own options":       {content: good, line: "apply p.json --purge", refused: "--purge cannot be used with a plan", hint: " plan stack --purge --out p.json"},
		"a permission":          {content: good, line: "apply p.json --allow-deletes"},
	} {
		t.Run(name, func(t *testing.T) {
			words := strings.Fields(c.line)
			file := filepath.Join(dir, words[1])
			if err := sink.WritePrivate(file, []byte(c.content)); err != nil {
				t.Fatal(err)
			}
			a := &app{config: viper.New(), streams: streams{stderr: &strings.Builder{}}}
			cmd, _, err := a.root().Find(words[:1])
			if err == nil {
				err = cmd.ParseFlags(words[1:])
			}
			if err == nil {
				a.invoked(cmd, cmd.Flags().Args())
				err = a.configure(cmd)
			}
			if err != nil {
				t.Fatal(err)
			}
			saved, args, err := a.savedPlan(cmd, cmd.Flags().Args())
			if c.refused == "" {
				if err != nil || saved == nil || strings.Join(args, " ") != "stack" {
					t.Fatalf("%v, folder %v", err, args)
				}
				if c.content == good && (a.suffix() != "pr-1" || !a.config.GetBool("hosting")) {
					t.Error("apply does not use the options of the plan")
				}
				return
			}
			if !errors.As(err, new(usage)) || !strings.Contains(err.Error(), c.refused) || !strings.Contains(a.hintFor(err), c.hint) {
				t.Errorf("error %v\nhint %s\nwant %q and %q", err, a.hintFor(err), c.refused, c.hint)
			}
		})
	}
	a := &app{}
	for _, args := range [][]string{nil, {"stack"}, {"stack/a.yaml"}} {
		if saved, rest, err := a.savedPlan(nil, args); saved != nil || err != nil || len(rest) != len(args) {
			t.Errorf("%v is read as a plan: %v", args, err)
		}
	}
}

// TestSavePlanRefusesFolderNames that JSON cannot contain.
func TestSavePlanRefusesFolderNames(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "p.json")
	a := &app{config: viper.New(), streams: streams{stderr: &strings.Builder{}, stdout: &strings.Builder{}}}
	if err := a.savePlan(&plan.Plan{}, "m\xff", planOptions{out: file}); !errors.As(err, new(usage)) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file was written")
	}
	if err := a.savePlan(&plan.Plan{}, "mé", planOptions{out: file}); err != nil {
		t.Error(err)
	}
}

// TestAsReviewed: a plan that differs is refused with the differences, and a plan that was already applied
// with a message.
func TestAsReviewed(t *testing.T) {
	t.Parallel()
	with := func(tenant string, steps ...plan.Step) *plan.Plan {
		return &plan.Plan{Tenant: plan.Tenant{ID: tenant}, Steps: steps}
	}
	create := plan.Step{Action: plan.Create, Key: plan.Key{Kind: plan.Group, Name: "g"}}
	for name, c := range map[string]struct {
		saved, now *plan.Plan
		want       string
	}{
		"the same":       {with("t", create), with("t", create), ""},
		"nothing twice":  {with("t"), with("t"), ""},
		"already done":   {with("t", create), with("t"), "this plan has already been applied"},
		"more to do":     {with("t"), with("t", create), "have changed since the plan was made (1 difference)"},
		"another tenant": {with("t", create), with("u"), "have changed since the plan was made (1 difference)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(plan.Saved{Version: plan.SavedVersion, Dir: "stack", Plan: c.saved})
			if err != nil {
				t.Fatal(err)
			}
			var saved plan.SavedPlan
			if err := json.Unmarshal(raw, &saved); err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			a := &app{config: viper.New(), streams: streams{stderr: &said}}
			err = a.asReviewed(c.now, &saved)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(a.hintFor(err), " plan stack --out FILE")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if listed := strings.Count(said.String(), "changed: "); listed != strings.Count(c.want, "1 difference") {
				t.Errorf("listed %d differences:\n%s", listed, said.String())
			}
		})
	}
}

// TestWantsJSON: an invalid command line, too, determines whether its error is JSON.
func TestWantsJSON(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"plan -o json": true, "plan -ojson": true, "plan -o=json": true, "plan --output json": true, "plan --output=json --nope": true,
		"plan": false, "plan -o text": false, "plan -o": false, "exec -- x -o json": false, "plan --out json": false,
	} {
		if got := (&app{args: strings.Fields(line)}).wantsJSON(); got != want {
			t.Errorf("%s: %t, want %t", line, got, want)
		}
	}
}
