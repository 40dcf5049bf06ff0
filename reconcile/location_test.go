package reconcile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/stack"
)

// TestEditedTextOfASinkStays: apply, rotate and destroy neither replace nor remove a value that
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
// removes its own value of the same name; destroy removes the value at the recorded place.
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
	if _, err := w.apply(keptIn(where), plan.Options{}); !errors.As(err, &refused) || !strings.Contains(refused.Why, "another folder") {
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
		t.Errorf("the first folder still has the value (%v)", err)
	}
}

// TestMovedTextOfASink: a value that somebody has moved to the file of another project folder is the secret
// there; a copy is not taken from the first folder.
func TestMovedTextOfASink(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]stack.Sink{
		"dotenv": {Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}},
		"a file": {File: "app.env"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first, second := t.TempDir(), t.TempDir()
			w.keep.Sinks.Project = first
			w.must(keptIn(where), plan.Options{})
			w.know()
			copyFile(t, filepath.Join(first, "app.env"), filepath.Join(second, "app.env"))
			w.keep.Sinks.Project = second
			w.settled(keptIn(where), plan.Options{})
			if _, err := w.rotate(where, 0); !errors.As(err, new(*sink.Refused)) {
				t.Errorf("rotate of a copy: %v, want a refusal", err)
			}
			if err := os.Remove(filepath.Join(first, "app.env")); err != nil {
				t.Fatal(err)
			}
			w.settled(keptIn(where), plan.Options{})
			if _, err := w.rotate(where, 0); err != nil {
				t.Error(err)
			}
			w.settled(keptIn(where), plan.Options{})
			w.keep.Sinks.Project = t.TempDir()
			w.must(nil, plan.Options{Destroy: []string{"s"}})
			if left, err := os.ReadFile(filepath.Join(second, "app.env")); len(left) > 0 {
				t.Errorf("destroy left %q (%v)", left, err)
			}
		})
	}
}

// TestRotateNamesTextThatStays: a rotation into another project folder reports the former value if somebody
// changed its file.
func TestRotateNamesTextThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	where := stack.Sink{Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}}
	first, second := t.TempDir(), t.TempDir()
	w.keep.Sinks.Project = first
	w.must(keptIn(where), plan.Options{})
	w.know()
	file := filepath.Join(first, "app.env")
	copyFile(t, file, filepath.Join(second, "app.env"))
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := string(raw) + "SECRET=mine\n"
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	w.keep.Sinks.Project, w.keep.Overwrite = second, true
	rotated, err := w.rotate(where, 0)
	if err != nil {
		t.Fatal(err)
	}
	var stays *sink.NotRemoved
	if !errors.As(rotated.Stays, &stays) || filepath.Base(stays.File) != "app.env" || stays.Key != "SECRET" {
		t.Errorf("what stays is %v, want the former file", rotated.Stays)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != changed {
		t.Errorf("the former file has %q (%v)", now, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRecordsOfEarlierVersions: a record without a location is completed if the tenant accepts the value,
// here or in a folder below the project folder. Another value, also one that begins with the same characters, belongs to the
// user.
func TestRecordsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	env, file := stack.Sink{Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}}, stack.Sink{File: "app.env"}
	for name, c := range map[string]struct {
		where  stack.Sink
		folder string // of the file, below the project folder
		edit   func(text string) string
		ours   bool
	}{
		"the secret":                             {where: env, ours: true},
		"the secret with Windows line ends":      {where: env, edit: func(s string) string { return "A=1\r\n" + strings.TrimSpace(s) + "\r\n" }, ours: true},
		"the first characters":                   {where: env, edit: func(s string) string { return s[:len("SECRET=xxx")] + "-mine\n" }},
		"two lines":                              {where: env, edit: func(s string) string { return s + "SECRET=mine\n" }},
		"the secret in a folder below":           {where: env, folder: "web/api", ours: true},
		"the first characters in a folder":       {where: env, folder: "web", edit: func(s string) string { return s[:len("SECRET=xxx")] + "-mine\n" }},
		"the file":                               {where: file, ours: true},
		"the file in a folder below":             {where: file, folder: "web", ours: true},
		"the file of another secret in a folder": {where: file, folder: "web", edit: func(s string) string { return strings.Replace(s, `"keyId": "`, `"keyId": "0`, 1) }},
		"a hidden folder":                        {where: env, folder: ".git"},
		"another project":                        {where: env, folder: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			project := t.TempDir()
			w.keep.Sinks.Project = project
			w.must(keptIn(c.where), plan.Options{})
			w.forgetLocation()
			raw, err := os.ReadFile(filepath.Join(project, "app.env"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(project, "app.env")); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(project, "other", ".provision"), 0o700); err != nil {
				t.Fatal(err)
			}
			there, text := filepath.Join(project, c.folder, "app.env"), string(raw)
			if c.edit != nil {
				text = c.edit(text)
			}
			if err := os.MkdirAll(filepath.Dir(there), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(there, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			accepts := func(ctx context.Context, clientID, text string) bool { return w.proves(ctx, clientID, text) == nil }
			if err := w.keep.RecordLocations(t.Context(), w.state(keptIn(c.where)), accepts); err != nil {
				t.Fatal(err)
			}
			err = reconcile.Applier{Keep: w.keep}.CheckRotation(t.Context(), reconcile.Rotation{UniqueName: "s.a", Secret: stack.Secret{Name: "key", Sink: c.where}})
			if refuses := c.ours == (c.folder != ""); errors.As(err, new(*sink.Refused)) != refuses || err != nil && !refuses {
				t.Errorf("a rotation is refused with %v, want a refusal: %t", err, refuses)
			}
			w.must(nil, plan.Options{Destroy: []string{"s"}})
			left, _ := os.ReadFile(there)
			switch {
			case c.ours && strings.Contains(string(left), "SECRET=") || c.ours && c.where.Env == nil && len(left) > 0:
				t.Errorf("destroy left %q", left)
			case !c.ours && string(left) != text:
				t.Errorf("destroy left %q, want the user's %q", left, text)
			}
		})
	}
}

// TestTextInReadOnlyFolder: a destroy that cannot remove the value of a secret changes nothing.
func TestTextInReadOnlyFolder(t *testing.T) {
	t.Parallel()
	const file = "/proc/version" // read-only also for root
	if _, err := os.Stat(file); err != nil {
		t.Skip(err)
	}
	w := newWorld(t)
	where := stack.Sink{Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}}
	w.keep.Sinks.Project = t.TempDir()
	w.must(keptIn(where), plan.Options{})
	if err := os.Remove(filepath.Join(w.keep.Sinks.Project, "app.env")); err != nil {
		t.Fatal(err)
	}
	w.editRecords(func(record map[string]any) { record["location"].(map[string]any)["path"] = file })
	before := w.dump()
	var unwritable *sink.Unwritable
	if _, err := w.apply(nil, plan.Options{Destroy: []string{"s"}}); !errors.As(err, new(*sink.Refused)) || !errors.As(err, &unwritable) || unwritable.Folder != "/proc" {
		t.Errorf("destroy: %v, want a refusal that names the folder", err)
	}
	if w.dump() != before {
		t.Error("the tenant has changed")
	}
}

// forgetLocation makes the records of secrets those of an earlier version.
func (w *world) forgetLocation() {
	w.t.Helper()
	w.editRecords(func(record map[string]any) { delete(record, "location") })
}

// editRecords edits the records of secrets with a location.
func (w *world) editRecords(edit func(record map[string]any)) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.keep.Dir, "secrets", "*.json"))
	if err != nil || len(files) == 0 {
		w.t.Fatal(files, err)
	}
	for _, file := range files {
		var record map[string]any
		if _, err := sink.ReadJSON(file, &record); err != nil {
			w.t.Fatal(err)
		}
		if record["location"] == nil {
			w.t.Fatalf("%s has no location", file)
		}
		edit(record)
		if err := sink.WriteJSON(file, record); err != nil {
			w.t.Fatal(err)
		}
	}
}
