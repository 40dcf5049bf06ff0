package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"provision/conformance"
	"provision/internal/display"
)

// JUnit collects runs and writes JUnit XML when it is closed: a test suite for each
// endpoint, a test case for each case. A finding is one failure, at its first case; its
// other cases and the cases that it blocks are skipped, with this reason. Names of
// cases are unique in the file, because GitLab drops a second case of the same name.
// The description is the content of failure, because GitLab does not read the message
// attribute. message and type are for Azure DevOps and for GitHub's readers, which also
// link file and line. Sources: GitLab "Unit test reports", Azure Pipelines
// "PublishTestResults@2".
type JUnit struct {
	collected
	w io.Writer
}

// NewJUnit makes a JUnit XML writer.
func NewJUnit(w io.Writer) *JUnit { return &JUnit{collect(), w} }

type testSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     seconds      `xml:"time,attr"`
	Suites   []*testSuite `xml:"testsuite"`
}

type testSuite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     seconds    `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name      string   `xml:"name,attr"`
	ClassName string   `xml:"classname,attr"`
	File      string   `xml:"file,attr,omitempty"` // the manifest that states the endpoint
	Line      int      `xml:"line,attr,omitempty"`
	Time      seconds  `xml:"time,attr"`
	Failure   *problem `xml:"failure"`
	Error     *problem `xml:"error"`
	Skipped   *problem `xml:"skipped"`
	Output    string   `xml:"system-out,omitempty"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// seconds is a duration as JUnit writes it.
type seconds time.Duration

func (s seconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.3f", time.Duration(s).Seconds())}, nil
}

// suites contains the test suites of one run.
func (r Run) suites() []*testSuite {
	var suites []*testSuite
	for _, result := range r.Results {
		name := r.Name + ": " + display.Line(result.Endpoint)
		if n := len(suites); n == 0 || suites[n-1].Name != name {
			suites = append(suites, &testSuite{Name: name})
		}
		suites[len(suites)-1].add(r.testCase(result))
	}
	return suites
}

func (s *testSuite) add(test testCase) {
	switch {
	case test.Failure != nil:
		s.Failures++
	case test.Error != nil:
		s.Errors++
	case test.Skipped != nil:
		s.Skipped++
	}
	s.Tests++
	s.Time += test.Time
	s.Cases = append(s.Cases, test)
}

func (r Run) testCase(result Result) testCase {
	test := testCase{
		Name: display.Line(result.ID), ClassName: r.Name, File: result.File, Line: result.Line,
		Time: seconds(result.Milliseconds * float64(time.Millisecond)),
	}
	finding, _ := r.finding(result.Finding)
	text := labels(details(result.result(), true))
	switch result.Outcome {
	case conformance.Pass, conformance.Note:
		test.Output = text
	case conformance.Fail:
		if finding.Lead != nil && finding.Lead.ID != result.ID {
			test.Skipped = &problem{display.Line(r.belongs(result)), "", labels(resultDetails(result.result()))}
			break
		}
		test.Failure = &problem{display.Line(result.Reason + ": " + finding.Title), string(finding.Severity), labels(findingDetails(finding)) + remedyLines(finding)}
	case conformance.Error:
		test.Error = &problem{display.Line(result.Reason), "error", text}
	case conformance.Blocked:
		test.Skipped = &problem{display.Line(r.belongs(result)), "", ""}
	case conformance.Skip:
		test.Skipped = &problem{display.Line(result.Reason), "", text}
	case conformance.Known:
		test.Skipped = &problem{display.Line("known to fail until " + result.Known.Until + ": " + result.Known.Reason), "", labels(resultDetails(result.result()))}
	}
	return test
}

// labels are details as plain text.
func labels(all []detail) string {
	var text strings.Builder
	for _, line := range all {
		fmt.Fprintf(&text, "%-8s %s\n", line.label, line.text)
	}
	return text.String()
}

func remedyLines(f conformance.Finding) string {
	var all labelled
	for _, r := range f.Remedies {
		all.add("missing", r.Library+": "+r.Line)
	}
	all.add("again", f.Rerun)
	return labels(all)
}

// Close writes the XML.
func (j *JUnit) Close() error {
	all := testSuites{Name: "provision verify"}
	for _, run := range j.document.Runs {
		all.Suites = append(all.Suites, run.suites()...)
	}
	for _, suite := range all.Suites {
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Skipped += suite.Skipped
		all.Time += suite.Time
	}
	encoder := xml.NewEncoder(display.NewWriter(j.w, false))
	encoder.Indent("", "  ")
	if _, err := io.WriteString(j.w, xml.Header); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	if _, err := io.WriteString(j.w, "\n"); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	return nil
}
