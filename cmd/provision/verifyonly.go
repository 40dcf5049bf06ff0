package main

import (
	"slices"
	"strings"

	"provision/conformance"
	"provision/stack"
)

// checkCases refuses a pattern of --only that matches no case of the runs. The hint has the most
// similar case, or else all cases that exist.
func (a *app) checkCases(runs []verification, only string) error {
	if only == "" {
		return nil
	}
	var ids, names []string
	of := map[string]verification{}
	for _, run := range runs {
		all, err := run.suite.IDs()
		if err != nil {
			return err
		}
		for _, id := range all {
			if conformance.Matches(only, id) {
				return nil
			}
			_, name, _ := strings.Cut(id, ": ")
			for _, known := range []string{id, name} {
				if _, ok := of[known]; !ok {
					of[known] = run
				}
			}
			ids, names = append(ids, id), append(names, name)
		}
	}
	unknown := usagef("no case matches --only %q", only)
	word := strings.Trim(only, "*")
	for _, known := range [][]string{names, ids} {
		if near := stack.Nearest(word, known); near != "" {
			return hint(unknown, "did you mean %s? `%s`", near, a.rerun(of[near].p)(near, ""))
		}
	}
	if len(ids) == 0 {
		return unknown
	}
	var endpoints, cases []string
	for i, id := range ids {
		if endpoint, _, ok := strings.Cut(id, ": "); ok && !slices.Contains(endpoints, endpoint) {
			endpoints = append(endpoints, endpoint)
		}
		if !slices.Contains(cases, names[i]) {
			cases = append(cases, names[i])
		}
	}
	return hint(unknown, "an id is ENDPOINT: CASE; the endpoints are %s; the cases are %s; e.g. `%s`",
		strings.Join(endpoints, ", "), strings.Join(cases, ", "), a.rerun(of[ids[0]].p)(ids[0], ""))
}
