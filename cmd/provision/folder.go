package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const folderName = ".provision"

// provisionDir returns the nearest .provision folder at or above the working
// directory, as git finds .git. If there is none, it is a new folder in the
// working directory. provisionDir refuses a folder above the working directory
// that belongs to another user: this user could read the secrets in it and
// change the configuration of the targets.
func provisionDir() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return provisionDirAt(here)
}

// provisionDirAt is provisionDir for a command that runs in a folder.
func provisionDirAt(here string) (string, error) {
	for dir := here; ; dir = filepath.Dir(dir) {
		p := filepath.Join(dir, folderName)
		if isFolder(p) {
			if dir != here && !ownedByCaller(p) {
				return "", hint(usagef("%s belongs to another user", p), "create your own folder here (mkdir %s), or name one with --state", folderName)
			}
			return p, nil
		}
		if info, err := os.Lstat(p); err == nil {
			return "", notAFolder(p, info)
		}
		if dir == filepath.Dir(dir) {
			return filepath.Join(here, folderName), nil
		}
	}
}

// warnOfOtherProject warns if the manifests are in another project folder than the working directory.
// The command then uses other secrets and another local tenant than a command in that folder.
func (a *app) warnOfOtherProject() {
	if len(a.where) != 1 || a.saved || a.config.GetString("state") != "" {
		return
	}
	manifests, err := filepath.Abs(a.where[0])
	if err != nil {
		return
	}
	there, err := provisionDirAt(manifests)
	if err != nil {
		return
	}
	here, err := provisionDir()
	if err != nil {
		return
	}
	folder, err := os.Stat(there)
	if err != nil {
		return // no command has run in that folder
	}
	if own, err := os.Stat(here); err == nil && os.SameFile(folder, own) {
		return
	}
	project := filepath.Dir(there)
	a.say("warning: the manifests belong to the project folder %s, and this command uses %s; there, use `%s`", project, here, a.againIn(project))
}

// notAFolder is the error for something named .provision that is not a folder. It is not ignored: a
// command would otherwise begin with an empty folder, for example if a disk is not mounted.
func notAFolder(path string, info fs.FileInfo) error {
	if info.Mode()&fs.ModeSymlink == 0 {
		return hint(usagef("%s is not a folder", path), "move it away: `%s`", moveAway(path))
	}
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	switch _, err := os.Stat(path); {
	case err == nil:
		return hint(usagef("%s is a symbolic link to %s, which is not a folder", path, target), "remove the link: `rm %s`", quoteFile(path))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return hint(usagef("%s is a symbolic link to %s, which does not exist", path, target), "create the folder (`mkdir -p %s`), or remove the link (`rm %s`)", quoteFile(target), quoteFile(path))
}

// projectFolder is the folder that contains .provision, as a path from the working directory. The
// file names of manifests start there, so that a command writes the same files from every folder
// below. It is "." if .provision is another user's, which requires --state.
func projectFolder() string {
	root, err := provisionDir()
	if err != nil {
		return "."
	}
	here, err := os.Getwd()
	if err != nil {
		return "."
	}
	relative, err := filepath.Rel(here, filepath.Dir(root))
	if err != nil {
		return filepath.Dir(root)
	}
	return relative
}

// makeFolder makes the folder of a target, for its owner alone, and keeps it out
// of git.
func makeFolder(dir string) error {
	top := dir
	if parent := filepath.Dir(dir); filepath.Base(parent) == folderName {
		top = parent
	}
	_, err := os.Stat(top)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !isNew && top == dir {
		return nil // --state names a folder of the user's
	}
	ignore := filepath.Join(top, ".gitignore")
	if _, err := os.Lstat(ignore); err == nil {
		return nil
	}
	if err := writeWhole(ignore, "*\n"); err != nil {
		return fmt.Errorf("keep %s out of git: %w", top, err)
	}
	return nil
}

// writeWhole writes a file completely or not at all, even if the disk is full or several
// processes write it.
func writeWhole(file, text string) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is left to remove once it is renamed
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
