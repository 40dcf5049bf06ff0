package reconcile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// location is where provision wrote the text of a secret in a file of the user's, and what it wrote
// there. It is empty for other sinks, and in records of earlier versions.
type location struct {
	Path   string   `json:"path,omitempty"`   // of the file, relative to the folder of the target
	SHA256 []string `json:"sha256,omitempty"` // of the text; several if a write was interrupted
}

// locate returns the path of the file of a sink as it is recorded, or "".
func (k Keep) locate(where stack.Sink) (string, error) {
	if where.Path() == "" {
		return "", nil
	}
	return keyBelow(k.Dir, k.Sinks.Path(where.Path()))
}

// at returns a sink whose file is the recorded one, which can be in another project folder.
func (k Keep) at(where stack.Sink, l location) stack.Sink {
	if l.Path == "" || where.Path() == "" {
		return where
	}
	file := filepath.FromSlash(l.Path)
	if !filepath.IsAbs(file) {
		file = filepath.Join(k.Dir, file)
	}
	if name, err := k.locate(where); err == nil && name == l.Path {
		return where
	}
	if where.Env != nil {
		return stack.Sink{Env: &stack.EnvSink{File: file, Key: where.Env.Key}}
	}
	return stack.Sink{File: file}
}

// here reports whether a record describes the sink, at the file that its name stands for now.
func (k Keep) here(r record, where stack.Sink) bool {
	if r.Sink.String() != where.String() {
		return false
	}
	path, err := k.locate(where)
	return err == nil && (r.Location.Path == "" || r.Location.Path == path)
}

// written returns the hashes of the texts that this target and the other ones wrote to a sink
// in a file.
func (k Keep) written(where stack.Sink) (hashes []string, err error) {
	path, err := k.locate(where)
	if err != nil {
		return nil, err
	}
	key := ""
	if where.Env != nil {
		key = where.Env.Key
	}
	take := func(s stack.Sink, l location) {
		if l.Path == path && (s.Env == nil && key == "" || s.Env != nil && s.Env.Key == key) {
			hashes = append(hashes, l.SHA256...)
		}
	}
	for _, dir := range append(k.siblings(), k.Dir) {
		entries, err := os.ReadDir(filepath.Join(dir, "secrets"))
		if err != nil {
			continue
		}
		for _, e := range entries {
			var r record
			if found, err := sink.ReadJSON(filepath.Join(dir, "secrets", e.Name()), &r); err == nil && found {
				take(r.Sink, r.Location)
				take(r.Former, r.FormerLocation)
			}
		}
	}
	return hashes, nil
}

// RecordLocations completes the records of earlier versions, which contain neither a path nor a hash: if
// the tenant shows that the text at the place of a secret is the recorded secret, it is provision's.
func (k Keep) RecordLocations(state *plan.State) error {
	all, err := k.index()
	if err != nil {
		return err
	}
	hints := map[string]string{} // keyId → the first characters of the text
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
			hint := hints[e.KeyID]
			if e.Sink.Env == nil || e.Pending || len(e.Location.SHA256) > 0 || hint == "" {
				continue
			}
			place, err := k.Sinks.Open(e.Sink, e.Application)
			if err != nil {
				return err
			}
			texts, err := place.(sink.File).Content()
			if err != nil || len(texts) != 1 || !strings.HasPrefix(texts[0], hint) {
				continue // the secret of the line is not known
			}
			path, err := k.locate(e.Sink)
			if err != nil {
				return err
			}
			e.Location = location{path, []string{sum([]byte(texts[0]))}}
			if err := sink.WriteJSON(e.file, e.record); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreign describes a text at the place of a sink that provision did not write or that was changed
// since, or returns "".
func (k Keep) foreign(where stack.Sink, place sink.File) (why string, err error) {
	texts, err := place.Content()
	if err != nil {
		return "", err
	}
	hashes, err := k.written(where)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return !slices.Contains(hashes, sum([]byte(text))) }) {
		return "", nil
	}
	why, err = place.Taken()
	switch {
	case err != nil || len(hashes) == 0:
		return why, err
	case where.Env != nil:
		return where.Env.Key + " changed after provision wrote it", nil
	case why == "":
		return "it changed after provision wrote it", nil
	}
	return why, nil
}

// elsewhere returns the file that contains a secret if it was written from another project folder, or
// "". The name of the sink is the same, but stands for another file here.
func (k Keep) elsewhere(application, displayName string, where stack.Sink) (string, error) {
	where = k.place(where)
	if where.Path() == "" {
		return "", nil
	}
	var r record
	found, err := sink.ReadJSON(k.file(application, displayName), &r)
	if err != nil || !found || r.Sink.String() != where.String() || k.here(r, where) {
		return "", err
	}
	there := k.at(where, r.Location)
	place, err := k.Sinks.Open(there, application)
	if err != nil {
		return "", err
	}
	texts, err := place.(sink.File).Content()
	if err != nil || !slices.ContainsFunc(texts, func(text string) bool { return slices.Contains(r.Location.SHA256, sum([]byte(text))) }) {
		return "", nil // the text is lost
	}
	file := there.Path()
	if wd, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(wd, file); err == nil {
			file = relative
		}
	}
	return file, nil
}
