package ci

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

//go:embed github azure-devops gitlab bootstrap
var files embed.FS

// Systems are the CI systems that have a pipeline.
var Systems = []string{"github", "azure-devops", "gitlab"}

// paths maps the name of a file here to its path in a repository, for each system.
var paths = map[string]map[string]string{
	"github": {
		"pull-request.yml": ".github/workflows/provision-pull-request.yml",
		"deploy.yml":       ".github/workflows/provision-deploy.yml",
		"nightly.yml":      ".github/workflows/provision-nightly.yml",
	},
	"azure-devops": {"azure-pipelines.yml": "azure-pipelines.yml"},
	"gitlab":       {"gitlab-ci.yml": ".gitlab-ci.yml"},
}

// Repository contains the data of a repository that its pipeline needs.
type Repository struct {
	Manifests  string   // the folder of the manifests
	Start      string   // the command that starts the API; "" where the bundled API is verified
	URL        string   // where the API answers then
	ForAPI     bool     // the manifests declare one API, whose settings Start gets
	Runtime    string   // the runtime that Start needs: python, node or go; "" if none or unknown
	Install    string   // a shell command that installs what Start needs; "" for nothing
	Env        []string // dotenv files that apply writes and Start reads
	Release    string   // OWNER/REPO@VERSION of provision
	Staging    string   // a target of provision.yaml
	Production string
	Branch     string // that is deployed
}

// Launch returns the command that starts the API against the local tenant: exec redirects
// Microsoft's hosts, and output --for-api adds the settings that the API needs.
func (r Repository) Launch() string {
	launch := "provision exec -- "
	if r.ForAPI {
		launch += "provision output --for-api " + shellQuote(r.Manifests) + " -- "
	}
	return launch + r.Start
}

// File is a file of a pipeline.
type File struct {
	Path    string // in the repository
	Content []byte
}

// Pipeline returns the pipeline of a system, by path.
func Pipeline(system string, r Repository) ([]File, error) {
	if !slices.Contains(Systems, system) {
		return nil, fmt.Errorf("no such CI system: %s", system)
	}
	var all []File
	for name, at := range paths[system] {
		content, err := filled(path.Join(system, name), r)
		if err != nil {
			return nil, err
		}
		all = append(all, File{at, content})
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// Deployer is the identity of the pipelines of a repository on GitHub.
type Deployer struct {
	Stack      string // its name
	Repository string // OWNER/REPO
	OwnerID    int64  // both 0 where they are not known
	RepoID     int64
	Subjects   string // name | immutable | both
	Branch     string
	Target     string   // the GitHub environment of the apply job has its name
	Reads      []string // application permissions of Microsoft Graph that a plan needs
	Permission []string // application permissions of Microsoft Graph that an apply needs
}

// DeployerManifest returns the stack of a deployer.
func DeployerManifest(d Deployer) ([]byte, error) { return filled("bootstrap/deployer.yaml", d) }

func filled(name string, data any) ([]byte, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Delims("[[", "]]").Funcs(template.FuncMap{
		"upper":   func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) },
		"quote":   shellQuote,
		"owner":   func(release string) string { repository, _, _ := strings.Cut(release, "@"); return repository },
		"version": func(release string) string { _, version, _ := strings.Cut(release, "@"); return version },
		"yaml":    yamlText,
	}).Option("missingkey=error").Parse(string(raw))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}

// shellQuote returns a word as a POSIX shell reads it.
func shellQuote(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,=-") == "" && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// yamlText returns a text as a YAML scalar in single quotes.
func yamlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
