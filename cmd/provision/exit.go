package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"provision/graph"
	"provision/localtenant"
	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/stack"
)

// The exit codes, which scripts rely on.
const (
	exitDone   = 0 // done, and the answer is yes
	exitFailed = 1 // could not do it
	exitUsage  = 2 // bad usage or bad input; nothing was changed
	exitNo     = 3 // ran, and the answer is no

	// The exit codes of shells:
	exitNotExecutable = 126
	exitNoProgram     = 127
	exitSignal        = 128 // and the number of the signal that ended it
)

// failure is an error with its own exit code.
type failure struct {
	error
	code int
}

func (f failure) Unwrap() error { return f.error }

// interrupted is the cause of a context that a signal has cancelled.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string { return i.signal.String() }

func (i interrupted) code() int {
	if number, ok := i.signal.(syscall.Signal); ok {
		return exitSignal + int(number)
	}
	return exitFailed
}

// hinted is an error with the next command to try.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
}

// usage is bad usage: exit 2.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// no is the error of a run with exit code 3. The output already contains the reason.
var errNo = errors.New("the answer is no")

// report prints err as `error:` and `hint:` lines and returns the exit code.
func (a *app) report(ctx context.Context, err error) int {
	var child exitCode
	var mistakes stack.Mistakes
	var by interrupted
	var failed failure
	switch {
	case err == nil && a.unserved:
		if !errors.As(context.Cause(ctx), &by) {
			by = interrupted{os.Interrupt}
		}
		return by.code()
	case err == nil:
		return exitDone
	case errors.As(err, &child): // it has already printed the reason
		return int(child)
	case errors.As(context.Cause(ctx), &by): // the signal caused all other failures
		switch changes := slices.Contains([]string{"apply", "destroy", "rotate"}, a.verb); {
		case changes && a.began:
			a.say("error: interrupted; completed steps stay in place")
			a.say("hint: `%s` continues from there", a.again())
		case changes:
			a.say("error: interrupted; the tenant was not changed")
			a.say("hint: `%s` runs it again", a.again())
		default:
			a.say("error: interrupted")
		}
		return by.code()
	case errors.Is(err, errNo):
		return exitNo
	case errors.As(err, &mistakes):
		return a.reportMistakes(mistakes)
	}
	a.say("error: %s", oneLine(err.Error()))
	if h := a.hintFor(err); h != "" {
		a.say("hint: %s", h)
	}
	if errors.As(err, &failed) {
		return failed.code
	}
	if errors.As(err, new(usage)) || errors.As(err, new(*sink.Refused)) || unusableFile(err) {
		return exitUsage
	}
	return exitFailed
}

// unusableFile reports whether a file that the manifests name for a secret was found unusable before anything
// was changed.
func unusableFile(err error) bool {
	var unusable *sink.Error
	return errors.As(err, &unusable) && unusable.File && !errors.As(err, new(*reconcile.StepError))
}

func (a *app) reportMistakes(mistakes stack.Mistakes) int {
	for _, m := range mistakes {
		a.say("error: %s: %s", m.Pos, m.Message)
		for line := range strings.Lines(m.Excerpt) {
			a.say("%s", strings.TrimSuffix(line, "\n"))
		}
		if m.Hint != "" {
			a.say("hint: %s", m.Hint)
		}
	}
	if len(mistakes) > 1 {
		a.say("%s; nothing was changed", count(len(mistakes), "mistake"))
	}
	return exitUsage
}

func (a *app) hintFor(err error) string {
	var h hinted
	var step *reconcile.StepError
	var refused *plan.Refused
	var unusable *sink.Error
	var refusedFile *sink.Refused
	var unwritable *sink.Unwritable
	var damaged *sink.Damaged
	var tenant *localtenant.Error
	switch {
	case errors.As(err, &h):
		return h.hint
	case signInHints[aadstsCode(err)] != nil:
		return signInHints[aadstsCode(err)](a)
	case errors.As(err, &tenant):
		return tenant.Hint
	case errors.As(err, &unwritable):
		return a.unwritableHint(unwritable)
	case errors.As(err, &refusedFile):
		return a.refusedHint(refusedFile)
	case errors.As(err, &damaged):
		return "restore the file, or remove it (`rm " + quoteFile(damaged.File) + "`); `" + a.command("apply") + "` then replaces the secrets and passwords that only this file contained"
	case errors.As(err, &unusable):
		return unusable.Hint
	case errors.As(err, &step) && graph.Denied(err):
		return "grant the caller the Microsoft Graph application permission " + step.Step.Permission() + ", then run `" + a.again() + "` again"
	case errors.As(err, &step) && graph.Lasting(err):
		return "correct in the manifests what Graph refuses; completed steps stay in place, and `" + a.again() + "` then continues"
	case errors.As(err, &step):
		return "completed steps stay in place; run `" + a.again() + "` again to continue"
	case errors.As(err, &refused):
		return "destroy the stack that uses it first, or use --force: `" + a.again("--force") + "`"
	case errors.As(err, new(*localtenant.NotGivenBack)):
		return "`" + a.command("apply") + "` gives the roles back"
	case graph.NotFound(err):
		return "the tenant may have changed while it was read, for example because of `provision destroy`; run `" + a.again() + "` again"
	case graph.Denied(err):
		return "grant the caller the Microsoft Graph application permissions Application.Read.All, User.Read.All and GroupMember.Read.All"
	case errors.As(err, new(plan.LacksPermissions)):
		return "grant the caller these application permissions with admin consent, then run `" + a.again() + "` again"
	case errors.As(err, new(*plan.TooManyDeletes)):
		return "check the folder and the target; if the deletions are intended, use --allow-deletes: `" + a.again("--allow-deletes") + "`"
	case errors.As(err, new(plan.Prevented)):
		return a.unprotectHint()
	case errors.As(err, new(plan.HeldNames)):
		return "restore or purge them in the Microsoft Entra admin center, or set `deleted: purge` in the stack's spec"
	case errors.As(err, new(plan.Distrusted)):
		return "name them in the manifest (`owners` of an application or a group, `deployers` of the stack), remove them from the tenant, or use --allow-foreign-owners"
	case isSignInError(err):
		return a.signInHint()
	case errors.Is(err, fs.ErrPermission):
		return a.accessHint(err)
	}
	return ""
}

// unprotectHint describes how to delete objects that `prevent: [delete]` protects: an apply of their documents
// without it removes the marks in the tenant.
func (a *app) unprotectHint() string {
	apply := a.command("apply")
	if len(a.where) == 0 || a.where[0] == "--stack" {
		apply = a.commandAt([]string{"DIR"}, "apply", a.stageArgs()...)
	}
	return "remove `delete` from `prevent` in the documents and in their stack, put back documents that were removed or renamed, and run `" + apply + "`; then delete the objects"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// count is "1 case" or "2 cases".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
