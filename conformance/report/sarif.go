package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"strings"

	"provision/conformance"
	"provision/internal/display"
)

// SARIF collects runs and writes a SARIF 2.1.0 log when it is closed: a rule
// for each case of which one failed, a result for each failure, at the line of
// the manifest that states the endpoint. Cases that pass, and notes, are not in
// it, since GitHub would make an alert of each.
// Sources: OASIS SARIF 2.1.0; GitHub "SARIF support for code scanning".
type SARIF struct {
	collected
	w io.Writer
}

// NewSARIF makes a SARIF writer.
func NewSARIF(w io.Writer) *SARIF { return &SARIF{collect(), w} }

// severities in SARIF's and in GitHub's terms; GitHub calls from 9.0, 7.0 and
// 4.0 critical, high and medium.
var severities = map[conformance.Severity]struct{ level, score string }{
	conformance.Critical: {"error", "9.5"},
	conformance.High:     {"error", "8.0"},
	conformance.Medium:   {"warning", "5.5"},
	conformance.Low:      {"note", "2.0"},
}

// Close writes the log.
func (s *SARIF) Close() error {
	run := sarifRun{Automation: sarifID{"provision/verify/"}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "provision", Rules: []sarifRule{}}
	invocation := sarifInvocation{Successful: s.document.Summary.Errors == 0}
	index := make(map[string]int)
	for _, one := range s.document.Runs {
		for _, r := range one.Results {
			switch r.Outcome {
			case conformance.Error:
				invocation.Notifications = append(invocation.Notifications, sarifNotification{"error", sarifText{display.Line(r.ID + ": " + r.Reason)}})
			case conformance.Fail, conformance.Known:
				id := ruleID(r.Case)
				if _, ok := index[id]; !ok {
					index[id] = len(run.Tool.Driver.Rules)
					run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newRule(id, r.Case))
				}
				run.Results = append(run.Results, newSARIFResult(one.Name, id, index[id], r))
			}
		}
	}
	run.Invocations = []sarifInvocation{invocation}
	return writeJSON(s.w, "sarif", sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// ruleID is the case without what it was derived for, as missing-scope for
// "missing-scope read_data".
func ruleID(c conformance.Case) string {
	if c.Group == conformance.Written {
		return "written"
	}
	id, _, _ := strings.Cut(c.Name, " ")
	return id
}

func newRule(id string, c conformance.Case) sarifRule {
	r := sarifRule{
		ID: id, Short: sarifText{display.Line("The API answers wrongly to " + c.Sends)}, Full: sarifText{display.Line(c.Flaw)},
		HelpURI: sourceURL(c.Source), Configuration: sarifLevel{severities[c.Severity].level},
		Properties: sarifRuleProperties{[]string{"security", string(c.Group)}, "very-high", severities[c.Severity].score},
	}
	if id == "written" {
		r.Short.Text = "The API does not do what a case of the document says"
	}
	help := []string{"Expected: " + c.Expect.String() + "."}
	for _, part := range []struct{ label, text string }{{"What a failure gives away", c.Gain}, {"Probably", c.Flaw}, {"Source", c.Source}} {
		if part.text != "" {
			help = append(help, part.label+": "+part.text+".")
		}
	}
	r.Help.Text = display.Line(strings.Join(help, " "))
	return r
}

func newSARIFResult(document, id string, index int, r Result) sarifResult {
	text := r.ID + ": " + r.Reason
	if r.Cause != "" {
		text += "; probably " + r.Cause
	}
	// Neither line nor status: the finding stays the same while the manifest is
	// edited.
	sum := sha256.Sum256([]byte(document + "\n" + r.ID))
	print := hex.EncodeToString(sum[:16])
	location := sarifLocation{Logical: []sarifLogical{{display.Line(document + "/" + r.ID)}}}
	location.Physical.Artifact.URI = (&url.URL{Path: strings.ReplaceAll(r.File, "\\", "/")}).EscapedPath()
	location.Physical.Region.StartLine = max(r.Line, 1)
	result := sarifResult{
		RuleID: id, RuleIndex: index, Level: severities[r.Severity].level, Message: sarifText{display.Line(text)},
		Locations: []sarifLocation{location}, Fingerprints: map[string]string{"primaryLocationLineHash": print + ":1", "provisionCase/v1": print},
	}
	if r.Known != nil {
		result.Suppressions = []sarifSuppression{{"external", display.Line("until " + r.Known.Until + ": " + r.Known.Reason)}}
	}
	return result
}
