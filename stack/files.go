package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile is the maximum size of a manifest in bytes. The largest sensible manifest, an
// application at Entra's limit of 1,200 entries, has a tenth of it.
const maxFile = 4 << 20

// folder is a directory with its manifests.
type folder struct {
	path  string
	files []string
	above *folder

	unreadable bool // a document in it could not be read
}

// find lists the manifests in dir and below. It follows links within dir and visits
// each real directory once, so loops end. A link that leads out of dir or nowhere is a
// mistake, and so is a manifest that is not a regular file.
func find(dir string) ([]*folder, Mistakes, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		what := "folder"
		if filepath.Ext(dir) == ".json" { // a plan, for apply
			what = "file"
		}
		return nil, nil, fmt.Errorf("%s: no such %s", dir, what)
	}
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		return nil, nil, fmt.Errorf("%s: is a file; manifests are read from a folder", dir)
	}
	var all []*folder
	var mistakes Mistakes
	seen := map[string]bool{}
	var walk func(path string, above *folder) error
	walk = func(path string, above *folder) error {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		if seen[real] {
			return nil
		}
		seen[real] = true
		entries, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		f := &folder{path: path, above: above}
		all = append(all, f)
		for _, e := range entries {
			name := e.Name()
			if strings.HasPrefix(name, ".") || name == "node_modules" {
				continue
			}
			p := filepath.Join(path, name)
			info, err := os.Stat(p)
			isLink := e.Type()&fs.ModeSymlink != 0
			if err != nil && isLink {
				mistakes.add(Position{File: p}, "remove the link, or make it lead to a manifest or folder below "+dir, "the link leads to nothing that can be read: %v", cause(err))
				continue
			}
			if err != nil {
				return err
			}
			isManifest := slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(name)))
			if !info.IsDir() && !isManifest || isConfig(p) {
				continue
			}
			if isLink && !leadsInto(dir, p) {
				mistakes.add(Position{File: p}, "move the target of the link into the folder, or name a folder that contains both", "the link leads out of %s", dir)
				continue
			}
			if info.IsDir() {
				if err := walk(p, f); err != nil {
					return err
				}
				continue
			}
			if err := Regular(info); err != nil {
				mistakes.add(Position{File: p}, "move it to another folder: manifests are files", "%v", err)
				continue
			}
			f.files = append(f.files, p)
		}
		return nil
	}
	if err := walk(filepath.Clean(dir), nil); err != nil {
		return nil, nil, err
	}
	return all, mistakes, nil
}

// cause is the reason why a file cannot be opened, without the name of the file.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// isConfig reports whether a file is the program's configuration, provision.yaml in
// the working directory, which is no manifest.
func isConfig(path string) bool {
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	here, err := os.Getwd()
	return err == nil && path == filepath.Join(here, "provision.yaml")
}

// leadsInto reports whether a path is below root after its links are resolved.
func leadsInto(root, path string) bool {
	var real [2]string
	for i, p := range []string{root, path} {
		absolute, err := filepath.Abs(p)
		if err != nil {
			return false
		}
		if real[i], err = filepath.EvalSymlinks(absolute); err != nil {
			return false
		}
	}
	relative, err := filepath.Rel(real[0], real[1])
	return err == nil && filepath.IsLocal(relative)
}
