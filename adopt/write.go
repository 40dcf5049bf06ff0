package adopt

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"provision/stack"
)

// The names of files that no registration's document can have.
const (
	stackFile    = "stack"
	existingFile = "existing-objects"
)

// File is a file to be written, with its path below the folder of the stack.
type File struct {
	Path    string
	Content []byte
}

// Files returns the manifests of the stack: one for the stack, one for each registration,
// one for the objects that the registrations only refer to, and the certificates.
func (i *Imported) Files() []File { return i.files }

// write creates the files, and sorts the list of properties that are lost.
func (i *Imported) write() ([]File, error) {
	slices.SortFunc(i.Lost, func(a, b Lost) int {
		return cmp.Or(strings.Compare(a.Application, b.Application), strings.Compare(a.Property, b.Property), strings.Compare(a.Reason, b.Reason))
	})
	i.Lost = slices.Compact(i.Lost)
	files := []File{{stackFile + ".yaml", []byte("apiVersion: provision/v1\nkind: Stack\nmetadata: {name: " + i.Stack.Name + "}\n")}}
	var existing []document
	for _, a := range i.Stack.Applications {
		d := document{"Application", a.Name, a.Protection, i.spec(a), nil}
		if a.Existing {
			existing = append(existing, d)
			continue
		}
		for _, l := range i.Lost {
			if l.Application == a.Name {
				d.remarks = append(d.remarks, l.Property+": "+l.Reason)
			}
		}
		content, err := encode(d)
		if err != nil {
			return nil, err
		}
		files = append(files, File{a.Name + ".yaml", content})
	}
	for _, u := range i.Stack.Users {
		existing = append(existing, document{"User", u.Name, u.Protection, u, nil})
	}
	for _, g := range i.Stack.Groups {
		existing = append(existing, document{"Group", g.Name, g.Protection, g, nil})
	}
	if len(existing) > 0 {
		content, err := encode(existing...)
		if err != nil {
			return nil, err
		}
		files = append(files, File{existingFile + ".yaml", content})
	}
	for _, path := range slices.Sorted(maps.Keys(i.certificates)) {
		files = append(files, File{path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificates[path]})})
	}
	return files, nil
}

// document is one manifest.
type document struct {
	kind, name string
	protection stack.Protection
	spec       any
	remarks    []string // comments above it
}

// encode writes documents in the order of the properties of their types.
func encode(documents ...document) ([]byte, error) {
	var b bytes.Buffer
	for i, d := range documents {
		if i > 0 {
			b.WriteString("---\n")
		}
		if len(d.remarks) > 0 {
			b.WriteString("# This manifest does not contain:\n")
			for _, r := range d.remarks {
				b.WriteString("#   " + comment(r) + "\n")
			}
		}
		fmt.Fprintf(&b, "apiVersion: provision/v1\nkind: %s\n", d.kind)
		metadata := []string{"name: " + d.name}
		if len(d.protection.Prevent) > 0 {
			metadata = append(metadata, "prevent: ["+strings.Join(d.protection.Prevent, ", ")+"]")
		}
		if len(d.protection.Ignore) > 0 {
			metadata = append(metadata, "ignore: ["+strings.Join(d.protection.Ignore, ", ")+"]")
		}
		fmt.Fprintf(&b, "metadata: {%s}\nspec:\n", strings.Join(metadata, ", "))
		spec, err := block(d.spec)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(spec) {
			if line != "\n" {
				b.WriteString("  ")
			}
			b.WriteString(line)
		}
	}
	return b.Bytes(), nil
}

// comment returns a text on one line, without characters that an editor does not show.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// isHidden reports whether an editor hides a character or acts on it, such as a character that
// changes the direction of text. Manifests contain its escape sequence instead.
func isHidden(r rune) bool {
	const nextLine = 0x85
	return r == nextLine || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// block returns a value as YAML in block style.
func block(v any) (string, error) {
	root, err := node(v)
	if err != nil {
		return "", err
	}
	style(root)
	text, err := yaml.Dump(root, yaml.WithV3Defaults(), yaml.WithIndent(2), yaml.WithLineWidth(-1))
	var b strings.Builder
	for _, r := range string(text) {
		if isHidden(r) { // within double quotes
			fmt.Fprintf(&b, `\U%08X`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String(), err
}

// node returns a value as YAML: its JSON, whose members are in the order of the type's
// fields.
func node(v any) (*yaml.Node, error) {
	if n, ok := v.(*yaml.Node); ok {
		return n, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	raw = bytes.ReplaceAll(raw, []byte("\u0085"), []byte(`\u0085`)) // YAML reads it as a line break
	var root yaml.Node
	return &root, yaml.Unmarshal(raw, &root)
}

// style writes mappings and sequences as blocks, short lists of words in brackets, and text
// without quotes where they are not required.
func style(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && strings.ContainsFunc(n.Value, isHidden) {
		n.Style = yaml.DoubleQuotedStyle
	}
	short := n.Kind == yaml.SequenceNode
	length := 0
	for _, c := range n.Content {
		style(c)
		length += len(c.Value) + 2
		short = short && c.Kind == yaml.ScalarNode && !strings.ContainsAny(c.Value, "${}[],#:\n")
	}
	if short && length <= 80 {
		n.Style = yaml.FlowStyle
	}
}
