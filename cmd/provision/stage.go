package main

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/stack"
)

// stageFlags are the flags that set values for the manifests.
func stageFlags(c *cobra.Command) {
	c.Flags().StringArray("set", nil, "value of a parameter of the stacks: NAME=VALUE (may be repeated)")
	c.Flags().String("suffix", "", "create a separate environment of the stacks: append this to the names of stacks, users, groups and applications, e.g. pr-123")
}

// parameterPrefix begins the name of an environment variable for a parameter.
const parameterPrefix = "PROVISION_PARAMETER_"

// suffixForm matches a suffix for the name of a stack and of a user.
var suffixForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$`)

// load reads the stacks of the folder that the arguments name.
func (a *app) load(args []string) ([]*stack.Stack, error) {
	stage, err := a.stage()
	if err != nil {
		return nil, err
	}
	a.folder = directory(args)
	stacks, err := stack.Load(a.folder, stage)
	if err != nil {
		return nil, err
	}
	return stacks, a.useHosting(stacks)
}

// stage returns the target for which manifests are read, with the values of parameters.
func (a *app) stage() (stack.Stage, error) {
	s := stack.Stage{Target: cmp.Or(a.config.GetString("target"), stack.Local), Suffix: a.suffix(), Expires: a.expires()}
	in, err := a.cloudOf(s.Target)
	if err != nil {
		return s, err
	}
	s.Cloud = stack.Cloud{Authority: in.Authority(), TokenExchange: in.TokenExchange}
	if s.Suffix != "" && !suffixForm.MatchString(s.Suffix) {
		return s, hint(usagef("--suffix %q cannot end the name of a stack", s.Suffix), "use up to 30 lowercase letters, digits and hyphens, e.g. --suffix pr-123")
	}
	if a.file != nil {
		s.Targets, s.Customers = a.file.Targets(), a.file.Customers()
		if home := s.Home(); home != "" {
			s.Configured = a.file.Parameters(home)
		}
		s.Configured = append(s.Configured, a.file.Parameters(s.Target)...)
	}
	for _, p := range a.setParameters() {
		if p.Name == "" {
			return s, hint(usagef("--set %q has no name", p.Value), "write --set NAME=VALUE")
		}
		given := stack.Given{Name: p.Name, Value: p.Value, Pos: stack.Position{File: "--set"}, Environment: p.Environment}
		if p.Environment {
			given.Pos.File = parameterPrefix + p.Name
		}
		s.Parameters = append(s.Parameters, given)
	}
	return s, nil
}

func (a *app) suffix() string {
	if a.reviewed != nil {
		return a.reviewed.Suffix
	}
	return a.config.GetString("suffix")
}

// expires returns the time after which gc can delete the stacks (--ttl), or zero without --ttl. If
// it is more than an hour away, it is a full hour, so that a further apply soon afterwards writes
// nothing.
func (a *app) expires() time.Time {
	if a.reviewed != nil {
		return a.reviewed.Expires
	}
	ttl := a.config.GetDuration("ttl")
	if ttl <= 0 {
		return time.Time{}
	}
	if ttl < time.Hour {
		return a.now().Add(ttl).UTC()
	}
	return a.now().Add(ttl + time.Hour).UTC().Truncate(time.Hour)
}

// setParameters returns the values of parameters from the environment, followed by the values of
// --set. A value of --set without = has no name.
func (a *app) setParameters() (all []plan.SavedSet) {
	if a.reviewed != nil {
		return a.reviewed.Set
	}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if parameter, ok := strings.CutPrefix(name, parameterPrefix); ok && parameter != "" && value != "" { // as for the settings, an empty variable is not set
			all = append(all, plan.SavedSet{Name: parameter, Value: value, Environment: true})
		}
	}
	for _, text := range a.config.GetStringSlice("set") {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			name, value = "", text
		}
		all = append(all, plan.SavedSet{Name: name, Value: value})
	}
	return all
}
