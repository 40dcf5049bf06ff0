package main

import (
	"fmt"

	"provision/plan"
	"provision/reconcile"
)

// maxListed is the maximum number of listed steps of one outcome.
const maxListed = 25

// sayIncomplete lists the steps that an apply completed and the other steps.
func (a *app) sayIncomplete(e *reconcile.Incomplete) {
	a.give("incomplete", incompleteJSON(e))
	of := len(e.Done) + len(e.Failed) + len(e.Skipped) + len(e.Left)
	fmt.Fprintf(a.stdout, "%d of %s done:\n", len(e.Done), count(of, "step"))
	a.listSteps("done", e.Done)
	for i, f := range e.Failed {
		if i == maxListed {
			fmt.Fprintf(a.stdout, "  failed   %d more\n", len(e.Failed)-i)
			break
		}
		text := f.Error()
		if i == 0 {
			text = f.Step.Title() // the error line has the reason
		}
		fmt.Fprintf(a.stdout, "  failed   %s\n", oneLine(text))
	}
	a.listSteps("skipped", e.Skipped)
	a.listSteps("not done", e.Left)
	if len(e.Skipped) > 0 {
		fmt.Fprintln(a.stdout, "skipped steps need a step that failed")
	}
}

func (a *app) listSteps(outcome string, steps []plan.Step) {
	for i, s := range steps {
		if i == maxListed {
			fmt.Fprintf(a.stdout, "  %-8s %d more\n", outcome, len(steps)-i)
			return
		}
		fmt.Fprintf(a.stdout, "  %-8s %s\n", outcome, s.Title())
	}
}

// stepOutcome is a step of an incomplete apply in the output of -o json.
type stepOutcome struct {
	Action plan.Action `json:"action"`
	plan.Key
	Error string `json:"error,omitempty"`
}

func incompleteJSON(e *reconcile.Incomplete) map[string][]stepOutcome {
	outcomes := func(steps []plan.Step) []stepOutcome {
		all := make([]stepOutcome, len(steps))
		for i, s := range steps {
			all[i] = stepOutcome{Action: s.Action, Key: s.Key}
		}
		return all
	}
	failed := make([]stepOutcome, len(e.Failed))
	for i, f := range e.Failed {
		failed[i] = stepOutcome{Action: f.Step.Action, Key: f.Step.Key, Error: f.Err.Error()}
	}
	return map[string][]stepOutcome{"done": outcomes(e.Done), "failed": failed, "skipped": outcomes(e.Skipped), "notDone": outcomes(e.Left)}
}
