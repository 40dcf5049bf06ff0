package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/ci"
	"provision/internal/display"
	"provision/protected"
	"provision/stack"
)

func (a *app) ci() *cobra.Command {
	c := &cobra.Command{
		Use:   "ci",
		Short: "Set up continuous integration for a repository",
		Long: `ci writes a pipeline into a repository (init), and creates the account that runs it
without a stored secret (bootstrap).`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.answered = true // help is not JSON
			return cmd.Help()
		},
	}
	c.AddCommand(a.ciInit(), a.ciBootstrap())
	return c
}

// releaseForm matches the name of a release of provision.
var releaseForm = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+@[A-Za-z0-9._-]+$`)

// targetForm matches the name of a target.
var targetForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func (a *app) ciInit() *cobra.Command {
	c := &cobra.Command{
		Use:   "init SYSTEM",
		Short: "Write a pipeline for github, azure-devops or gitlab",
		Long: `init writes a pipeline into the repository in the working directory. On a pull request
it validates the manifests, shows the plan, and verifies the API against the local tenant; with
a deployer (provision ci bootstrap) also on a real tenant, in a separate environment. On the
main branch it applies the reviewed plan after the approval of an environment. Every night it
checks for drift, for secrets that expire, and for environments that nobody needs.

For FastAPI applications, init finds the command that starts the API; --start sets another
command. The pipeline installs the packages that package.json, requirements.txt, pyproject.toml
or go.mod of the repository lists.
--release names the repository and the version of provision that the pipeline installs.`,
		Example: "  provision ci init github --release contoso/provision@v1\n  provision ci init gitlab --release contoso/provision@v1.0.0 --start 'npm start' --api-url http://127.0.0.1:3000",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return hint(usagef("ci init takes one argument, not %d", len(args)), "name the folder of the manifests with --manifests, e.g. --manifests %s", display.ShellQuote(args[1]))
			case len(args) == 0:
				return hint(usagef("ci init requires a CI system"), "choose one of: %s", strings.Join(ci.Systems, ", "))
			case slices.Contains(ci.Systems, args[0]):
				return nil
			}
			if near := stack.Nearest(args[0], ci.Systems); near != "" {
				return hint(usagef("%q is not a known CI system", args[0]), "did you mean %s?", near)
			}
			return hint(usagef("%q is not a known CI system", args[0]), "choose one of: %s", strings.Join(ci.Systems, ", "))
		},
		ValidArgs: ci.Systems,
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := a.ciInitOptions()
			if err != nil {
				return err
			}
			return a.writePipeline(args[0], o)
		},
	}
	c.Flags().String("manifests", "manifests", "folder of the manifests in the repository; if it does not exist, the only folder that contains a stack")
	c.Flags().String("release", "", "release of provision to install: OWNER/REPO@VERSION")
	c.Flags().String("start", "", "command that starts the API (default: found for FastAPI; else the bundled API is verified)")
	c.Flags().String("api-url", "http://127.0.0.1:8000", "URL of the API that --start starts")
	c.Flags().String("staging", "staging", "target of provision.yaml for pull requests")
	c.Flags().String("production", "production", "target of provision.yaml to which the branch is deployed")
	c.Flags().String("branch", "main", "branch that is deployed")
	c.Flags().Bool("overwrite", false, "replace files that are different")
	return c
}

// ciInitOptions are the flags of ci init.
type ciInitOptions struct {
	repository ci.Repository // as the flags describe it
	overwrite  bool
}

// ciInitOptions reads the flags of ci init. It returns an error of usage.
func (a *app) ciInitOptions() (o ciInitOptions, err error) {
	r := ci.Repository{Manifests: filepath.ToSlash(a.config.GetString("manifests")), Start: a.config.GetString("start"), URL: a.config.GetString("api-url"),
		Release: a.config.GetString("release"), Staging: a.config.GetString("staging"), Production: a.config.GetString("production"), Branch: a.config.GetString("branch")}
	if r.Release == "" {
		return o, hint(usagef("ci init requires --release"), "name the repository that publishes provision and a version: --release OWNER/REPO@VERSION")
	}
	if !releaseForm.MatchString(r.Release) {
		return o, hint(usagef("--release %q does not name a release of provision", r.Release), "name the repository that publishes provision and a version: --release OWNER/REPO@VERSION")
	}
	for flag, value := range map[string]string{"staging": r.Staging, "production": r.Production} {
		if !targetForm.MatchString(value) || value == stack.Local {
			return o, hint(usagef("--%s %q cannot be a target of provision.yaml", flag, value), "use letters, digits, _ and -; local is the local tenant")
		}
	}
	if !branchForm.MatchString(r.Branch) {
		return o, hint(usagef("--branch %q cannot be a branch", r.Branch), "as in --branch main")
	}
	if strings.ContainsAny(r.Manifests, "#:\n\r") || strings.Contains(r.Manifests, "${{") {
		return o, hint(usagef("--manifests %q cannot be used in a pipeline", r.Manifests), "name a folder without # and :")
	}
	if r.Start != "" && strings.TrimSpace(r.Start) == "" {
		return o, hint(usagef("--start is empty"), "name the command that starts the API: --start 'npm start'")
	}
	if strings.ContainsAny(r.Start, "\n\r") {
		return o, hint(usagef("--start has more than one line"), "write a script, and name it")
	}
	if err := checkURL("--api-url", r.URL); err != nil {
		return o, err
	}
	return ciInitOptions{r, a.config.GetBool("overwrite")}, nil
}

// writePipeline writes the files of a pipeline, all of them or none.
func (a *app) writePipeline(system string, o ciInitOptions) error {
	r := o.repository
	if !slices.Contains(a.given, "--manifests") {
		r.Manifests = onlyStackFolder(r.Manifests)
	}
	stacks, err := stack.Load(r.Manifests, stack.Stage{})
	if err != nil {
		return err
	}
	r.Env = environmentFiles(stacks)
	for _, file := range r.Env {
		if strings.ContainsAny(file, "\n\r") || strings.Contains(file, "${{") {
			return hint(usagef("the Output file %q cannot be used in a pipeline", file), "give it a name in one line, without ${{")
		}
	}
	r.ForAPI = len(protected.APIs(stacks)) == 1 // output --for-api is about one
	if r.Start == "" {
		if app := findFastAPI("."); app.start != "" {
			r.Start, r.Install, r.Runtime = app.start, app.install, "python"
		} else if slices.Contains(a.given, "--api-url") {
			return hint(usagef("--api-url has no effect without --start, because no FastAPI application was found"), "leave it out, or name the command that starts the API: --start 'npm start'")
		}
	} else {
		r.Runtime, r.Install = findRuntime(".", r.Start)
	}
	files, err := ci.Pipeline(system, r)
	if err != nil {
		return err
	}
	if !o.overwrite {
		if err := a.mayWrite(system, files); err != nil {
			return err
		}
	}
	var written []string
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(f.Path, f.Content, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "wrote %s\n", f.Path)
		written = append(written, f.Path)
	}
	a.give("files", written)
	if r.Start == "" {
		a.say("note: no FastAPI application was found: the pipeline verifies the bundled API; --start COMMAND names the command that starts yours")
	} else {
		fmt.Fprintf(a.stdout, "the API is started with: %s\n", r.Start)
		if r.Runtime == "" {
			a.say("note: the root of the repository declares no packages for the command (package.json, requirements.txt, pyproject.toml or go.mod): add the steps that install `%s` needs before the step that starts the API", r.Start)
		}
	}
	next := "create the deployer: " + program() + " ci bootstrap github OWNER/REPO --target " + r.Staging
	if system != "github" {
		next = "follow the comment at the top of " + files[0].Path + " to deploy to a tenant"
	}
	fmt.Fprintf(a.stdout, "\nNext: commit the files, and %s\n", next)
	return nil
}

// onlyStackFolder returns the only folder below the working directory that contains a stack, if there is no
// folder standard.
func onlyStackFolder(standard string) string {
	if _, err := os.Stat(standard); !errors.Is(err, fs.ErrNotExist) {
		return standard
	}
	var found []string
	entries, _ := os.ReadDir(".") // without them, the error names the standard folder
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if stacks, err := stack.Load(e.Name(), stack.Stage{}); err == nil && len(stacks) > 0 {
			found = append(found, e.Name())
		}
	}
	if len(found) != 1 {
		return standard
	}
	return found[0]
}

// branchForm matches names of branches without characters that a shell or YAML interprets.
var branchForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)

// mayWrite refuses to overwrite files that somebody has changed.
func (a *app) mayWrite(system string, files []ci.File) error {
	for _, f := range files {
		have, err := os.ReadFile(f.Path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && bytes.Equal(have, f.Content) {
			continue
		}
		if err != nil {
			return err
		}
		return hint(usagef("%s already exists, and is different", f.Path), "move it away, or use --overwrite to replace it: `%s`", a.commandAt([]string{"init", system}, "ci", append(slices.Clone(a.given), "--overwrite")...))
	}
	return nil
}

// environmentFiles returns the dotenv files that apply writes.
func environmentFiles(stacks []*stack.Stack) (files []string) {
	for _, s := range stacks {
		for _, o := range s.Outputs {
			if o.Format == "" || o.Format == "dotenv" {
				files = append(files, filepath.ToSlash(filepath.Clean(o.File)))
			}
		}
	}
	slices.Sort(files)
	return files
}

// fastAPI describes how an application is started and which packages it needs.
type fastAPI struct{ start, install string }

// declaresFastAPI matches the line of a Python file that creates an application.
var declaresFastAPI = regexp.MustCompile(`(?m)^([A-Za-z_][A-Za-z0-9_]*)\s*(?::[^=\n]+)?=\s*(?:fastapi\.)?FastAPI\(`)

// moduleFile is a path that Python can import by name.
var moduleFile = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*/)*[A-Za-z_][A-Za-z0-9_]*\.py$`)

// findFastAPI looks for a FastAPI application in a repository. It prefers the file
// with the shortest path depth, and then the first by name.
func findFastAPI(root string) fastAPI {
	var found, variable string
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, "./"))
		switch {
		case err != nil:
			return nil // a folder that cannot be read has no application
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "venv", "tests", "test", "site-packages"}, d.Name()) || strings.Count(name, "/") > 2):
			return fs.SkipDir
		case d.IsDir() || !moduleFile.MatchString(name) || found != "" && strings.Count(found, "/") <= strings.Count(name, "/"):
			return nil
		}
		raw, err := stack.ReadFile(path, 1<<20)
		if err != nil {
			return nil
		}
		if m := declaresFastAPI.FindSubmatch(raw); m != nil {
			found, variable = name, string(m[1])
		}
		return nil
	})
	if found == "" {
		return fastAPI{}
	}
	app := fastAPI{
		start:   "uvicorn " + strings.ReplaceAll(strings.TrimSuffix(found, ".py"), "/", ".") + ":" + variable + " --port 8000",
		install: "pip install fastapi uvicorn",
	}
	switch dir := filepath.Dir(found); {
	case fileExistsAt(root, "requirements.txt"):
		app.install = "pip install uvicorn -r requirements.txt"
	case fileExistsAt(root, dir, "requirements.txt"):
		app.install = "pip install uvicorn -r " + filepath.ToSlash(filepath.Join(dir, "requirements.txt"))
	case fileExistsAt(root, "pyproject.toml"):
		app.install = "pip install uvicorn ."
	}
	return app
}

func fileExistsAt(path ...string) bool {
	info, err := os.Stat(filepath.Join(path...))
	return err == nil && info.Mode().IsRegular()
}
