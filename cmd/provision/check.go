package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/policy"
	"provision/stack"
)

func (a *app) check() *cobra.Command {
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Check the manifests against rules of secure registrations",
		Long: `check holds the applications of the manifests at or below DIR (default manifests/)
to the rules of docs/check.md: secrets of public clients, redirect URIs that others can
take, permissions that lead to Global Administrator, and others. It does not connect to
a tenant. An exception in the metadata of an application accepts the violation of a
rule until a date. Exit code 0: no violation; 3: there are violations.`,
		Example: "  provision check manifests/\n  provision check --severity high\n  provision check --report sarif=check.sarif\n  provision check -o json | jq '.result.violations[].rule'",
		Args:    maxOneDir,
		RunE: func(_ *cobra.Command, args []string) error {
			least := slices.Index(policy.Severities, policy.Severity(a.config.GetString("severity")))
			if least < 0 {
				return hint(usagef("--severity %q is unknown", a.config.GetString("severity")), "choose critical, high, medium or low")
			}
			files, err := a.checkReports()
			if err != nil {
				return err
			}
			stacks, err := a.load(args)
			if err != nil {
				return err
			}
			all, err := policy.Check(stacks, a.now())
			if err != nil {
				return hint(usage{err}, "the rules are in docs/check.md")
			}
			all = slices.DeleteFunc(all, func(v policy.Violation) bool { return slices.Index(policy.Severities, v.Severity) > least })
			for _, file := range files {
				if err := writeSARIF(file, all); err != nil {
					return err
				}
			}
			return a.giveViolations(all)
		},
	}
	c.Flags().StringArray("report", nil, "also write a report to a file: sarif=FILE")
	c.Flags().String("severity", "low", "the least severity that counts: critical, high, medium or low")
	return c
}

// checkReports are the files that --report names.
func (a *app) checkReports() (files []string, err error) {
	for _, wanted := range a.config.GetStringSlice("report") {
		format, path, _ := strings.Cut(wanted, "=")
		if format != "sarif" || path == "" {
			return nil, hint(usagef("--report %q is not sarif=FILE", wanted), "e.g. --report sarif=check.sarif")
		}
		files = append(files, path)
	}
	return files, nil
}

func writeSARIF(path string, all []policy.Violation) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return errors.Join(policy.WriteSARIF(f, version, all), f.Close())
}

// giveViolations prints them. Those that are excepted are counted.
func (a *app) giveViolations(all []policy.Violation) error {
	if all == nil {
		all = []policy.Violation{}
	}
	a.give("violations", all)
	counts, open, excepted := map[policy.Severity]int{}, 0, 0
	for _, v := range all {
		if v.Excepted != "" {
			excepted++
			continue
		}
		open++
		counts[v.Severity]++
		fmt.Fprintf(a.stdout, "%s: %s %s: application %s/%s: %s\n  reason  %s\n  fix     %s\n  source  %s\n", v.Position, v.Severity, v.Rule, v.Stack, v.Application, v.Message, v.Reason, v.Fix, v.Source)
	}
	var parts []string
	for _, severity := range policy.Severities {
		if n := counts[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	summary := count(open, "violation")
	if len(parts) > 0 {
		summary += " (" + strings.Join(parts, ", ") + ")"
	}
	if excepted > 0 {
		summary += fmt.Sprintf(", %d excepted", excepted)
	}
	fmt.Fprintln(a.stdout, summary)
	if open > 0 {
		return errNo
	}
	return nil
}

// sayViolations names the grave violations of rules in the applications that a plan
// creates or changes.
func (a *app) sayViolations(p *plan.Plan, stacks []*stack.Stack) error {
	all, err := policy.Check(stacks, a.now())
	if err != nil {
		return hint(usage{err}, "the rules are in docs/check.md")
	}
	names := map[string]string{} // uniqueName by STACK/APPLICATION
	for _, s := range stacks {
		for _, one := range s.Applications {
			names[s.Name+"/"+one.Name] = s.UniqueName(one.Name)
		}
	}
	for _, v := range all {
		changed := slices.ContainsFunc(p.Steps, func(step plan.Step) bool {
			return step.Key.Kind == plan.Application && step.Key.Name == names[v.Stack+"/"+v.Application]
		})
		if changed && v.Excepted == "" && (v.Severity == policy.Critical || v.Severity == policy.High) {
			a.say("note: %s: %s %s: application %s/%s: %s (see `%s`)", v.Position, v.Severity, v.Rule, v.Stack, v.Application, v.Message, a.command("check"))
		}
	}
	return nil
}
