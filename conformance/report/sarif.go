package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"strings"

	"provision/conformance"
	"provision/internal/display"
)

// SARIF collects runs and writes a SARIF 2.1.0 log when it is closed: a rule
// for each cause, a result for each finding, at the line of the manifest that
// states the endpoint. It contains neither passed cases nor notes, because
// GitHub would create an alert for each.
// Sources: OASIS SARIF 2.1.0; GitHub "SARIF support for code scanning".
type SARIF struct {
	collected
	About
	w io.Writer
}

// NewSARIF makes a SARIF writer.
func NewSARIF(w io.Writer) *SARIF { return &SARIF{collected: collect(), w: w} }

// severities are the levels of SARIF and the scores of GitHub, which shows scores from 9.0 as
// critical, from 7.0 as high and from 4.0 as medium.
var severities = map[conformance.Severity]struct{ level, score string }{
	conformance.Critical: {"error", "9.5"},
	conformance.High:     {"error", "8.0"},
	conformance.Medium:   {"warning", "5.5"},
	conformance.Low:      {"note", "2.0"},
}

// Close writes the log.
func (s *SARIF) Close() error {
	run := sarifRun{Automation: sarifID{"provision/verify/"}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "provision", Version: s.Version, Rules: []sarifRule{}}
	invocation := sarifInvocation{Successful: s.document.Summary.Errors == 0}
	index := make(map[string]int)
	for _, one := range s.document.Runs {
		for _, f := range one.Findings {
			id := string(f.Cause)
			if _, ok := index[id]; !ok {
				index[id] = len(run.Tool.Driver.Rules)
				run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newRule(f))
			}
			run.Results = append(run.Results, newSARIFResult(one.Name, index[id], f))
		}
		for _, r := range one.Results {
			if r.Outcome == conformance.Error {
				invocation.Notifications = append(invocation.Notifications, sarifNotification{"error", sarifText{display.Line(r.ID + ": " + r.Reason)}})
			}
		}
	}
	run.Invocations = []sarifInvocation{invocation}
	return writeJSON(s.w, "sarif", sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func newRule(f conformance.Finding) sarifRule {
	c := f.Lead.Case
	r := sarifRule{
		ID: string(f.Cause), Short: sarifText{display.Line(f.Cause.Title())}, Full: sarifText{display.Line(f.Cause.Title())},
		HelpURI: sourceURL(c.Source), Configuration: sarifLevel{severities[f.Severity].level},
		Properties: sarifRuleProperties{[]string{"security", string(c.Group)}, "very-high", severities[f.Severity].score},
	}
	var help []string
	for _, part := range []struct{ label, text string }{{"What an attacker gains", f.Gain}, {"Source", c.Source}} {
		if part.text != "" {
			help = append(help, display.Line(part.label+": "+part.text+"."))
		}
	}
	if f.Document != "" {
		help = append(help, display.Line(f.Document))
	}
	likely := f.Likely()
	if len(likely) > 0 {
		help = append(help, "What is probably missing in the code, by library:")
	}
	for _, remedy := range likely {
		help = append(help, display.Line(remedy.Library+": "+remedy.Line))
	}
	r.Help.Text = strings.Join(help, "\n")
	return r
}

func newSARIFResult(document string, index int, f conformance.Finding) sarifResult {
	text := fmt.Sprintf("%s. %s: %s. Evidence: %s.", f.Title, f.Lead.ID, f.Lead.Reason, caseList(f.Evidence))
	// The fingerprint contains neither line nor status, so that an edit of the manifest does
	// not change it.
	sum := sha256.Sum256([]byte(document + "\n" + f.ID))
	print := hex.EncodeToString(sum[:16])
	location := sarifLocation{}
	for _, id := range f.Evidence {
		location.Logical = append(location.Logical, sarifLogical{display.Line(document + "/" + id)})
	}
	location.Physical.Artifact.URI = (&url.URL{Path: strings.ReplaceAll(f.Lead.File, "\\", "/")}).EscapedPath()
	location.Physical.Region.StartLine = max(f.Lead.Line, 1)
	result := sarifResult{
		RuleID: string(f.Cause), RuleIndex: index, Level: severities[f.Severity].level, Message: sarifText{display.Line(text)},
		Locations: []sarifLocation{location}, Fingerprints: map[string]string{"primaryLocationLineHash": print + ":1", "provisionFinding/v1": print},
	}
	if f.Known {
		result.Suppressions = []sarifSuppression{{"external", display.Line("until " + f.Lead.Known.Until + ": " + f.Lead.Known.Reason)}}
	}
	return result
}
