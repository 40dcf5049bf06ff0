package main

import (
	"context"
	"errors"
	"strings"

	"provision/output"
	"provision/stack"
)

// envelope is the JSON document that every command prints with -o json, even after an
// error.
type envelope struct {
	Command string         `json:"command"`
	Status  string         `json:"status"` // see statuses
	Result  map[string]any `json:"result"` // by command; what there is of it, where it failed
	Errors  []jsonError    `json:"errors"`
}

// jsonError is an error with its hint, which text output prints as error: and hint:.
type jsonError struct {
	Message  string          `json:"message"`
	Hint     string          `json:"hint,omitempty"`
	Position *stack.Position `json:"position,omitempty"` // in a manifest
	Excerpt  string          `json:"excerpt,omitempty"`  // of a line that makes a document unreadable
}

// statuses are the names of exit codes. A command that serves says "serving" once it
// does.
var statuses = map[int]string{exitDone: "done", exitFailed: "failed", exitUsage: "invalid", exitNo: "no"}

// give adds to the result of -o json.
func (a *app) give(name string, value any) {
	if a.result == nil {
		a.result = map[string]any{}
	}
	a.result[name] = value
}

// wantsJSON reports whether the command line has -o json, even if the command line is
// invalid.
func (a *app) wantsJSON() bool {
	if a.configured {
		return a.json()
	}
	for i, arg := range a.args {
		if arg == "--" {
			break
		}
		value, ok := strings.CutPrefix(arg, "--output=")
		if short, is := strings.CutPrefix(arg, "-o"); !ok && is {
			value, ok = strings.TrimPrefix(short, "="), true
		}
		if (arg == "-o" || arg == "--output") && i+1 < len(a.args) {
			value, ok = a.args[i+1], true
		}
		if ok {
			return value == "json"
		}
	}
	return false
}

// answer prints the envelope, unless the command has printed it already or its
// output was a child's.
func (a *app) answer(ctx context.Context, code int, err error) {
	if a.answered || !a.wantsJSON() || !a.configured && err == nil { // help
		return
	}
	status, ok := statuses[code]
	if errors.As(context.Cause(ctx), new(interrupted)) {
		status = "interrupted"
	} else if !ok {
		status = statuses[exitFailed]
	}
	a.print(status, a.jsonErrors(err))
}

// serving prints the envelope of a command that serves from now on.
func (a *app) serving() {
	if a.json() {
		a.print("serving", nil)
	}
}

func (a *app) print(status string, errs []jsonError) {
	a.answered = true
	e := envelope{Command: a.verb, Status: status, Result: a.result, Errors: errs}
	if e.Result == nil {
		e.Result = map[string]any{}
	}
	if e.Errors == nil {
		e.Errors = []jsonError{}
	}
	if err := output.WriteJSON(a.document, e); err != nil {
		a.say("error: write the result: %v", err)
	}
}

// jsonErrors are err as text output has it.
func (a *app) jsonErrors(err error) []jsonError {
	var mistakes stack.Mistakes
	switch {
	case err == nil || errors.Is(err, errNo):
		return nil
	case !errors.As(err, &mistakes):
		return []jsonError{{Message: oneLine(err.Error()), Hint: a.hintFor(err)}}
	}
	var all []jsonError
	for _, m := range mistakes {
		all = append(all, jsonError{m.Message, m.Hint, &m.Pos, m.Excerpt})
	}
	return all
}
