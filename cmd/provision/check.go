package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/adopt"
	"provision/internal/display"
	"provision/plan"
	"provision/policy"
	"provision/stack"
)

func (a *app) check() *cobra.Command {
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Check the manifests against rules of secure registrations",
		Long: `check compares the applications of the manifests at or below DIR (default manifests/)
with the rules of docs/check.md: secrets of public clients, redirect URIs that others can
register, permissions that lead to Global Administrator, and others. It does not connect to
a tenant. An exception in the metadata of an application accepts the violation of a
rule until a date. Exit code 0: no violation; 3: there are violations.

--live checks all registrations of the tenant against the same rules, managed or not. It
reads no manifests, so that their exceptions do not apply.`,
		Example: "  provision check manifests/\n  provision check --severity high\n  provision check --live --target production\n  provision check --report sarif=check.sarif\n  provision check -o json | jq '.result.violations[].rule'",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.checkOptions()
			if err != nil {
				return err
			}
			if o.live && len(args) > 0 {
				return hint(usagef("check takes a folder or --live, not both"), "see `provision check --help`")
			}
			var all []policy.Violation
			if o.live {
				all, err = a.checkLive(cmd.Context())
			} else {
				all, err = a.checkManifests(args)
			}
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(v policy.Violation) bool { return slices.Index(policy.Severities, v.Severity) > o.least })
			for _, file := range o.reports {
				if err := a.writeSARIF(file.path, all); err != nil {
					return err
				}
			}
			err = a.giveViolations(all)
			if o.live && errors.Is(err, errNo) {
				a.say("note: --live reads no manifests, so that their exceptions do not apply")
			}
			return err
		},
	}
	c.Flags().StringArray("report", nil, "also write a report to a file: sarif=FILE")
	c.Flags().Bool("live", false, "check the registrations of the tenant instead of manifests")
	c.Flags().String("severity", "low", "the least severity that counts: critical, high, medium or low")
	return c
}

// checkManifests finds the violations in the manifests.
func (a *app) checkManifests(args []string) ([]policy.Violation, error) {
	stacks, err := a.load(args)
	if err != nil {
		return nil, err
	}
	all, err := policy.Check(stacks, a.now())
	if err != nil {
		return nil, hint(usage{err}, "the rules are in docs/check.md")
	}
	return all, nil
}

// checkLive finds the violations of the tenant's registrations.
func (a *app) checkLive(ctx context.Context) ([]policy.Violation, error) {
	c, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer c.close()
	found, err := find(ctx, c, adopt.Selection{All: true})
	if err != nil {
		return nil, err
	}
	return a.violationsOf(ctx, c, found)
}

// violationsOf returns the violations of live registrations.
func (a *app) violationsOf(ctx context.Context, c *connection, found []adopt.Registration) ([]policy.Violation, error) {
	read, err := adopt.Read(ctx, c.reader(), "live", found)
	if err != nil {
		return nil, err
	}
	return policy.CheckLive(read.Stack, a.now())
}

// checkOptions are the flags of check.
type checkOptions struct {
	live    bool
	least   int // index in policy.Severities of the least severe violation that counts
	reports []reportFile
}

// checkOptions reads the flags of check. It returns an error of usage.
func (a *app) checkOptions() (checkOptions, error) {
	severity := a.config.GetString("severity")
	o := checkOptions{live: a.config.GetBool("live"), least: slices.Index(policy.Severities, policy.Severity(severity))}
	if o.least < 0 {
		return o, hint(usagef("--severity %q is unknown", severity), "choose critical, high, medium or low")
	}
	var err error
	o.reports, err = a.reportFiles("sarif=check.sarif", "sarif")
	return o, err
}

func (a *app) writeSARIF(path string, all []policy.Violation) error {
	f, err := a.createReport(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(policy.WriteSARIF(f, readBuild().Version, all), f.Close())
}

// giveViolations prints the violations, and the reason and the correction with the first
// violation of each rule. It only counts violations that an exception accepts.
func (a *app) giveViolations(all []policy.Violation) error {
	if all == nil {
		all = []policy.Violation{}
	}
	a.give("violations", all)
	counts, open, excepted := map[policy.Severity]int{}, 0, 0
	explained := map[string]bool{} // rules
	for _, v := range all {
		if v.Excepted != "" {
			excepted++
			continue
		}
		open++
		counts[v.Severity]++
		fmt.Fprintln(a.stdout, display.Line(fmt.Sprintf("%s%s %s: application %s: %s", where(v), v.Severity, v.Rule, v.Subject(), v.Message)))
		if !explained[v.Rule] {
			fmt.Fprintf(a.stdout, "  reason  %s\n  fix     %s\n  source  %s\n", v.Reason, v.Fix, v.Source)
		}
		if v.Expired != "" {
			fmt.Fprintln(a.stdout, display.Line("  an exception has expired: "+v.Expired))
		}
		explained[v.Rule] = true
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

// where returns the place of a violation in a manifest, before a message.
func where(v policy.Violation) string {
	if v.AppID != "" {
		return ""
	}
	return v.Position.String() + ": "
}

// sayViolations lists the rule violations that a plan adds to the tenant: violations
// of new or changed applications that the tenant does not have yet. It lists severe
// violations one by one.
func (a *app) sayViolations(ctx context.Context, c *connection, p *plan.Plan, state *plan.State, stacks []*stack.Stack) error {
	all, err := policy.Check(stacks, a.now())
	if err != nil {
		return hint(usage{err}, "the rules are in docs/check.md")
	}
	appIDs, changed := map[string]string{}, map[string]bool{} // by STACK/APPLICATION
	live := map[string]adopt.Registration{}
	for _, s := range stacks {
		for _, one := range s.Applications {
			name, key := s.Name+"/"+one.Name, plan.Key{Kind: plan.Application, Name: s.UniqueName(one.Name)}
			changed[name] = slices.ContainsFunc(p.Steps, func(step plan.Step) bool { return step.Key == key })
			if o := state.Objects[key]; o != nil {
				appIDs[name] = o.AppID
				live[name] = adopt.Registration{ID: o.ID, AppID: o.AppID, DisplayName: one.DisplayName}
			}
		}
	}
	all = slices.DeleteFunc(all, func(v policy.Violation) bool { return v.Excepted != "" || !changed[v.Stack+"/"+v.Application] })
	var known []adopt.Registration
	for name, r := range live {
		if slices.ContainsFunc(all, func(v policy.Violation) bool { return v.Stack+"/"+v.Application == name }) {
			known = append(known, r)
		}
	}
	if len(known) > 0 {
		slices.SortFunc(known, func(x, y adopt.Registration) int { return strings.Compare(x.AppID, y.AppID) })
		before, err := a.violationsOf(ctx, c, known)
		if err != nil {
			return err
		}
		all = policy.New(all, before, appIDs)
	}
	lesser := 0
	for _, v := range all {
		if v.Severity != policy.Critical && v.Severity != policy.High {
			lesser++
			continue
		}
		a.say("note: %s: new violation: %s %s: application %s: %s (see `%s`)", v.Position, v.Severity, v.Rule, v.Subject(), v.Message, a.command("check"))
	}
	if lesser > 0 {
		a.say("note: %s of medium or low severity (see `%s`)", count(lesser, "new violation"), a.command("check"))
	}
	return nil
}
