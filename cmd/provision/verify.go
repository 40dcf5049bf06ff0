package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/conformance/report"
	"provision/plan"
	"provision/protected"
	"provision/stack"
)

func (a *app) verify() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Verify that an API admits exactly the callers that it must",
		Long: `verify derives the requests that the API must answer with 200, 403 or 401 from the
Conformance documents of the stacks at or below DIR (default manifests/). It gets
the tokens as real clients do, sends the requests and reports the answers. Without
--url it starts and tests the bundled reference API. Exit code 0: all cases passed, and
prove the access rules; 3: a case failed, an endpoint admitted no caller, or the stack declares
no caller for a case and the document does not excuse this. Reports contain no tokens, signatures or secrets.

With --openapi it prints a Conformance document derived from the security,
parameters and bodies of an OpenAPI document.`,
		Example: "  provision verify manifests/\n  provision verify manifests/ --url http://127.0.0.1:8000\n  provision verify --url https://api.contoso.example/v1 --ca company-ca.pem --header \"X-Version: 2\" --rate 5/s\n  provision verify --report junit=results.xml --report html=report.html\n  provision verify --baseline known-failures.yaml --report sarif=results.sarif\n  provision verify --only '*audience*'\n  provision verify --openapi openapi.json > derived.yaml",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if file := a.config.GetString("openapi"); file != "" {
				return a.derive(file, args)
			}
			o, err := a.verifyOptions()
			if err != nil {
				return err
			}
			o.only = a.config.GetString("only")
			return a.onTenant(cmd, args, func(stacks []*stack.Stack) error { return a.checkChoice(stacks, o) },
				func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
					return a.verifyStacks(ctx, s, stacks, o)
				})
		},
	}
	verifyFlags(c)
	return c
}

func verifyFlags(c *cobra.Command) {
	reportFlags(c)
	hostingFlags(c)
	signInFlag(c)
	c.Flags().String("only", "", "run only the cases whose id matches; * matches any text")
	c.Flags().String("openapi", "", "print a Conformance document for this OpenAPI document (3.0 to 3.2, YAML or JSON), and send no requests")
}

// verifyOptions are the flags of verify, and of apply --verify.
type verifyOptions struct {
	reach    reach
	reports  []reportFile
	baseline *conformance.Baseline // nil: no failure is tolerated
	only     string                // pattern of the ids of cases; "" is all, as with apply
	life     string                // default, disruptive or none
	strict   bool
	verbose  bool
	notes    bool
}

// verifyOptions reads the flags that verify and apply share, and the files that they name.
// It returns an error of usage.
func (a *app) verifyOptions() (o verifyOptions, err error) {
	c := a.config
	o = verifyOptions{life: c.GetString("life"), strict: c.GetBool("strict"), verbose: c.GetBool("verbose"), notes: c.GetBool("notes")}
	if o.reach, err = a.reach(); err != nil {
		return o, err
	}
	if o.reports, err = a.reportFiles("junit=results.xml", slices.Sorted(maps.Keys(report.Formats))...); err != nil {
		return o, err
	}
	if err = a.checkSignIn(); err != nil {
		return o, err
	}
	if o.baseline, err = a.baseline(); err != nil {
		return o, err
	}
	if !slices.Contains([]string{"default", "disruptive", "none", ""}, o.life) {
		return o, hint(usagef("--life %q is unknown", o.life), "choose default, disruptive or none")
	}
	return o, nil
}

// toVerify returns the APIs that the flags select. --url requires exactly one API.
func (a *app) toVerify(stacks []*stack.Stack, o verifyOptions) ([]protected.API, error) {
	if o.reach.url == "" {
		return a.chosen(stacks)
	}
	p, err := a.one(stacks)
	return []protected.API{p}, err
}

// checkChoice refuses combinations of flags that are not possible.
func (a *app) checkChoice(stacks []*stack.Stack, o verifyOptions) error {
	all, err := a.toVerify(stacks, o)
	if err != nil {
		return err
	}
	for _, p := range all {
		for _, document := range p.Documents {
			if len(stack.OutputsOf(document.URL)) > 0 {
				continue // known once Terraform has made it
			}
			if err := checkURL(document.Pos.String()+": url", document.URL); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *app) verifyStacks(ctx context.Context, s *connection, stacks []*stack.Stack, o verifyOptions) error {
	all, err := a.toVerify(stacks, o)
	if err != nil {
		return err
	}
	if o.reach.url != "" {
		a.sayWhoServes(s)
	}
	if err := a.sweepTenant(ctx, s); err != nil {
		return err
	}
	var total conformance.Summary
	others := &probes{connection: s, alone: a.tenantLock(s).Alone, open: s.graphOf}
	runs, err := a.prepareVerifications(ctx, s, all, stacks, others, o)
	if err != nil {
		return err
	}
	if err := a.checkCases(runs, o.only); err != nil {
		return err
	}
	handler, finish, err := a.reports(s, o)
	if err != nil {
		return err
	}
	total, err = verifyAll(ctx, runs, handler)
	err = errors.Join(err, others.remove(ctx))
	if err != nil {
		return errors.Join(err, finish())
	}
	if err := finish(); err != nil {
		return err
	}
	if o.baseline != nil {
		for _, remark := range o.baseline.Remarks(s.now(), o.only+a.config.GetString("application")+a.config.GetString("stack") == "") {
			a.say("baseline: %s", remark)
		}
	}
	switch {
	case total.Failed > 0 || !total.OK() && total.Errors == 0:
		return errNo
	case total.Errors > 0:
		return a.notTried(ctx, s, stacks, total.Errors)
	}
	if total.Protected == 0 {
		a.say("nothing is proved: every endpoint is public")
		return errNo
	}
	if !total.Proved() {
		return errNo
	}
	return nil
}

// notTried is the error of a run with cases that could not be tried because the tenant did not
// provide something.
func (a *app) notTried(ctx context.Context, s *connection, stacks []*stack.Stack, n int) error {
	p, _, err := s.diff(ctx, stacks, plan.Options{})
	if err == nil && len(p.Steps) == 0 {
		return hint(fmt.Errorf("%s could not be run, although the tenant matches the manifests", count(n, "case")),
			"the report gives the reason for each; `%s` shows every case", a.again("--verbose"))
	}
	return hint(fmt.Errorf("%s could not be run: the tenant does not match the manifests", count(n, "case")),
		"`%s` shows the differences, `%s` corrects them", a.command("plan"), a.command("apply"))
}
