package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/viper"

	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/stack"
)

// reported returns what a command with this verb prints for an error, and its exit code.
func reported(t *testing.T, a *app, cause, err error) (code int, printed string) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	if cause != nil {
		cancel(cause)
	} else {
		defer cancel(nil)
	}
	var out bytes.Buffer
	a.config, a.streams = viper.New(), streams{stdout: &out, stderr: &out}
	code = a.report(ctx, err)
	return code, out.String()
}

// TestExitCodes has the exit code of each kind of error, also below other errors.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	failed := errors.New("it failed")
	for name, c := range map[string]struct {
		err     error
		cause   error
		verb    string
		began   bool
		served  bool // a signal ended the wait for other users
		code    int
		printed string // "" is nothing
	}{
		"no error":                 {code: exitDone},
		"an error":                 {err: failed, code: exitFailed, printed: "error: it failed\n"},
		"several lines":            {err: errors.New("it\nfailed\r\n twice"), code: exitFailed, printed: "error: it failed twice\n"},
		"the answer no":            {err: fmt.Errorf("verify: %w", errNo), code: exitNo},
		"bad usage":                {err: fmt.Errorf("plan: %w", usagef("no %s", "folder")), code: exitUsage, printed: "error: plan: no folder\n"},
		"bad usage with a hint":    {err: hint(usagef("no folder"), "name %s", "one"), code: exitUsage, printed: "error: no folder\nhint: name one\n"},
		"a refused file":           {err: &sink.Refused{File: "a.env", Why: "is a folder"}, code: exitUsage, printed: "error: a.env: is a folder\nhint: name another file in the manifest\n"},
		"its own exit code":        {err: fmt.Errorf("x: %w", failure{failed, 17}), code: 17, printed: "error: x: it failed\n"},
		"of a program":             {err: fmt.Errorf("x: %w", exitCode(9)), code: 9},
		"a file without access":    {err: &fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, verb: "plan", code: exitFailed, printed: "error: open a: permission denied\nhint: give your account access to it: `chmod u+rwX . && " + program() + " plan stack`\n"},
		"a file of a secret":       {err: fmt.Errorf("rotate: %w", &sink.Error{Where: ".env", Err: errors.New("is a folder"), Hint: "name another", File: true}), code: exitUsage, printed: "error: rotate: .env: is a folder\nhint: name another\n"},
		"a file, in a step":        {err: &reconcile.StepError{Step: plan.Step{Action: plan.Create, Key: plan.Key{Kind: plan.Secret, Name: "s.a key"}}, Err: &sink.Error{Where: ".env", Err: failed, Hint: "name another", File: true}}, code: exitFailed, printed: "error: create secret s.a key: .env: it failed\nhint: name another\n"},
		"a service of secrets":     {err: &sink.Error{Where: "vault", Err: failed, Hint: "sign in"}, code: exitFailed, printed: "error: vault: it failed\nhint: sign in\n"},
		"mistakes":                 {err: stack.Mistakes{{Pos: stack.Position{File: "a.yaml", Line: 3, Column: 1}, Message: "m", Hint: "h"}, {Pos: stack.Position{File: "b.yaml", Line: 1, Column: 2}, Message: "n"}}, code: exitUsage, printed: "error: a.yaml:3:1: m\nhint: h\nerror: b.yaml:1:2: n\n2 mistakes; nothing was changed\n"},
		"a mistake":                {err: stack.Mistakes{{Pos: stack.Position{File: "a.yaml", Line: 3, Column: 1}, Message: "m", Hint: "h"}}, code: exitUsage, printed: "error: a.yaml:3:1: m\nhint: h\n"},
		"an interrupted read":      {err: failed, cause: interrupted{syscall.SIGINT}, verb: "plan", code: 130, printed: "error: interrupted\n"},
		"before the first step":    {err: failed, cause: interrupted{syscall.SIGINT}, verb: "rotate", code: 130, printed: "error: interrupted; the tenant was not changed\nhint: `" + program() + " rotate stack` runs it again\n"},
		"between steps":            {err: failed, cause: interrupted{syscall.SIGTERM}, verb: "rotate", began: true, code: 143, printed: "error: interrupted; completed steps stay in place\nhint: `" + program() + " rotate stack` continues from there\n"},
		"after a program":          {err: exitCode(5), cause: interrupted{syscall.SIGINT}, code: 5},
		"a served tenant":          {served: true, cause: interrupted{syscall.SIGTERM}, code: 143},
		"a served tenant, unknown": {served: true, code: 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &app{invocation: invocation{verb: c.verb, where: []string{"stack"}}, began: c.began, unserved: c.served}
			code, printed := reported(t, a, c.cause, c.err)
			if code != c.code || printed != c.printed {
				t.Errorf("exit %d, printed\n%q\nwant exit %d and\n%q", code, printed, c.code, c.printed)
			}
		})
	}
}

// TestHints has the next step that each kind of error names.
func TestHints(t *testing.T) {
	t.Parallel()
	again := program() + " apply stack"
	step := func(kind plan.Kind, err error) error {
		return fmt.Errorf("apply: %w", &reconcile.StepError{Step: plan.Step{Action: plan.Create, Key: plan.Key{Kind: kind, Name: "s.a"}}, Err: err})
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a stated hint wins":      {hint(&sink.Refused{File: "a", Why: "b"}, "do this"), "do this"},
		"a file of others":        {&sink.Refused{File: "my file", Why: "b", Flag: "--overwrite"}, "`mv 'my file' 'my file.old' && " + again + "` keeps the file under another name; `" + again + " --overwrite` replaces it"},
		"a line of others":        {&sink.Refused{File: "a", Why: "b", Flag: "--overwrite", Key: "K"}, "`" + again + " --overwrite` replaces the line; to keep the line, name another key in the manifest"},
		"a file like an option":   {&sink.Refused{File: "-a", Why: "b", Flag: "--overwrite"}, "`mv ./-a ./-a.old && " + again + "` keeps the file under another name; `" + again + " --overwrite` replaces it"},
		"a file outside":          {&sink.Refused{File: "../a", Why: "b", Flag: "--allow-outside"}, "name a file below the project folder, or use --allow-outside: `" + again + " --allow-outside`"},
		"a folder without access": {&sink.Refused{File: "my out/a", Err: &sink.Unwritable{Folder: "my out", Err: fs.ErrPermission}}, "give your account write access to the folder: `chmod u+w 'my out' && " + again + "`"},
		"a read-only disk":        {&sink.Error{Where: "a", Hint: "name another file", Err: &sink.Unwritable{Folder: "out", Err: syscall.EROFS}}, "make the folder writable, then run `" + again + "` again"},
		"a damaged file":          {&sink.Damaged{File: "my file", Err: errors.New("x")}, "restore the file, or remove it (`rm 'my file'`); `" + again + "` then replaces the secrets and passwords that only this file contained"},
		"a sink":                  {&sink.Error{Where: "a", Hint: "close the quote", Err: errors.New("x")}, "close the quote"},
		"a failed step":           {step(plan.Application, errors.New("x")), "completed steps stay in place; run `" + again + "` again to continue"},
		"a refusal of a plan":     {&plan.Refused{}, "destroy the stack that uses it first, or use --force: `" + again + " --force`"},
		"too many deletions":      {&plan.TooManyDeletes{}, "check the folder and the target; if the deletions are intended, use --allow-deletes: `" + again + " --allow-deletes`"},
		"missing permissions":     {plan.LacksPermissions{}, "grant the caller these application permissions with admin consent, then run `" + again + "` again"},
		"nothing":                 {errors.New("x"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &app{config: viper.New(), invocation: invocation{verb: "apply", where: []string{"stack"}}}
			if got := a.hintFor(c.err); got != c.want {
				t.Errorf("hint %q, want %q", got, c.want)
			}
		})
	}
	if !strings.Contains((&app{config: viper.New()}).hintFor(signInError{briefError{"x", errors.New("y")}}), "az login") {
		t.Error("a failed sign-in has no hint")
	}
}
