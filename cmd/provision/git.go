package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"

	"provision/internal/display"
	"provision/reconcile/sink"
	"provision/stack"
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

// warnOfGit names the files with secrets that git tracks, each with the command that prevents it. It names the
// files that git would track only if the command changed something: otherwise an earlier one has named them.
func (a *app) warnOfGit(ctx context.Context, access sink.Access, files []string) {
	for _, name := range files {
		file := access.Path(name)
		if !gitTracks(ctx, file) {
			continue
		}
		dir, base := filepath.Split(file)
		does, command := "would track", ignoreCommand(dir, base)
		switch {
		case inIndex(ctx, file):
			does, command = "tracks", "git rm --cached "+quoteFile(file)+" && "+command
		case !a.began:
			continue
		}
		a.say("warning: git %s %s, which contains a secret; prevent it: `%s`", does, file, command)
	}
}

// ignoreCommand returns the command that adds a file to the .gitignore of its folder. The last line of that file may not
// end with a line break. The echo of some shells interprets a backslash; printf does not in an argument.
func ignoreCommand(dir, base string) string {
	ignore := filepath.Join(dir, ".gitignore")
	format := `%s\n`
	if raw, err := stack.ReadFile(ignore, 1<<20); err == nil && len(raw) > 0 && raw[len(raw)-1] != '\n' {
		format = `\n` + format
	}
	name := strings.TrimRight(base, " ")
	pattern := "/" + ignorePattern.Replace(name) + strings.Repeat(`\ `, len(base)-len(name))
	return "printf " + display.ShellQuote(format) + " " + display.ShellQuote(pattern) + " >> " + quoteFile(ignore)
}

// ignorePattern makes a pattern of .gitignore from a file name without spaces at its end.
var ignorePattern = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

// inIndex reports whether git already tracks a file.
func inIndex(ctx context.Context, file string) bool {
	check := exec.CommandContext(ctx, "git", "ls-files", "--error-unmatch", "--", filepath.Base(file))
	check.Dir = existing(filepath.Dir(file))
	return check.Run() == nil
}
