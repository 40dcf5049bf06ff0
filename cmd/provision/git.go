package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"

	"provision/reconcile/sink"
)

// gitTracks reports whether git tracks the file or would add it. It is false without git
// or outside a repository.
func gitTracks(ctx context.Context, file string) bool {
	dir := existing(filepath.Dir(file))
	name, err := filepath.Rel(dir, file)
	if err != nil {
		return false
	}
	check := exec.CommandContext(ctx, "git", "check-ignore", "--quiet", "--", name)
	check.Dir = dir
	var ended *exec.ExitError
	return errors.As(check.Run(), &ended) && ended.ExitCode() == 1
}

// existing returns dir or, if it does not exist, the nearest parent folder that
// exists.
func existing(dir string) string {
	for !isFolder(dir) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
	}
	return dir
}

// warnOfGit names the files with secrets that git would track.
func (a *app) warnOfGit(ctx context.Context, access sink.Access, files []string) {
	for _, name := range files {
		if file := access.Path(name); gitTracks(ctx, file) {
			a.say("warning: git would track %s, which contains a secret; add it to .gitignore (and run `git rm --cached` if git already tracks it)", file)
		}
	}
}
