package reconcile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"provision/plan"
	"provision/stack"
)

// TestDotenvFileIsRemovedWithLastSecret if provision created it. The file stays if it existed
// before or has other content.
func TestDotenvFileIsRemovedWithLastSecret(t *testing.T) {
	t.Parallel()
	where := func(file, key string) stack.Sink { return stack.Sink{Env: &stack.EnvSink{File: file, Key: key}} }
	keep := func(w *world, sinks ...stack.Sink) {
		a := &stack.Application{Name: "a", DisplayName: "A"}
		for i, where := range sinks {
			a.Secrets = append(a.Secrets, stack.Secret{Name: []string{"one", "two"}[i], Sink: where})
		}
		w.must(w.placed([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}), plan.Options{})
	}
	write := func(t *testing.T, file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const gone = "no file"
	for name, c := range map[string]struct {
		do   func(t *testing.T, w *world, file string)
		want string
	}{
		"created": {func(_ *testing.T, w *world, file string) { keep(w, where(file, "A")) }, gone},
		"created for two secrets": {func(_ *testing.T, w *world, file string) {
			keep(w, where(file, "A"), where(file, "B"))
		}, gone},
		"created, and left before": {func(_ *testing.T, w *world, file string) {
			keep(w, where(file, "A"))
			keep(w, where(file+".other", "A"))
		}, gone},
		"empty before": {func(t *testing.T, w *world, file string) {
			write(t, file, "")
			keep(w, where(file, "A"))
		}, ""},
		"with something before": {func(t *testing.T, w *world, file string) {
			write(t, file, "B=1\n")
			keep(w, where(file, "A"))
		}, "B=1\n"},
		"created, and more since": {func(t *testing.T, w *world, file string) {
			keep(w, where(file, "A"))
			now, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, string(now)+"B=1\n")
		}, "B=1\n"},
		"created for another target": {func(t *testing.T, w *world, file string) {
			keep(w, where(file, "A"))
			here := filepath.Join(w.keep.Dir, "sinkfiles.json")
			there := filepath.Join(filepath.Dir(w.keep.Dir), "other", "sinkfiles.json")
			if err := errors.Join(os.Mkdir(filepath.Dir(there), 0o700), os.Rename(here, there)); err != nil {
				t.Fatal(err)
			}
		}, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := t.TempDir()
			w.keep.Dir = filepath.Join(root, ".provision", "local")
			if err := os.MkdirAll(w.keep.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(root, ".env")
			c.do(t, w, file)
			w.must(nil, plan.Options{Destroy: []string{"s"}})
			got, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				got = []byte(gone)
			} else if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("afterwards %q, want %q", got, c.want)
			}
		})
	}
}
