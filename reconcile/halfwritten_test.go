package reconcile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// halfWritten writes the temporary file of a process that was killed while it wrote name, and returns
// its path.
func halfWritten(t *testing.T, name string) (path string) {
	t.Helper()
	path = filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".provision-tmp")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPartialFilesAreRemoved: the next write or removal of a file removes its temporary files,
// even if the file does not exist.
func TestPartialFilesAreRemoved(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(file string) error{
		"written": func(file string) error { return sink.WritePrivate(file, []byte("text")) },
		"removed": func(file string) error { _, err := sink.Remove(file); return err },
		"removed after it was written": func(file string) error {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				return err
			}
			_, err := sink.Remove(file)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "web.env")
			left := halfWritten(t, file)
			if err := do(file); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(left); !os.IsNotExist(err) {
				t.Errorf("%s is still there (%v)", left, err)
			}
		})
	}
}

// TestDestroyRemovesPartialSecrets: destroy removes the temporary files of secrets, in the secrets
// folder and in sinks.
func TestDestroyRemovesPartialSecrets(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]stack.Sink{
		"own":    {},
		"file":   {File: "kept/key.json"},
		"dotenv": {Env: &stack.EnvSink{File: "kept/.env", Key: "KEY"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			stacks := keptIn(where)
			w.must(stacks, plan.Options{})
			left := []string{halfWritten(t, filepath.Join(w.keep.Dir, "secrets", "s.a.other.json"))}
			for _, file := range []string{"secrets/s.a.key.json", w.place(where).File, envFile(w.place(where))} {
				if file != "" {
					left = append(left, halfWritten(t, filepath.Join(w.keep.Dir, strings.TrimPrefix(file, w.keep.Dir))))
				}
			}
			w.must(nil, plan.Options{Destroy: []string{"s"}})
			for _, path := range left {
				if _, err := os.Lstat(path); !os.IsNotExist(err) {
					t.Errorf("%s is still there (%v)", path, err)
				}
			}
			if files := w.files(); strings.Contains(files, "a secret") {
				t.Errorf("a secret is left:\n%s", files)
			}
		})
	}
}

func envFile(where stack.Sink) string {
	if where.Env == nil {
		return ""
	}
	return where.Env.File
}
