package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/spf13/viper"

	"provision/reconcile/sink"
)

// TestRefusedHintsOfFolders: a hint names a free file name, and a command that works in another project
// folder only if it is one.
func TestRefusedHintsOfFolders(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"one/.provision", "two/.provision", "two/sub", "state"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "two"))
	for _, name := range []string{"a", "a.old"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overwrite := "`" + program() + " apply ../stack --overwrite --state ../state` "
	for _, c := range []struct {
		name    string
		refused *sink.Refused
		want    string
	}{
		{"a name in use", &sink.Refused{File: "a", Flag: "--overwrite"},
			"`mv a a.old2 && " + program() + " apply ../stack --state ../state` keeps the file under another name; " + overwrite + "replaces it"},
		{"another project folder", &sink.Refused{File: "../one/sub/a", Flag: "--overwrite", Project: "../one"},
			"`cd ../one && " + program() + " apply ../stack --state ../state` works there; " + overwrite + "creates a new secret here and removes that one"},
		{"a folder below the project folder", &sink.Refused{File: "sub/a", Flag: "--overwrite", Project: "sub"},
			overwrite + "creates a new secret here and removes that one"},
		{"another stack", &sink.Refused{File: "a", Flag: "--overwrite", Holder: &sink.Holder{Stack: "shop"}},
			"give each stack its own sink, e.g. sink: {env: {file: \"${stack.name}.env\", key: SECRET}}; if stack shop has another name now, `" +
				program() + " destroy --stack shop --state ../state` deletes the old one; " + overwrite + "replaces the content"},
		{"another target", &sink.Refused{File: "a", Key: "A", Flag: "--overwrite", Holder: &sink.Holder{Target: "staging", Stack: "shop"}},
			"give each target its own sink, e.g. sink: {env: {file: \"${target}.env\", key: SECRET}}; " + overwrite + "replaces the content"},
		{"no file", &sink.Refused{File: "b"}, "name another file in the manifest"},
		{"a file that cannot be read", &sink.Refused{File: "a"}, "name another file in the manifest, or move this one away: `mv a a.old2 && " + program() + " apply ../stack --state ../state`"},
	} {
		a := &app{config: viper.New(), invocation: invocation{verb: "apply", where: []string{"../stack"}, state: "../state"}}
		a.config.Set("state", "../state")
		if got := a.hintFor(c.refused); got != c.want {
			t.Errorf("%s: hint %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRemovalCommands: the command in a warning removes the value, and nothing else.
func TestRemovalCommands(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	const lines = "A=1\nKEY=x\n  KEY=w\nexport KEY = y\nKEY2=z\n"
	for name, c := range map[string]struct {
		text *sink.NotRemoved
		left string // "" if the file is removed
	}{
		"a line":          {&sink.NotRemoved{File: "my app.env", Key: "KEY"}, "A=1\nKEY2=z\n"},
		"a file":          {&sink.NotRemoved{File: "-kept.json"}, ""},
		"a locked folder": {&sink.NotRemoved{File: "out/app.env", Key: "KEY", Err: &fs.PathError{Err: fs.ErrPermission}}, "A=1\nKEY2=z\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, c.text.File)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
				t.Fatal(err)
			}
			if errors.Is(c.text.Err, fs.ErrPermission) {
				if err := os.Chmod(filepath.Dir(file), 0o500); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.Command("sh", "-c", removalCommand(c.text))
			command.Dir = dir
			if out, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", removalCommand(c.text), err, out)
			}
			left, err := os.ReadFile(file)
			if string(left) != c.left || errors.Is(err, fs.ErrNotExist) != (c.left == "") {
				t.Errorf("left %q (%v), want %q", left, err, c.left)
			}
			if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) > 1 {
				t.Errorf("left the files %v (%v)", entries, err)
			}
		})
	}
}
