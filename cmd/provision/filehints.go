package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"provision/internal/display"
	"provision/reconcile/sink"
)

// refusedHint has the next commands after a file was refused.
func (a *app) refusedHint(r *sink.Refused) string {
	overwrite := a.again("--overwrite")
	switch {
	case r.Project != "":
		hint := "`" + overwrite + "` creates a new secret here and removes that one"
		if isProject(r.Project) {
			hint = "`" + a.againIn(r.Project) + "` works there; " + hint
		}
		return hint
	case r.Holder != nil:
		placeholder := "${stack.name}"
		if r.Holder.Target != "" {
			placeholder = "${target}"
		}
		return a.holderHint(*r.Holder, "sink", "sink: {env: {file: \""+placeholder+".env\", key: SECRET}}")
	case r.Flag == "--overwrite" && r.Key != "":
		return "`" + overwrite + "` replaces the line; to keep the line, name another key in the manifest"
	case r.Flag == "--overwrite":
		does := "replaces"
		if slices.Contains([]string{"destroy", "gc"}, a.verb) {
			does = "removes"
		}
		return "`" + moveAway(r.File) + " && " + a.again() + "` keeps the file under another name; `" + overwrite + "` " + does + " it"
	case r.Flag != "":
		return "name a file below the project folder, or use " + r.Flag + ": `" + a.again(r.Flag) + "`"
	}
	if _, err := os.Lstat(r.File); err != nil {
		return "name another file in the manifest"
	}
	return "name another file in the manifest, or move this one away: `" + moveAway(r.File) + " && " + a.again() + "`"
}

// holderHint has the next commands after a file was refused that contains what another stack or target wrote.
func (a *app) holderHint(h sink.Holder, what, example string) string {
	each := "stack"
	if h.Target != "" {
		each = "target"
	}
	text := fmt.Sprintf("give each %s its own %s, e.g. %s", each, what, example)
	if h.Target == "" && a.suffix() == "" {
		text += fmt.Sprintf("; if stack %s has another name now, `%s` deletes the old one", h.Stack, a.destroyCommand(h.Stack))
	}
	return text + "; `" + a.again("--overwrite") + "` replaces the content"
}

// unwritableHint has the next command after a folder was refused that the caller cannot write to.
func (a *app) unwritableHint(u *sink.Unwritable) string {
	if !errors.Is(u.Err, fs.ErrPermission) {
		return "make the folder writable, then run `" + a.again() + "` again"
	}
	if isForeign(u.Folder) {
		return "folder " + u.Folder + " belongs to another account; get write access to it, then run `" + a.again() + "` again"
	}
	return "give your account write access to the folder: `chmod u+w " + quoteFile(u.Folder) + " && " + a.again() + "`"
}

// isForeign reports whether a file or folder exists and belongs to another account.
func isForeign(path string) bool {
	_, err := os.Lstat(path)
	return err == nil && !ownedByCaller(path)
}

// accessHint has the next command after a file or folder that the caller may not use.
func (a *app) accessHint(err error) string {
	var at *fs.PathError
	if !errors.As(err, &at) {
		return "give your account access to it, then run `" + a.again() + "` again"
	}
	path := at.Path
	if _, err := os.Lstat(path); err != nil {
		path = existing(filepath.Dir(path))
	}
	if isForeign(path) {
		return path + " belongs to another account; get access to it, then run `" + a.again() + "` again"
	}
	return "give your account access to it: `chmod u+rwX " + quoteFile(path) + " && " + a.again() + "`"
}

// sayStays names the values of old secrets that were not removed, each with the command that removes it.
func (a *app) sayStays(stays []error) {
	for _, err := range stays {
		var refused *sink.Refused
		if errors.As(err, &refused) && refused.Holder != nil {
			a.say("note: %s is not changed: %s", refused.File, oneLine(refused.Why))
			continue
		}
		line := "warning: the value of an old secret was not removed: " + oneLine(err.Error())
		var text *sink.NotRemoved
		var unusable *sink.Error
		switch {
		case errors.As(err, &text):
			line += "; if nothing uses it, remove it: `" + removalCommand(text) + "`"
		case errors.As(err, &unusable):
			line += "; " + unusable.Hint
		}
		a.say("%s", line)
	}
}

// removalCommand is a command that removes the value of a secret from a file.
func removalCommand(text *sink.NotRemoved) string {
	command := "rm " + quoteFile(text.File)
	if text.Key != "" {
		file := text.File
		if info, err := os.Lstat(file); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			file = sink.Target(file) // sed would replace the link
		}
		suffix := freeSuffix(file) // sed needs one on macOS
		command = "sed -i" + suffix + " -E " + display.ShellQuote("/^[[:space:]]*(export +)?"+text.Key+" *=/d") + " " + quoteFile(file) + " && rm " + quoteFile(file+suffix)
	}
	if errors.Is(text.Err, fs.ErrPermission) {
		command = "chmod u+w " + quoteFile(filepath.Dir(text.File)) + " && " + command
	}
	return command
}

// moveAway is a command that gives a file another name, which no file has.
func moveAway(file string) string {
	return "mv " + quoteFile(file) + " " + quoteFile(file+freeSuffix(file))
}

// freeSuffix returns a suffix with which no file exists.
func freeSuffix(file string) string {
	suffix := ".old"
	for n := 2; ; n++ {
		if _, err := os.Lstat(file + suffix); err != nil {
			return suffix
		}
		suffix = ".old" + strconv.Itoa(n)
	}
}

// quoteFile quotes a file name for a command, which could take a name for an option.
func quoteFile(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return display.ShellQuote(name)
}

// isProject reports whether a command that runs in a folder has the folder as its project folder.
func isProject(folder string) bool {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	root, err := provisionDirAt(folder)
	return err == nil && filepath.Dir(root) == folder
}

// againIn is again, with the command that changes to a folder.
func (a *app) againIn(folder string) string {
	from := func(path string) string {
		absolute, err := filepath.Abs(path)
		if err != nil || filepath.IsAbs(path) {
			return path
		}
		there, err := filepath.Abs(folder)
		if err != nil {
			return absolute
		}
		if relative, err := filepath.Rel(there, absolute); err == nil {
			return relative
		}
		return absolute
	}
	where, state := a.where, a.state
	defer func() { a.where, a.state = where, state }()
	if len(where) == 1 {
		a.where = []string{from(where[0])}
	}
	if set := a.config.GetString("state"); set != "" { // also a setting of the environment, if it is relative
		if state != "" || !filepath.IsAbs(set) {
			a.state = from(set)
		}
	}
	return "cd " + quoteFile(folder) + " && " + a.again()
}
