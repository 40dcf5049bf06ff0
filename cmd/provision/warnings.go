package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"provision/reconcile/sink"
	"provision/stack"
)

// findWarnings returns a line for everything in the stacks that Entra accepts but that
// is unlikely to work. If there is a token for GitHub, it asks GitHub for the subjects
// that a repository sends.
func findWarnings(ctx context.Context, stacks []*stack.Stack, api sink.GitHub) (lines []string) {
	asked := map[string]subjects{}
	for _, w := range stack.Warnings(stacks) {
		if w.Repository != "" && api.Token != "" {
			answer, known := asked[w.Repository]
			if !known {
				answer = readSubjects(ctx, api, w.Repository)
				asked[w.Repository] = answer
			}
			w = answer.say(w)
		}
		line := fmt.Sprintf("%s: %s", w.Pos, w.Message)
		if w.Hint != "" {
			line += "; " + w.Hint
		}
		lines = append(lines, line)
	}
	return lines
}

// subjects is GitHub's setting for the subjects that a repository's workflows send: their first
// part, or why it is not known.
type subjects struct {
	prefix              string
	ownerID, repository string // ids, in the immutable form
	unknown             error
}

// say adds GitHub's answer to a warning of a subject that names a repository.
func (s subjects) say(w stack.Warning) stack.Warning {
	switch {
	case s.unknown != nil:
		w.Message += fmt.Sprintf(" (the form that %s uses could not be read from GitHub: %v)", w.Repository, s.unknown)
	case s.ownerID != "":
		w.Message += fmt.Sprintf("; GitHub reports that %s sends subjects with ids, %s:…", w.Repository, s.prefix)
		w.Hint = fmt.Sprintf("state github with repository: %s, ownerId: %s and repositoryId: %s, and subjects: both until the repository has changed to the form with ids", w.Repository, s.ownerID, s.repository)
	default:
		w.Message += fmt.Sprintf("; GitHub reports that %s sends subjects by name, %s:…, today", w.Repository, s.prefix)
	}
	return w
}

var subjectPrefix = regexp.MustCompile(`^repo:[A-Za-z0-9._-]+(?:@([0-9]+))?/[A-Za-z0-9._-]+(?:@([0-9]+))?$`)

// subjectsOf asks GitHub for the form of a repository's subjects.
// Source: docs.github.com/rest/actions/oidc (customization of the subject of a
// repository).
func readSubjects(ctx context.Context, api sink.GitHub, repository string) subjects {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(api.URL, "/")+"/repos/"+repository+"/actions/oidc/customization/sub", nil)
	if err != nil {
		return subjects{unknown: err}
	}
	r.Header.Set("Authorization", "Bearer "+api.Token)
	r.Header.Set("Accept", "application/vnd.github+json")
	answer, err := api.HTTPClient.Do(r)
	if err != nil {
		return subjects{unknown: fmt.Errorf("it cannot be reached")}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return subjects{unknown: fmt.Errorf("it answered %d", answer.StatusCode)}
	}
	var setting struct {
		Prefix string `json:"sub_claim_prefix"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&setting); err != nil {
		return subjects{unknown: fmt.Errorf("its answer cannot be read")}
	}
	found := subjectPrefix.FindStringSubmatch(setting.Prefix)
	if found == nil {
		return subjects{unknown: fmt.Errorf("its answer has no sub_claim_prefix of that form")}
	}
	return subjects{prefix: setting.Prefix, ownerID: found[1], repository: found[2]}
}
