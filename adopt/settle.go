package adopt

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"provision/stack"
)

// settle removes values of the tenant that a manifest cannot contain, such as a redirect URI
// that Entra no longer accepts. It loads the manifests, removes the values with mistakes, and
// repeats this until there is no mistake.
func (i *Imported) settle() error {
	i.specs = map[string]*yaml.Node{}
	for {
		mistakes, files, err := i.mistakes()
		if err != nil {
			return err
		}
		if len(mistakes) == 0 {
			return nil
		}
		if !i.leaveOut(mistakes, files) {
			return mistakes
		}
	}
}

// mistakes returns the mistakes in the manifests, and their files.
func (i *Imported) mistakes() (stack.Mistakes, map[string][]byte, error) {
	files, err := i.write()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "provision-import-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	i.files = files
	contents := map[string][]byte{}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, nil, err
		}
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			return nil, nil, err
		}
		contents[f.Path] = f.Content
	}
	_, err = stack.Load(dir, stack.Stage{})
	var mistakes stack.Mistakes
	if errors.As(err, &mistakes) {
		for n := range mistakes {
			mistakes[n].Pos.File = filepath.Base(mistakes[n].Pos.File)
		}
		return mistakes, contents, nil
	}
	return nil, contents, err
}

// leaveOut removes the mistaken parts from the manifests. It returns false if this is
// not possible.
func (i *Imported) leaveOut(mistakes stack.Mistakes, files map[string][]byte) bool {
	left := map[string][]place{}
	for _, m := range mistakes {
		name := strings.TrimSuffix(m.Pos.File, ".yaml")
		at := slices.IndexFunc(i.Stack.Applications, func(a *stack.Application) bool { return a.Name == name && !a.Existing })
		if at < 0 {
			return false
		}
		a := i.Stack.Applications[at]
		p, ok := placeOf(files[m.Pos.File], m.Pos)
		if !ok {
			return false
		}
		property, own := p.property, true
		switch {
		case property == "permissions":
			property = "requiredResourceAccess"
		case slices.Contains(entries, property) || property == "servicePrincipal":
			own = false // apply compares no property of that name
		}
		if own && !slices.Contains(a.Protection.Ignore, property) {
			a.Protection.Ignore = append(a.Protection.Ignore, property)
			slices.Sort(a.Protection.Ignore)
		}
		i.Lost = append(i.Lost, Lost{name, property, "a manifest may not say it: " + m.Message})
		left[name] = append(left[name], p)
	}
	for name, places := range left {
		slices.SortFunc(places, func(a, b place) int {
			return cmp.Or(strings.Compare(a.property, b.property), cmp.Compare(b.entry, a.entry))
		}) // later entries first
		at := slices.IndexFunc(i.Stack.Applications, func(a *stack.Application) bool { return a.Name == name })
		root, err := node(i.spec(i.Stack.Applications[at]))
		if err != nil {
			return false
		}
		i.specs[name] = root
		for _, p := range slices.Compact(places) {
			remove(root.Content[0], strings.Split(p.property, "."), p.entry)
		}
	}
	return len(left) > 0
}

// spec returns the specification in an application's manifest.
func (i *Imported) spec(a *stack.Application) any {
	if n := i.specs[a.Name]; n != nil {
		return n
	}
	return a
}

// parents are the properties of applications that contain others.
var parents = []string{"api", "info", "publicClient", "spa", "web"}

// entries are the lists whose entries are separate objects.
var entries = []string{"certificates", "federatedCredentials", "owners", "permissions", "roleAssignments", "secrets"}

// place is a part of a spec that can be left out: a property, or an entry of a list of
// objects.
type place struct {
	property string // api.knownClientApplications
	entry    int    // -1 where it is the property
}

// placeOf returns the smallest place that a position is in.
func placeOf(content []byte, pos stack.Position) (place, bool) {
	var root yaml.Node
	if err := yaml.Unmarshal(content, &root); err != nil || len(root.Content) == 0 {
		return place{}, false
	}
	top := root.Content[0]
	for n := 0; n+1 < len(top.Content); n += 2 {
		if top.Content[n].Value != "spec" || !before(top.Content[n], pos) {
			continue
		}
		key, below := keyAt(top.Content[n+1], pos)
		if slices.Contains(parents, key) {
			if second, _ := keyAt(below, pos); second != "" {
				return place{key + "." + second, -1}, true
			}
		}
		if slices.Contains(entries, key) {
			for entry := len(below.Content) - 1; entry >= 0; entry-- {
				if before(below.Content[entry], pos) {
					return place{key, entry}, true
				}
			}
		}
		return place{key, -1}, key != ""
	}
	return place{}, false
}

// remove takes a property, or an entry of it, out of a mapping.
func remove(mapping *yaml.Node, keys []string, entry int) {
	for n := 0; n+1 < len(mapping.Content); n += 2 {
		if mapping.Content[n].Value != keys[0] {
			continue
		}
		below := mapping.Content[n+1]
		switch {
		case len(keys) > 1:
			remove(below, keys[1:], entry)
		case entry >= 0:
			below.Content = slices.Delete(below.Content, entry, entry+1)
		default:
			below.Content = nil
		}
		if len(below.Content) == 0 {
			mapping.Content = slices.Delete(mapping.Content, n, n+2)
		}
		return
	}
}

// keyAt returns the last key of a mapping that begins at or before a position.
func keyAt(mapping *yaml.Node, pos stack.Position) (key string, value *yaml.Node) {
	if mapping.Kind != yaml.MappingNode {
		return "", nil
	}
	for n := 0; n+1 < len(mapping.Content); n += 2 {
		if before(mapping.Content[n], pos) {
			key, value = mapping.Content[n].Value, mapping.Content[n+1]
		}
	}
	return key, value
}

func before(n *yaml.Node, pos stack.Position) bool {
	return n.Line < pos.Line || n.Line == pos.Line && n.Column <= pos.Column
}
