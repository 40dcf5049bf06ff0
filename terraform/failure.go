package terraform

import (
	"context"
	"slices"
	"strings"
)

// Failure is a command that the program could not do.
type Failure struct {
	Program, Command string
	Why              string
}

func (e *Failure) Error() string { return e.Program + " " + e.Command + ": " + e.Why }

func (w Workspace) failure(ctx context.Context, command string, said *log, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why := errorsIn(err.Error())
	if said != nil && len(said.errors) > 0 {
		why = said.errors
	}
	return &Failure{w.Program.Name(), command, oneLine(strings.Join(why, "; "))}
}

// Lines of the text of a failed command. Terraform writes problems of its own configuration file
// before the errors of the command, and ends them with one of these lines.
const (
	errorMark   = "Error: "
	warningMark = "Warning: "
	ofSettings  = "As a result of the above problems,"
)

// unspecific begins an error that only announces the errors after it.
const unspecific = "Terraform encountered problems during initiali"

// errorsIn returns the errors in the text of a failed command, each of them once, without the
// warnings around them. Errors of the configuration file of Terraform come last. If the text
// contains no error in the form of Terraform, errorsIn returns the text.
func errorsIn(text string) []string {
	text = strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(text)
	var errors, settings []string
	isError := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch summary, begins := strings.CutPrefix(line, errorMark); {
		case begins:
			errors, isError = append(errors, summary), true
		case strings.HasPrefix(line, warningMark):
			isError = false
		case strings.HasPrefix(line, ofSettings):
			settings, errors, isError = errors, nil, false
		case isError:
			errors[len(errors)-1] += " " + line
		}
	}
	if len(errors) > 1 {
		errors = slices.DeleteFunc(errors, func(e string) bool { return strings.HasPrefix(e, unspecific) })
	}
	all := append(errors, settings...)
	if len(all) == 0 {
		return []string{text}
	}
	for i, e := range all {
		all[i] = oneLine(e)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(e string) bool {
		again := seen[e]
		seen[e] = true
		return again
	})
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
