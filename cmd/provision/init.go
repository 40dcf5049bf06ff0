package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"provision/manifests"
	"provision/stack"
)

func (a *app) init() *cobra.Command {
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a stack to start from",
		Long: `init writes one of the ready-made stacks into a new or empty folder. The name
of the stack is the name of the folder unless --name sets another. Its users get
new names, so that the new stack and the original can be applied to one tenant.
init also writes the JSON Schema that the documents refer to for editors.

Ready-made stacks: ` + strings.Join(readyMade(), ", "),
		Example: "  provision init --from heroes manifests/crew\n  provision init --from vault-function --name secrets infra/entra",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return hint(usagef("init takes one folder, not %d arguments", len(args)), "as in `provision init --from heroes manifests/heroes`")
			}
			if len(args) == 0 {
				return hint(usagef("init requires a folder to write to"), "as in `provision init --from heroes manifests/heroes`")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := a.initOptions(args[0])
			if err != nil {
				return err
			}
			return a.writeStack(o)
		},
	}
	c.Flags().String("from", "vscode-fastapi", "the stack to start from: "+strings.Join(readyMade(), ", "))
	c.Flags().String("name", "", "name of the new stack (default: the folder's name)")
	return c
}

// readyMade lists the stacks that come with the program.
func readyMade() []string {
	entries, err := fs.ReadDir(manifests.Files, ".")
	if err != nil {
		panic("init: " + err.Error()) // an embedded folder
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

var stackName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// initOptions are the flags of init, and the folder.
type initOptions struct {
	from string // one of readyMade
	name string // of the new stack
	dir  string // new or empty
}

// initOptions reads the flags of init. It returns an error of usage.
func (a *app) initOptions(dir string) (initOptions, error) {
	o := initOptions{from: a.config.GetString("from"), name: a.config.GetString("name"), dir: dir}
	if !slices.Contains(readyMade(), o.from) {
		if near := stack.Nearest(o.from, readyMade()); near != "" {
			return o, hint(usagef("there is no stack %q to start from", o.from), "did you mean --from %s?", near)
		}
		return o, hint(usagef("there is no stack %q to start from", o.from), "choose one of: %s", strings.Join(readyMade(), ", "))
	}
	if o.name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return o, err
		}
		o.name = filepath.Base(abs)
	}
	if !stackName.MatchString(o.name) || len(o.name) > 60 {
		return o, hint(usagef("%q cannot be the name of a stack: use lowercase letters, digits and hyphens, at most 60", o.name), "set a name with --name")
	}
	return o, nil
}

func (a *app) writeStack(o initOptions) error {
	from, name, dir := o.from, o.name, o.dir
	entries, err := os.ReadDir(dir)
	if errors.Is(err, syscall.ENOTDIR) {
		return hint(usagef("%s: a file has this name, or the name of a folder above it", dir), "choose a new folder")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the stack: %w", err)
	}
	if len(entries) > 0 {
		return hint(usagef("%s is not empty", dir), "choose a new folder")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the stack: %w", err)
	}
	files, err := fs.ReadDir(manifests.Files, from)
	if err != nil {
		return err
	}
	var written []string
	for _, f := range files {
		text, err := fs.ReadFile(manifests.Files, from+"/"+f.Name())
		if err != nil {
			return err
		}
		path := filepath.Join(dir, f.Name())
		if err := os.WriteFile(path, withModelines(a.renewed(renamed(text, from, name, dir))), 0o644); err != nil {
			return fmt.Errorf("write the stack: %w", err)
		}
		fmt.Fprintf(a.stdout, "wrote %s\n", path)
		written = append(written, path)
	}
	schema := filepath.Join(dir, schemaFile)
	if err := os.WriteFile(schema, stack.EditorSchema(), 0o644); err != nil {
		return fmt.Errorf("write the stack: %w", err)
	}
	fmt.Fprintf(a.stdout, "wrote %s: for editors\n", schema)
	written = append(written, schema)
	stacks, err := stack.Load(dir, stack.Stage{})
	if err != nil {
		return fmt.Errorf("check the written stack: %w", err)
	}
	if err := a.ignoreSecrets(dir, secretFiles(stacks)); err != nil {
		return err
	}
	a.where = []string{dir}
	fmt.Fprintf(a.stdout, "\nNext: %s\n", a.command("apply", "--verify"))
	a.give("name", name)
	a.give("files", written)
	a.give("next", a.command("apply", "--verify"))
	return nil
}

// exceptionEnd is the last day of an exception from a rule of provision check.
var exceptionEnd = regexp.MustCompile(`(\{rule: .*, until: )"\d{4}-\d{2}-\d{2}"`)

// renewed gives the exceptions of a new stack one year.
func (a *app) renewed(text []byte) []byte {
	return exceptionEnd.ReplaceAll(text, []byte(`${1}"`+a.now().AddDate(1, 0, 0).Format(time.DateOnly)+`"`))
}

// ignoreSecrets adds files with secrets to a .gitignore: of the project folder if the stack is
// below it, otherwise of the folder of the stack. A pattern applies to all folders below as well.
func (a *app) ignoreSecrets(dir string, files []string) error {
	project, err := filepath.Abs(projectFolder())
	if err != nil {
		return err
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, ".gitignore")
	if relative, err := filepath.Rel(project, from); err == nil && filepath.IsLocal(relative) {
		path = filepath.Join(projectFolder(), ".gitignore")
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep secrets out of git: %w", err)
	}
	lines := strings.Split(strings.TrimRight(string(old), "\n"), "\n")
	var added []string
	for _, file := range files {
		pattern := "**/" + filepath.ToSlash(filepath.Clean(file))
		if !slices.Contains(lines, pattern) {
			added = append(added, pattern)
		}
	}
	if len(added) == 0 {
		return nil
	}
	text := strings.Join(added, "\n") + "\n"
	if len(old) > 0 && !strings.HasSuffix(string(old), "\n") {
		text = "\n" + text
	}
	if err := appendTo(path, text); err != nil {
		return fmt.Errorf("keep secrets out of git: %w", err)
	}
	fmt.Fprintf(a.stdout, "wrote %s: files that will contain secrets\n", path)
	return nil
}

// appendTo adds text at the end of a file, which loses nothing if the disk is full.
func appendTo(file, text string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// schemaFile is the JSON Schema of manifests, in the folder of the manifests that
// refer to it.
const schemaFile = "provision.schema.json"

// withModelines names the schema in each document: the YAML language server takes
// a modeline for the document that it stands in, and not for the file.
func withModelines(text []byte) []byte {
	const modeline = "# yaml-language-server: $schema=" + schemaFile + "\n"
	return []byte(modeline + strings.ReplaceAll(string(text), "\n---\n", "\n---\n"+modeline))
}

// renamed copies the manifest of one stack for another stack: it replaces the stack's
// name, the users' sign-in names, and the folders in the text, which is dir for the stack.
func renamed(text []byte, from, to, dir string) []byte {
	const stackName = "kind: Stack\nmetadata:\n  name: "
	s := strings.ReplaceAll(string(text), stackName+from+"\n", stackName+to+"\n")
	folder := filepath.ToSlash(filepath.Clean(dir))
	if !plainPath.MatchString(folder) { // it is to stand in a comment
		folder = "DIR"
	}
	if from != to {
		s = userName.ReplaceAllString(s, "${1}."+to+"@$${tenant.domain}")
	}
	return []byte(strings.NewReplacer("manifests/"+from, folder, "out/"+from+"/", "out/"+to+"/").Replace(s))
}

// plainPath is a path that a comment and a shell can hold as it is.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// userName is a sign-in name in a manifest, with the word before its stack.
var userName = regexp.MustCompile(`([a-z0-9]+)(?:\.[a-z0-9-]+)?@\$\{tenant\.domain\}`)
