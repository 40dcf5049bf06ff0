package terraform_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"provision/terraform"
)

// program returns the terraform or tofu of this machine.
func program(t *testing.T) terraform.Program {
	t.Helper()
	p, err := terraform.Find(t.Context())
	if errors.Is(err, terraform.ErrMissing) && os.Getenv("PROVISION_TEST_REQUIRE") != "all" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func workspace(t *testing.T) terraform.Workspace {
	return terraform.Workspace{Dir: filepath.Join(t.TempDir(), "workspace"), Program: program(t)}
}

func plain(t *testing.T, variables map[string]any) terraform.Configuration {
	t.Helper()
	dir, err := filepath.Abs("testdata/plain")
	if err != nil {
		t.Fatal(err)
	}
	return terraform.Configuration{Module: dir, Variables: variables}
}

func anything(*terraform.Plan) error { return nil }

func TestFromPlanToDestroy(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	var lines []string
	w.Progress = func(line string) { lines = append(lines, line) }
	text := map[string]any{"tricky ${path.root} %{ if true }": []any{`"quoted" $${x} \n` + "\n", true, 1.5, "ü"}}
	c := plain(t, map[string]any{"text": text, "secret": terraform.Text{{Literal: "hunter2 ${x}", Secret: true}}, "unknown_here": "left out"})
	c.Needs = []string{"network"}

	p, err := w.Plan(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got := addresses(p); p.Exists || !slices.Equal(got, []string{"create terraform_data.secret", "create terraform_data.text"}) {
		t.Errorf("the first plan is %v, exists %t", got, p.Exists)
	}
	if terraform.Exists(w.Dir) {
		t.Error("a plan has left a mark of an apply")
	}
	outputs, err := w.Apply(t.Context(), c, anything)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(text), outputs["text"]); diff != "" {
		t.Errorf("the text did not pass through as it was (-want +got):\n%s", diff)
	}
	if _, shown := outputs["secret"]; shown || outputs["id"] == "" {
		t.Errorf("the outputs are %v", outputs)
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "terraform_data.text: Creati") }) {
		t.Errorf("the progress was %q", lines)
	}
	if applied, exists := terraform.Applied(w.Dir); !exists || !slices.Equal(applied.Needs, []string{"network"}) || applied.Outputs["id"] != outputs["id"] {
		t.Errorf("the record of the apply is %+v, exists %t", applied, exists)
	}
	if again, err := w.Plan(t.Context(), c); err != nil || len(again.Resources) > 0 || !again.Exists || again.Outputs["id"] != outputs["id"] {
		t.Errorf("a second plan is %+v, %v", again, err)
	}
	private(t, w.Dir)
	if left := holding(t, w.Dir, "hunter2"); !slices.Equal(left, []string{"terraform.tfstate"}) {
		t.Errorf("the secret is in %v", left)
	}
	if read, err := w.Outputs(t.Context(), nil); err != nil || read["id"] != outputs["id"] {
		t.Errorf("the outputs of the state are %v, %v", read, err)
	}
	gone, err := w.PlanDestroy(t.Context(), &c)
	if err != nil {
		t.Fatal(err)
	}
	if got := addresses(gone); !slices.Equal(got, []string{"delete terraform_data.secret", "delete terraform_data.text"}) {
		t.Errorf("the plan of a destroy is %v", got)
	}
	if err := w.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	private(t, w.Dir)
	if after, err := w.Plan(t.Context(), c); err != nil || after.Exists {
		t.Errorf("after the destroy there is something: %+v, %v", after, err)
	}
}

func addresses(p *terraform.Plan) (all []string) {
	for _, r := range p.Resources {
		all = append(all, r.Action+" "+r.Address)
	}
	return all
}

// private checks that only the owner can read the files of a workspace.
func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		top, _, _ := strings.Cut(strings.TrimPrefix(path, dir+"/"), "/")
		if top == ".terraform" || top == ".terraform.lock.hcl" {
			return nil // providers, in a folder that only the owner can enter
		}
		if info.Mode()&0o077 != 0 && info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// holding returns the files that contain a text.
func holding(t *testing.T, dir, text string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), text) {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPlanWithUnknownValues(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	unknown := terraform.Text{{Literal: "api://"}, {Unknown: true}}
	reviewed, err := w.Plan(t.Context(), plain(t, map[string]any{"text": map[string]any{"id": unknown, "name": "heroes"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := addresses(reviewed); !slices.Equal(got, []string{"create terraform_data.secret", "create terraform_data.text"}) {
		t.Fatalf("the plan is %v", got)
	}
	for name, test := range map[string]struct {
		text any
		want []string
	}{
		"the value is known now": {map[string]any{"id": "api://x", "name": "heroes"}, nil},
		"a known one is another": {map[string]any{"id": "api://x", "name": "villains"}, []string{"terraform_data.text input.name"}},
		"there is one more":      {map[string]any{"id": "api://x", "name": "heroes", "more": true}, []string{"terraform_data.text input.more"}},
	} {
		t.Run(name, func(t *testing.T) {
			now, err := w.Plan(t.Context(), plain(t, map[string]any{"text": test.text}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, now.Differs(reviewed)); diff != "" {
				t.Errorf("the differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusedChangeOfTerraformIsNotApplied(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	refusal := errors.New("not this")
	_, err := w.Apply(t.Context(), plain(t, nil), func(*terraform.Plan) error { return refusal })
	if !errors.Is(err, refusal) {
		t.Fatalf("the error is %v", err)
	}
	if p, err := w.Plan(t.Context(), plain(t, nil)); err != nil || p.Exists || terraform.Exists(w.Dir) {
		t.Errorf("something was made: %+v, %v", p, err)
	}
}

func TestAFailureSaysWhy(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	_, err := w.Plan(t.Context(), plain(t, map[string]any{"refuse": true}))
	if err == nil || !strings.Contains(err.Error(), "terraform plan: ") && !strings.Contains(err.Error(), "tofu plan: ") || !strings.Contains(err.Error(), "It is refused.") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
}

// TestInterruptedApplyCanBeRepeated: the program receives the interrupt, and keeps the
// resources that it has created.
func TestInterruptedApplyCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	wait := filepath.Join(t.TempDir(), "wait")
	c := plain(t, map[string]any{"text": "kept", "wait": wait})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for !exists(wait) {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	if _, err := w.Apply(ctx, c, anything); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	if !terraform.Exists(w.Dir) {
		t.Error("nothing tells that an apply has begun")
	}
	private(t, w.Dir)
	if err := os.WriteFile(wait+".go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := w.Plan(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got := addresses(p); slices.ContainsFunc(got, func(a string) bool { return strings.HasSuffix(a, "terraform_data.text") }) || len(got) == 0 {
		t.Errorf("what is left to do is %v", got)
	}
	if outputs, err := w.Apply(t.Context(), c, anything); err != nil || outputs["text"] != "kept" {
		t.Errorf("the second apply: %v, %v", outputs, err)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func TestWorkspaceLock(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	_, err := w.Apply(t.Context(), plain(t, nil), func(*terraform.Plan) error {
		_, err := w.Plan(t.Context(), plain(t, nil))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "is in use by another provision command") {
		t.Errorf("the error is %v", err)
	}
}

// TestRemoveSecrets: the next command removes the secrets that a killed command has left, except
// where another command is running.
func TestRemoveSecrets(t *testing.T) {
	t.Parallel()
	killed, busy, empty := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{killed, busy} {
		for _, name := range []string{"secrets.auto.tfvars.json", "plan.tfplan", "terraform.tfstate"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("hunter2"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := flock.New(filepath.Join(busy, "workspace.lock"))
	if ok, err := l.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer l.Close()
	for _, dir := range []string{killed, busy, empty, filepath.Join(empty, "missing")} {
		terraform.RemoveSecrets(dir)
	}
	if left := holding(t, killed, "hunter2"); len(left) != 1 { // the state
		t.Errorf("left %v", left)
	}
	if left := holding(t, busy, "hunter2"); len(left) != 3 {
		t.Errorf("a workspace in use was changed: %v are left", left)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("created %v (%v)", left, err)
	}
}

// TestAFailedInitLeavesNoSecrets: the files that were written for the program are removed.
func TestAFailedInitLeavesNoSecrets(t *testing.T) {
	t.Parallel()
	w := terraform.Workspace{Dir: filepath.Join(t.TempDir(), "workspace"), Program: terraform.Program{Path: filepath.Join(t.TempDir(), "terraform")}}
	c := plain(t, map[string]any{"secret": terraform.Text{{Literal: "hunter2", Secret: true}}})
	for name, run := range map[string]func() error{
		"plan":    func() error { _, err := w.Plan(t.Context(), c); return err },
		"apply":   func() error { _, err := w.Apply(t.Context(), c, anything); return err },
		"destroy": func() error { return w.Destroy(t.Context(), &c) },
		"outputs": func() error { _, err := w.Outputs(t.Context(), &c); return err },
	} {
		if err := run(); err == nil {
			t.Errorf("%s worked without a program", name)
		}
		if left := holding(t, w.Dir, "hunter2"); len(left) > 0 {
			t.Errorf("%s left the secret in %v", name, left)
		}
	}
}
