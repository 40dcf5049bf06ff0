package reconcile_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// TestInterruptedMove: the next apply completes the move of a value that was interrupted before or after one of
// its writes, and does not replace the secret.
func TestInterruptedMove(t *testing.T) {
	t.Parallel()
	const own, file, dotenv, hub, vault = "its own file", "a file", "dotenv", "GitHub", "Key Vault"
	for name, c := range map[string]struct {
		from, to           string
		oldValue, newValue bool   // the sinks that contain the value when the process ends
		third              string // the sink that the manifest names then, if it is another one
	}{
		"own file to dotenv, begun":     {own, dotenv, true, false, ""},
		"own file to dotenv, written":   {own, dotenv, true, true, ""},
		"dotenv to file, begun":         {dotenv, file, true, false, ""},
		"dotenv to file, written":       {dotenv, file, true, true, ""},
		"dotenv to file, removed":       {dotenv, file, false, true, ""},
		"dotenv to own file, begun":     {dotenv, own, true, true, ""},
		"dotenv to own file, removed":   {dotenv, own, false, true, ""},
		"file to vault, begun":          {file, vault, true, false, ""},
		"file to vault, written":        {file, vault, true, true, ""},
		"file to vault, removed":        {file, vault, false, true, ""},
		"own file to GitHub, refused":   {own, hub, true, false, ""},
		"file to GitHub, refused":       {file, hub, true, false, ""},
		"vault to GitHub, refused":      {vault, hub, true, false, ""},
		"dotenv to GitHub, refused":     {dotenv, hub, true, false, ""},
		"own file to vault, written":    {own, vault, true, true, ""},
		"dotenv to vault, only written": {dotenv, vault, false, true, ""},
		"a third sink, begun":           {file, dotenv, true, false, vault},
		"a third sink, written":         {file, dotenv, true, true, vault},
		"a third sink, removed":         {file, dotenv, false, true, vault},
		"a third sink, from own file":   {own, dotenv, true, true, file},
		"a third sink, own file":        {file, dotenv, true, true, own},
		"back, begun":                   {file, dotenv, true, false, file},
		"back, written":                 {file, dotenv, true, true, file},
		"back to own file":              {own, dotenv, true, true, own},
		"back from GitHub":              {file, hub, true, false, file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := newServices(w)
			sinks := s.sinks(w)
			from, to := sinks[c.from], sinks[c.to]
			w.must(keptIn(from.where), plan.Options{})
			w.know()
			text, keys := from.text(), w.secrets()
			record := filepath.Join(w.keep.Dir, "secrets", "s.a.key.json")
			before := snapshot(t, w.keep.Dir)
			var was map[string]any
			if _, err := sink.ReadJSON(record, &was); err != nil {
				t.Fatal(err)
			}
			if c.to == hub {
				s.hub.FailNext("PUT", http.StatusBadGateway)
				if _, err := w.apply(keptIn(to.where), plan.Options{}); err == nil {
					t.Fatal("GitHub took the secret")
				}
			} else {
				w.must(keptIn(to.where), plan.Options{})
				var is map[string]any
				if _, err := sink.ReadJSON(record, &is); err != nil {
					t.Fatal(err)
				}
				if !c.newValue { // before the record: its own file is the record
					place, err := w.keep.Sinks.Open(w.place(to.where), "s.a")
					if err != nil {
						t.Fatal(err)
					}
					if err := place.Forget(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if c.oldValue {
					for path, raw := range before {
						if path == record {
							continue
						}
						if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
							t.Fatal(err)
						}
						if err := os.WriteFile(path, raw, 0o600); err != nil {
							t.Fatal(err)
						}
					}
				}
				maps.Copy(is, map[string]any{"pending": true, "moving": true})
				if c.from == own {
					is["secretText"] = text
				} else {
					is["former"], is["formerLocation"] = was["sink"], was["location"]
				}
				if err := sink.WriteJSON(record, is); err != nil {
					t.Fatal(err)
				}
			}
			last := to
			if c.third != "" {
				last = sinks[c.third]
			}
			w.must(keptIn(last.where), plan.Options{})
			if now := w.secrets(); !slices.Equal(now, keys) {
				t.Errorf("the application has the secrets %v, want %v: the value was not moved", now, keys)
			}
			if last.text() != text {
				t.Error("the new sink has another value")
			}
			for _, name := range []string{c.from, c.to} {
				if other := sinks[name]; name != own && other.where != last.where && other.text() != "" {
					t.Errorf("%s still has the value", name)
				}
			}
			var is map[string]any
			if _, err := sink.ReadJSON(record, &is); err != nil {
				t.Fatal(err)
			}
			if is["moving"] != nil || is["pending"] != nil || last.where != sinks[own].where && is["secretText"] != nil {
				t.Errorf("the record is %v", slices.Sorted(maps.Keys(is)))
			}
		})
	}
}

// snapshot returns the files below a folder.
func snapshot(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// TestInterruptedReplacement: a secret whose new value was being written when the process ended is replaced, even if the
// former sink still contains the value of the secret before it.
func TestInterruptedReplacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newServices(w)
	sinks := s.sinks(w)
	hub, dotenv := sinks["GitHub"].where, sinks["dotenv"]
	w.must(keptIn(hub), plan.Options{}) // its value cannot be moved
	w.know()
	record := filepath.Join(w.keep.Dir, "secrets", "s.a.key.json")
	w.must(keptIn(dotenv.where), plan.Options{})
	keys := w.secrets()
	var is map[string]any
	if _, err := sink.ReadJSON(record, &is); err != nil {
		t.Fatal(err)
	}
	is["pending"], is["former"] = true, stack.Sink{GitHub: hub.GitHub}
	if err := sink.WriteJSON(record, is); err != nil {
		t.Fatal(err)
	}
	w.must(keptIn(dotenv.where), plan.Options{})
	if now := w.secrets(); slices.Equal(now, keys) {
		t.Error("a value that may not have been written is kept")
	}
}

// TestInterruptedMoveKeepsAnEditedValue: if somebody edited the former sink after a move was
// interrupted, the next apply completes the move, keeps the edited value, and reports it.
func TestInterruptedMoveKeepsAnEditedValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newServices(w)
	sinks := s.sinks(w)
	from, to := sinks["dotenv"], sinks["a file"]
	record := filepath.Join(w.keep.Dir, "secrets", "s.a.key.json")
	read := func() (content map[string]any) {
		if _, err := sink.ReadJSON(record, &content); err != nil {
			t.Fatal(err)
		}
		return content
	}
	w.must(keptIn(from.where), plan.Options{})
	w.know()
	was := read()
	w.must(keptIn(to.where), plan.Options{})
	keys, is := w.secrets(), read()
	maps.Copy(is, map[string]any{"pending": true, "moving": true, "former": was["sink"], "formerLocation": was["location"]})
	if err := sink.WriteJSON(record, is); err != nil {
		t.Fatal(err)
	}
	file := w.place(from.where).Env
	if err := os.WriteFile(file.File, []byte(file.Key+"=edited\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := w.apply(keptIn(to.where), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Stays) != 1 {
		t.Errorf("apply reports %v, want the edited value", done.Stays)
	}
	if content, err := os.ReadFile(file.File); err != nil || string(content) != file.Key+"=edited\n" || !slices.Equal(w.secrets(), keys) {
		t.Errorf("the former sink has %q (%v), and the application has the secrets %v, want the edited value and %v", content, err, w.secrets(), keys)
	}
}

// TestCopiedFileOfASecret: a sink that moves to a copy of an earlier value does not replace the secret, and does not
// overwrite the copy without --overwrite.
func TestCopiedFileOfASecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sinks := newServices(w).sinks(w)
	from := sinks["a file"]
	w.must(keptIn(from.where), plan.Options{})
	w.know()
	earlier, err := os.ReadFile(w.place(from.where).File)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.rotate(from.where, 0); err != nil {
		t.Fatal(err)
	}
	copied := stack.Sink{File: "backup.json"}
	file := w.place(copied).File
	if err := os.WriteFile(file, earlier, 0o600); err != nil {
		t.Fatal(err)
	}
	text, keys := from.text(), w.secrets()
	if _, err := w.apply(keptIn(copied), plan.Options{}); !errors.As(err, new(*sink.Refused)) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, earlier) || from.text() != text || !slices.Equal(w.secrets(), keys) {
		t.Errorf("after the refusal the copy has another content (%v), the sink another value, or the application other secrets", err)
	}
	w.keep.Overwrite = true
	w.must(keptIn(copied), plan.Options{})
	if now, _, err := w.keep.Secret(t.Context(), "s.a", "key", w.place(copied)); err != nil || now.SecretText != text || !slices.Equal(w.secrets(), keys) {
		t.Errorf("with --overwrite the value was not moved: %v", err)
	}
}

// TestOneSinkUnderAnotherName: the value of a secret stays if the manifest gives its sink another name, by apply and by
// rotate.
func TestOneSinkUnderAnotherName(t *testing.T) {
	t.Parallel()
	line := func(file string) stack.Sink { return stack.Sink{Env: &stack.EnvSink{File: file, Key: "SECRET"}} }
	hub := func(repository string) stack.Sink {
		return stack.Sink{GitHub: &stack.GitHubSink{Repository: repository, Environment: "production", Name: "SECRET"}}
	}
	for name, c := range map[string]struct {
		from, to func(dir string) stack.Sink
	}{
		"an absolute path of a line": {func(string) stack.Sink { return line("below/.env") }, func(dir string) stack.Sink { return line(filepath.Join(dir, "below", ".env")) }},
		"an absolute path of a file": {func(string) stack.Sink { return stack.Sink{File: "below/a.json"} }, func(dir string) stack.Sink { return stack.Sink{File: filepath.Join(dir, "below", "a.json")} }},
		"a link to the folder":       {func(string) stack.Sink { return line("below/.env") }, func(string) stack.Sink { return line("link/.env") }},
		"the folder of a link":       {func(string) stack.Sink { return stack.Sink{File: "link/a.json"} }, func(string) stack.Sink { return stack.Sink{File: "below/a.json"} }},
		"GitHub in capitals":         {func(string) stack.Sink { return hub("contoso/orders") }, func(string) stack.Sink { return hub("contoso/Orders") }},
	} {
		for _, rotates := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", rotated", false: ""}[rotates], func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				services := newServices(w)
				w.keep.Sinks.Project, w.keep.AllowOutside = w.keep.Dir, true
				if err := os.MkdirAll(filepath.Join(w.keep.Dir, "below"), 0o700); err != nil {
					t.Fatal(err)
				}
				if runtime.GOOS == "windows" {
					t.Skip("links need a permission there")
				}
				if err := os.Symlink("below", filepath.Join(w.keep.Dir, "link")); err != nil {
					t.Fatal(err)
				}
				from, to := c.from(w.keep.Dir), c.to(w.keep.Dir)
				w.must(keptIn(from), plan.Options{})
				w.know()
				if rotates {
					_, _ = w.rotate(to, 0) // it may refuse a sink that an apply has not written
				}
				w.must(keptIn(to), plan.Options{})
				kept, found, err := w.keep.Secret(t.Context(), "s.a", "key", to)
				if to.GitHub != nil {
					_, found = services.hub.Secret("production", "SECRET")
				} else if err := w.signsIn(kept.SecretText); err != nil {
					t.Errorf("the value of the sink does not sign in: %v", err)
				}
				if err != nil || !found {
					t.Fatalf("the sink is empty: %v", err)
				}
				if p := w.plan(keptIn(to), plan.Options{}); len(p.Steps) > 0 {
					t.Errorf("after the apply the plan has %v", p.Steps)
				}
			})
		}
	}
}
