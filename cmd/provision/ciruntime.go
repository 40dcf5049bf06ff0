package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// apiRuntime is a language that a repository's API can be written in.
type apiRuntime struct {
	name     string
	programs []string    // that start an API in it
	install  [][2]string // file → command that installs the packages it declares
}

var apiRuntimes = []apiRuntime{
	{"python", []string{"python", "python3", "uvicorn", "gunicorn", "hypercorn", "fastapi", "flask"}, [][2]string{
		{"requirements.txt", "pip install -r requirements.txt"}, {"pyproject.toml", "pip install ."}}},
	{"node", []string{"node", "npm", "npx", "tsx"}, [][2]string{
		{"package-lock.json", "npm ci"}, {"npm-shrinkwrap.json", "npm ci"}, {"package.json", "npm install"}}},
	{"go", []string{"go"}, [][2]string{{"go.mod", "go mod download"}}},
}

// findRuntime returns the runtime for the command that starts the API of a repository,
// and how to install its packages. If the command does not name a runtime, it is the
// first runtime for which the repository declares packages.
func findRuntime(root, start string) (name, install string) {
	var first [2]string // runtime, install
	words := strings.Fields(start)
	for _, r := range apiRuntimes {
		install, found := r.installIn(root)
		if len(words) > 0 && slices.Contains(r.programs, filepath.Base(words[0])) {
			if !found {
				return "", ""
			}
			return r.name, install
		}
		if found && first[0] == "" {
			first = [2]string{r.name, install}
		}
	}
	return first[0], first[1]
}

// installIn returns the command that installs the packages that a folder declares.
func (r apiRuntime) installIn(root string) (install string, found bool) {
	for _, file := range r.install {
		if fileExistsAt(root, file[0]) {
			return file[1], true
		}
	}
	return "", false
}
