package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

const apiVersion = "provision/v1"

var kinds = []string{"Application", "Conformance", "Group", "Output", "Stack", "Terraform", "User"}

// document is a YAML document of a known kind.
type document struct {
	*tree
	kind, name string
	content    map[string]any
	folder     *folder
	broken     bool     // the schema has refused a part of it
	refused    []string // the JSON pointers of those parts
	schema     []byte   // the schema against which it was checked
	excluded   bool     // by metadata.targets
}

// pos returns the position of the document's name.
func (d *document) pos() Position { return d.value("/metadata/name") }

// into decodes the spec; the schema has checked its shape.
func (d *document) into(spec any) error {
	raw, err := json.Marshal(d.content["spec"])
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, spec)
}

// source is a YAML document of a file, before it is read for a stage.
type source struct {
	folder *folder
	file   string
	raw    []byte // of the whole file
	root   *yaml.Node
}

// kind returns the kind of the document as written, or "".
func (s source) kind() string {
	if kind := member(s.root, "kind"); kind != nil {
		return kind.Value
	}
	return ""
}

// sources returns the YAML documents of a file. A mistake that makes the rest of
// it unreadable has an excerpt.
func sources(f *folder, file string) (all []source, mistakes Mistakes) {
	raw, err := readFile(file)
	if err != nil {
		mistakes.add(Position{File: file}, "", "%v", err)
		f.unreadable = true
		return nil, mistakes
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return all, mistakes
		}
		if err != nil {
			pos, message, hint := (&tree{file: file}).unreadable(raw, err)
			f.unreadable = true
			return all, append(mistakes, Mistake{pos, message, hint, excerpt(raw, pos)}) // the text after a syntax error cannot be read reliably
		}
		if len(root.Content) == 0 || (root.Content[0].Kind == yaml.ScalarNode && root.Content[0].ShortTag() == "!!null") {
			continue // nothing between two ---
		}
		all = append(all, source{f, file, raw, root.Content[0]})
	}
}

// read returns the document in a scope, or nil if it cannot be read, and all mistakes
// in it. A mistake that makes the document unreadable has an excerpt.
func (s source) read(in *scope) (*document, Mistakes) {
	var mistakes Mistakes
	d := parse(s.folder, s.file, s.root, in, &mistakes)
	if d == nil {
		s.folder.unreadable = true
		for i := range mistakes {
			mistakes[i].Excerpt = excerpt(s.raw, mistakes[i].Pos)
		}
	}
	return d, mistakes
}

func readFile(file string) ([]byte, error) {
	raw, err := ReadFile(file, maxFile)
	return bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), err
}

func parse(f *folder, file string, root *yaml.Node, in *scope, mistakes *Mistakes) *document {
	t := &tree{file: file, values: map[string]Position{}, keys: map[string]Position{}, scope: in}
	content, ok := t.plain(root, "", nil).(map[string]any)
	d := &document{tree: t, content: content, folder: f, schema: Schema}
	defer func() { *mistakes = append(*mistakes, append(t.mistakes, t.doubts...)...) }()
	if !ok {
		t.mistakes.add(t.at(root), "start it with `apiVersion: "+apiVersion+"`", "a manifest is a mapping with apiVersion, kind, metadata and spec")
		return nil
	}
	if len(t.mistakes) > 0 {
		return nil
	}
	d.kind, _ = content["kind"].(string)
	if t.misspelt(content) {
		return nil
	}
	if content["apiVersion"] != apiVersion {
		hint := "start the document with `apiVersion: " + apiVersion + "`"
		if v, ok := content["apiVersion"].(string); ok {
			t.mistakes.add(t.value("/apiVersion"), hint, "apiVersion %q is not known", v)
		} else {
			t.mistakes.add(t.position("/apiVersion"), hint, "apiVersion is missing")
		}
		return nil
	}
	if _, stated := content["kind"]; !stated {
		t.mistakes.add(t.position("/kind"), oneOf("", kinds), "kind is missing")
		return nil
	}
	if !slices.Contains(kinds, d.kind) {
		t.mistakes.add(t.value("/kind"), oneOf(d.kind, kinds), "kind %q is not known", d.kind)
		return nil
	}
	if metadata, ok := content["metadata"].(map[string]any); ok {
		d.name, _ = metadata["name"].(string)
		d.excluded = t.excludes(metadata["targets"])
	}
	if _, ok := content["spec"]; !ok && d.kind == "Stack" {
		content["spec"] = map[string]any{}
	}
	validate(d)
	d.broken = len(t.mistakes) > 0
	if d.name == "" || slices.Contains(append(d.refused, d.unresolved...), "/metadata/name") {
		return nil // no other document can refer to it
	}
	return d
}

// misspelt reports the keys of a document that are missing while a similar key exists. It reports
// no keys of a document of another program, which can have such keys.
func (t *tree) misspelt(content map[string]any) (found bool) {
	if !resemblesManifest(content) {
		return false
	}
	known := []string{"apiVersion", "kind", "metadata", "spec"}
	for _, key := range slices.Sorted(maps.Keys(content)) {
		near := Nearest(key, known)
		if _, exists := content[near]; near == "" || exists || slices.Contains(known, key) {
			continue
		}
		t.mistakes.add(t.position(pointer(key)), fmt.Sprintf("did you mean %s?", near), "unknown field %s", key)
		found = true
	}
	return found
}

// resemblesManifest reports whether a document has the apiVersion of a manifest, under any key, or
// the kind of one.
func resemblesManifest(content map[string]any) bool {
	kind, _ := content["kind"].(string)
	program, _, _ := strings.Cut(apiVersion, "/")
	return slices.Contains(kinds, kind) || slices.ContainsFunc(slices.Collect(maps.Values(content)), func(value any) bool {
		text, _ := value.(string)
		return strings.HasPrefix(text, program+"/")
	})
}

// doubtful returns the positions of the values that the schema has refused, and of the values
// that contain them. Further mistakes at these positions can be consequences of the first one.
func (d *document) doubtful() map[Position]bool {
	all := map[Position]bool{}
	for _, p := range append(slices.Clone(d.refused), d.unresolved...) {
		for ; strings.Count(p, "/") > 1; p = p[:strings.LastIndex(p, "/")] {
			all[d.value(p)] = true
		}
	}
	return all
}
