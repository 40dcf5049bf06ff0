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

// JUnit collects runs and writes JUnit XML when it is closed: a test suite for
// each endpoint, a test case for each case. Names of cases are unique in the
// file and what is wrong is the content of failure, since GitLab drops what has
// another's name and reads no message attribute; message and type are there for
// Azure DevOps and for GitHub's readers, which also link file and line.
// Sources: GitLab "Unit test reports", Azure Pipelines "PublishTestResults@2".
type JUnit struct {
	w      io.Writer
	name   string // of the run under way
	suites []*testSuite
}

// NewJUnit makes a JUnit XML writer.
func NewJUnit(w io.Writer) *JUnit { return &JUnit{w: w} }

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

func (j *JUnit) Begin(p conformance.Plan) error {
	j.name = p.Name
	return nil
}

func (j *JUnit) Result(r conformance.Result) error {
	name := j.name + ": " + display.Line(r.Endpoint)
	if n := len(j.suites); n == 0 || j.suites[n-1].Name != name {
		j.suites = append(j.suites, &testSuite{Name: name})
	}
	suite := j.suites[len(j.suites)-1]
	test := testCase{Name: display.Line(r.ID), ClassName: j.name, File: r.File, Line: r.Line, Time: seconds(r.Duration)}
	var text strings.Builder
	for _, line := range details(r) {
		fmt.Fprintf(&text, "%-8s %s\n", line.label, line.text)
	}
	switch r.Outcome {
	case conformance.Pass, conformance.Note:
		test.Output = text.String()
	case conformance.Fail:
		suite.Failures++
		test.Failure = &problem{display.Line(r.Reason + ": " + r.Cause), string(r.Severity), text.String()}
	case conformance.Error:
		suite.Errors++
		test.Error = &problem{display.Line(r.Reason), "error", text.String()}
	case conformance.Skip:
		suite.Skipped++
		test.Skipped = &problem{display.Line(r.Reason), "", text.String()}
	case conformance.Known:
		suite.Skipped++
		test.Skipped = &problem{display.Line("known to fail until " + r.Known.Until + ": " + r.Known.Reason), "", text.String()}
	}
	suite.Tests++
	suite.Time += test.Time
	suite.Cases = append(suite.Cases, test)
	return nil
}

func (j *JUnit) End(conformance.Summary) error { return nil }

// Close writes the XML.
func (j *JUnit) Close() error {
	all := testSuites{Name: "provision verify", Suites: j.suites}
	for _, suite := range j.suites {
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Skipped += suite.Skipped
		all.Time += suite.Time
	}
	encoder := xml.NewEncoder(j.w)
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
