package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/conformance/report"
	"provision/protected"
	"provision/stack"
)

// reportFlags are the report flags of every command that verifies.
func reportFlags(c *cobra.Command) {
	targetFlags(c)
	c.Flags().StringArray("report", nil, "also write a report to a file, e.g. html=report.html; formats: "+strings.Join(slices.Sorted(maps.Keys(report.Formats)), ", ")+"; --baseline reads the format baseline (may be repeated)")
	c.Flags().String("baseline", "", "YAML or JSON file of known failures to tolerate until a date, e.g. known-failures.yaml")
	c.Flags().BoolP("verbose", "v", false, "print a line for every case, also for families in which all cases pass")
	c.Flags().Bool("notes", false, "show the notes: answers in which correct APIs differ; otherwise they are only counted")
	c.Flags().String("life", "default", "cases that temporarily change the local tenant: default changes its keys and a user's roles; disruptive also breaks its key set, which the caches of some APIs keep for minutes; none skips them")
	c.Flags().Bool("strict", false, "treat notes as failures")
	chooseFlags(c)
	publicHostsFlag(c)
}

// reportFile is a file that --report names.
type reportFile struct{ format, path string }

// reportFiles reads --report of a command that writes these formats.
func (a *app) reportFiles(example string, formats ...string) ([]reportFile, error) {
	var files []reportFile
	for _, wanted := range a.config.GetStringSlice("report") {
		format, path, _ := strings.Cut(wanted, "=")
		if !slices.Contains(formats, format) || path == "" {
			return nil, hint(usagef("--report %q is not FORMAT=FILE", wanted), "e.g. --report %s; the formats are %s",
				example, strings.Join(formats, ", "))
		}
		if err := checkOutputFile("report", path); err != nil {
			return nil, err
		}
		if !isStream(path) && slices.ContainsFunc(files, func(f reportFile) bool { return filepath.Clean(f.path) == filepath.Clean(path) }) {
			return nil, hint(usagef("--report: two reports would be written to %s", path), "use a separate file for each report, e.g. --report %s=%s", format, filepath.Join(filepath.Dir(path), "report."+format))
		}
		files = append(files, reportFile{format, path})
	}
	return files, nil
}

// baseline reads the file of --baseline, and returns nil if the flag is not set.
func (a *app) baseline() (*conformance.Baseline, error) {
	file := a.config.GetString("baseline")
	if file == "" {
		return nil, nil
	}
	raw, err := readInput("baseline", file)
	if err != nil {
		return nil, err
	}
	b, err := conformance.ReadBaseline(file, raw)
	if err != nil {
		return nil, hint(usage{err}, "as in  failures: [{endpoint: GET /secure, case: wrong-role, reason: API-17, until: 2026-12-31}]")
	}
	return b, nil
}

// reports returns the writers of a run: the table or, with -o json, JSON; the files of --report;
// and, on GitHub Actions, annotations and the summary. finish completes them.
func (a *app) reports(s *connection, o verifyOptions) (h conformance.Handlers, finish func() error, err error) {
	var closers []func() error
	finish = func() error {
		var all []error
		for _, c := range closers {
			all = append(all, c())
		}
		return errors.Join(all...)
	}
	if a.json() {
		var b bytes.Buffer
		j := report.NewJSON(&b)
		h, closers = append(h, j), append(closers, func() error {
			err := j.Close()
			a.give("report", json.RawMessage(b.Bytes()))
			return err
		})
	} else {
		table := report.NewText(a.stdout, colors(a.raw.stdout))
		table.Verbose, table.Notes = o.verbose, o.notes
		h, closers = append(h, table), append(closers, table.Close)
	}
	for _, wanted := range o.reports {
		f, err := a.createReport(wanted.path)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("open the report: %w", err), finish())
		}
		w := report.Formats[wanted.format](f, a.now())
		switch w := w.(type) {
		case *report.HTML:
			w.About = a.about(s)
		case *report.SARIF:
			w.About = a.about(s)
		}
		h, closers = append(h, w), append(closers, func() error { return errors.Join(w.Close(), f.Close()) })
	}
	if onGitHub() {
		github, done := a.github()
		h, closers = append(h, github), append(closers, done)
	}
	return h, finish, nil
}

// rerun returns the command that runs a case of an API again, or all cases, at the same URL or
// another one.
func (a *app) rerun(p protected.API) func(id, url string) string {
	args := []string{"--application", p.Name()}
	for _, name := range []string{"ca", "rate"} { // a proxy may have a password
		if value := a.config.GetString(name); value != "" {
			args = append(args, "--"+name, value)
		}
	}
	if a.config.GetBool("strict") {
		args = append(args, "--strict")
	}
	return func(id, url string) string {
		args := slices.Clone(args)
		if url = cmp.Or(url, a.config.GetString("url")); url != "" {
			args = append(args, "--url", url)
		}
		if id != "" {
			args = append(args, "--only", id)
		}
		return a.command("verify", args...)
	}
}

// about returns the data of the run for a report.
func (a *app) about(s *connection) report.About {
	return report.About{Tenant: fmt.Sprintf("%s (target %s)", cmp.Or(s.domain, s.tenantID), s.target), Command: a.again(), Date: a.now(), Version: readBuild().Version}
}

func onGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// github writes annotations to stderr, because stdout is for results and the runner reads both,
// and the summary to the file that the runner names.
func (a *app) github() (*report.GitHub, func() error) {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		g := report.NewGitHub(a.raw.stderr, nil)
		return g, g.Close
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		a.say("warning: write the job summary: %v", err)
		g := report.NewGitHub(a.raw.stderr, nil)
		return g, g.Close
	}
	g := report.NewGitHub(a.raw.stderr, f)
	return g, func() error { return errors.Join(g.Close(), f.Close()) }
}

// withRelativePositions returns the document with file names for links in reports, relative to the
// root of the checkout, which is the workspace on GitHub and otherwise the working directory.
func withRelativePositions(document *stack.Conformance) *stack.Conformance {
	root := os.Getenv("GITHUB_WORKSPACE")
	if root == "" || !onGitHub() {
		root, _ = os.Getwd()
	}
	from := func(p stack.Position) stack.Position {
		file, err := filepath.Abs(p.File)
		if err != nil {
			return p
		}
		if relative, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(relative) {
			p.File = filepath.ToSlash(relative)
		}
		return p
	}
	d := *document
	d.Endpoints, d.Cases = slices.Clone(d.Endpoints), slices.Clone(d.Cases)
	for i := range d.Endpoints {
		d.Endpoints[i].Pos = from(d.Endpoints[i].Pos)
	}
	for i := range d.Cases {
		d.Cases[i].Pos = from(d.Cases[i].Pos)
	}
	return &d
}
