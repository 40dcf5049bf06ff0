package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"provision/internal/display"
	"provision/plan"
	"provision/stack"
)

// targets returns the targets of --target, with homes before their customers: one name,
// several with commas, or all targets of provision.yaml. The local tenant is one of all if
// it is the home of a customer.
func (a *app) targets() ([]string, error) {
	stated := a.config.GetString("target")
	var known []string
	if a.file != nil {
		known = a.file.Targets()
	}
	var all []string
	if stated == allTargets && !slices.Contains(known, allTargets) {
		if all = known; len(all) == 0 {
			return nil, hint(usagef("--target all: provision.yaml has no targets"), "add one:  targets: {staging: {tenant: <tenant id>}}")
		}
		if slices.ContainsFunc(all, func(name string) bool { return a.homeOf(name) == stack.Local }) {
			all = append(all, stack.Local)
		}
	} else {
		for name := range strings.SplitSeq(stated, ",") {
			if name = strings.TrimSpace(name); name == "" || slices.Contains(all, name) {
				return nil, hint(usagef("--target %q is not a list of targets", stated), "name each target once, e.g. --target staging,production")
			}
			all = append(all, name)
		}
		if len(all) > 1 && slices.Contains(all, allTargets) && !slices.Contains(known, allTargets) {
			return nil, hint(usagef("--target %q: all cannot be combined with other targets", stated), "use --target all, or name each target: %s", strings.Join(append([]string{stack.Local}, known...), ", "))
		}
	}
	slices.SortStableFunc(all, func(x, y string) int { // what customers get is registered in their homes
		return cmp.Compare(min(len(a.homeOf(x)), 1), min(len(a.homeOf(y)), 1))
	})
	return all, nil
}

// allTargets is the value of --target for all targets of provision.yaml.
const allTargets = "all"

// onEach executes a command for one target after another. It stops at the first target that fails.
// With stopAtNo it also stops at exit code 3.
func (a *app) onEach(stopAtNo bool, do func(target string) error) error {
	targets, err := a.targets()
	if err != nil {
		return err
	}
	if len(targets) == 1 {
		a.config.Set("target", targets[0]) // --target all
		return do(targets[0])
	}
	for _, target := range targets { // before anything is touched
		if target != "local" {
			if _, err := a.realTenant(target); err != nil {
				return err
			}
		}
	}
	var no error
	for i, target := range targets {
		a.config.Set("target", target)
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintf(a.stdout, "== target %s\n", target)
		switch err := do(target); {
		case errors.Is(err, errNo) && !stopAtNo:
			no = err
		case err != nil:
			if rest := targets[i+1:]; len(rest) > 0 {
				a.say("note: stopped at target %s; not done: %s", target, strings.Join(rest, ", "))
			}
			return err
		}
	}
	return no
}

// comparePlans prints the differences between the plans of several targets, one line for each
// object.
func (a *app) comparePlans(targets []string, plans map[string]*plan.Plan) error {
	cells := map[string]map[string]string{} // object → target → its change
	for target, p := range plans {
		for _, s := range p.Steps {
			name := strings.ReplaceAll(s.Key.String(), "@"+p.Tenant.Domain, "@${tenant.domain}")
			if cells[name] == nil {
				cells[name] = map[string]string{}
			}
			if cells[name][target] == "" {
				cells[name][target] = string(s.Action)
			}
		}
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(a.stdout, "\n== what differs")
	differ := 0
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		row := []string{"  " + display.Line(name)}
		same := true
		for _, target := range targets {
			cell := cells[name][target]
			same = same && cell == cells[name][targets[0]]
			if cell == "" {
				cell = "-"
			}
			row = append(row, cell)
		}
		if same {
			continue
		}
		if differ++; differ == 1 {
			fmt.Fprintln(w, "  object\t"+strings.Join(targets, "\t"))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if differ == 0 {
		fmt.Fprintln(a.stdout, "  nothing: the plans of all targets make the same changes")
	}
	return nil
}
