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

// maxFile is the most bytes that one manifest may have. The largest sensible
// one, an application at Entra's limit of 1,200 entries, has a tenth of it.
const maxFile = 4 << 20

// folder is a directory with its manifests.
type folder struct {
	path  string
	files []string
	above *folder
}

// find lists the manifests at or below dir. Links are followed, each real
// directory once, so that a loop ends.
func find(dir string) ([]*folder, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such folder", dir)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: is a file; manifests are read from a folder", dir)
	}
	var all []*folder
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
			isDir := e.IsDir()
			if e.Type()&fs.ModeSymlink != 0 {
				target, err := os.Stat(p)
				if err != nil {
					return fmt.Errorf("%s: the link leads nowhere", p)
				}
				isDir = target.IsDir()
			}
			switch {
			case isDir:
				if err := walk(p, f); err != nil {
					return err
				}
			case slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(name))):
				f.files = append(f.files, p)
			}
		}
		return nil
	}
	if err := walk(filepath.Clean(dir), nil); err != nil {
		return nil, err
	}
	return all, nil
}
