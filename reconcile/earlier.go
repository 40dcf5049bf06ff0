package reconcile

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// Accepts reports whether the tenant accepts a value as a client secret.
type Accepts func(ctx context.Context, clientID, secretText string) bool

// RecordLocations completes the records of earlier versions, which contain neither a path nor a hash, and
// the records of values that were moved.
func (k Keep) RecordLocations(ctx context.Context, state *plan.State, accepts Accepts) error {
	all, err := k.index()
	if err != nil {
		return err
	}
	hints := map[string]string{} // keyId → the first characters of the value
	for _, o := range state.Objects {
		credentials, _ := o.Properties["passwordCredentials"].([]any)
		for _, c := range credentials {
			if m, ok := c.(map[string]any); ok {
				hints[str(m, "keyId")] = str(m, "hint")
			}
		}
	}
	for _, entries := range all {
		for _, e := range entries {
			if e.Sink.Path() == "" {
				continue
			}
			before := e.Location.Path
			if e.Location, err = k.earlier(ctx, e.record, hints[e.KeyID], accepts); err != nil {
				return err
			}
			if e.Location.Path != before || e.moved {
				if err := sink.WriteJSON(e.file, e.record); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// earlier returns the location of a record. For a record of an earlier version it is the file that
// contains the secret: the one that the name of the sink stands for, or else one of this name in a folder below the
// project folder, because names started at the working directory. A line of a dotenv file is the secret if the
// tenant shows its first characters (hint) and accepts it.
func (k Keep) earlier(ctx context.Context, r record, hint string, accepts Accepts) (location, error) {
	if r.Location.Path != "" || r.Pending || r.KeyID == "" {
		return r.Location, nil
	}
	is := func(text string) bool {
		if r.Sink.Env != nil {
			return hint != "" && strings.HasPrefix(text, hint) && accepts != nil && accepts(ctx, r.ClientID, text)
		}
		var s sink.Secret
		return json.Unmarshal([]byte(text), &s) == nil && s.KeyID == r.KeyID && s.SecretText != ""
	}
	files := []string{k.Sinks.Path(r.Sink.Path())}
	for i := 0; i < len(files); i++ {
		there := stack.Sink{File: files[i]}
		if r.Sink.Env != nil {
			there = stack.Sink{Env: &stack.EnvSink{File: files[i], Key: r.Sink.Env.Key}}
		}
		place, err := k.Sinks.Open(there, r.Application)
		if err != nil {
			return location{}, err
		}
		texts, err := place.(sink.File).Content()
		if err == nil && len(texts) == 1 && is(texts[0]) {
			path, err := k.locate(there)
			return location{Path: path, SHA256: []string{sum([]byte(texts[0]))}}, err
		}
		if i == 0 && err == nil && len(texts) == 0 {
			files = append(files, k.below(r.Sink.Path())...)
		}
	}
	return location{}, nil
}

// maxFolders bounds the search for files below the project folder.
const maxFolders = 10000

// below returns the files with a name of a manifest in the folders below the project folder, except
// other projects, hidden folders and installed packages.
func (k Keep) below(name string) (files []string) {
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return nil
	}
	folders := 0
	root := k.Sinks.Path(".")
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir() || path == root:
			return nil // a folder that cannot be read contains nothing that provision can remove
		case strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules":
			return filepath.SkipDir
		}
		if _, err := os.Lstat(filepath.Join(path, ".provision")); err == nil {
			return filepath.SkipDir
		}
		if folders++; folders > maxFolders {
			return filepath.SkipAll
		}
		if info, err := os.Stat(filepath.Join(path, name)); err == nil && info.Mode().IsRegular() {
			files = append(files, filepath.Join(path, name))
		}
		return nil
	})
	return files
}
