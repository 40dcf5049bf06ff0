package reconcile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// TestEditedTextOfASinkStays: apply, rotate and destroy neither replace nor remove a text that
// somebody edited after provision wrote it.
func TestEditedTextOfASinkStays(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]stack.Sink{
		"dotenv": {Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}},
		"a file": {File: "kept.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keep.Sinks.Project = t.TempDir()
			w.must(keptIn(where), plan.Options{})
			w.know()
			file := filepath.Join(w.keep.Sinks.Project, where.Path())
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			edited := "SECRET=edited\n"
			if where.Env == nil {
				edited = strings.Replace(string(raw), "{", `{"note": "mine",`, 1)
			}
			if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := w.rotate(where, 0); !errors.As(err, new(*sink.Refused)) {
				t.Errorf("rotate: %v, want a refusal", err)
			}
			if _, err := w.apply(nil, plan.Options{Destroy: []string{"s"}}); err != nil {
				t.Fatal(err)
			}
			if now, err := os.ReadFile(file); err != nil || string(now) != edited {
				t.Errorf("the file contains %q (%v), want what the user wrote", now, err)
			}
		})
	}
}

// TestOneStateInTwoProjectFolders: the second folder neither replaces the secret of the first one nor
// removes its own text of the same name; destroy removes the text at the recorded place.
func TestOneStateInTwoProjectFolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	where := stack.Sink{Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}}
	first, second := t.TempDir(), t.TempDir()
	w.keep.Sinks.Project = first
	w.must(keptIn(where), plan.Options{})
	text, err := os.ReadFile(filepath.Join(first, "app.env"))
	if err != nil {
		t.Fatal(err)
	}
	w.keep.Sinks.Project = second
	mine := filepath.Join(second, "app.env")
	if err := os.WriteFile(mine, []byte("SECRET=mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var refused *sink.Refused
	if _, err := w.apply(keptIn(where), plan.Options{}); !errors.As(err, &refused) || !strings.Contains(refused.Why, "another project folder") {
		t.Errorf("apply: %v, want a refusal that names the other folder", err)
	}
	if now, err := os.ReadFile(filepath.Join(first, "app.env")); err != nil || string(now) != string(text) {
		t.Errorf("the first folder has %q (%v)", now, err)
	}
	if _, err := w.apply(nil, plan.Options{Destroy: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(mine); err != nil || string(now) != "SECRET=mine\n" {
		t.Errorf("the second folder has %q (%v), want what the user wrote", now, err)
	}
	if _, err := os.Stat(filepath.Join(first, "app.env")); !os.IsNotExist(err) {
		t.Errorf("the first folder still has the text (%v)", err)
	}
}
