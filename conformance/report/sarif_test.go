package report

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"provision/conformance"
)

// sarifSchema contains the requirements of SARIF 2.1.0 for the properties that the report has,
// and the requirements of GitHub: a rule with texts, a location with a line, a fingerprint.
const sarifSchema = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object", "required": ["version", "runs"],
	"properties": {
		"$schema": {"format": "uri"},
		"version": {"const": "2.1.0"},
		"runs": {"type": "array", "minItems": 1, "maxItems": 1, "items": {
			"type": "object", "required": ["tool", "results"],
			"properties": {
				"tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
					"type": "object", "required": ["name", "rules"],
					"properties": {"name": {"type": "string", "minLength": 1}, "version": {"type": "string"}, "rules": {"type": "array", "uniqueItems": true, "items": {"$ref": "#/$defs/rule"}}}
				}}},
				"automationDetails": {"type": "object", "properties": {"id": {"type": "string", "pattern": "/$"}}},
				"invocations": {"type": "array", "uniqueItems": true, "items": {
					"type": "object", "required": ["executionSuccessful"],
					"properties": {"executionSuccessful": {"type": "boolean"}, "toolExecutionNotifications": {"type": "array", "items": {
						"type": "object", "required": ["message"], "properties": {"level": {"$ref": "#/$defs/level"}, "message": {"$ref": "#/$defs/text"}}
					}}}
				}},
				"columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
				"results": {"type": "array", "maxItems": 25000, "items": {"$ref": "#/$defs/result"}}
			}
		}}
	},
	"$defs": {
		"level": {"enum": ["none", "note", "warning", "error"]},
		"text": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
		"rule": {
			"type": "object", "required": ["id", "shortDescription", "fullDescription", "help", "properties"],
			"properties": {
				"id": {"type": "string", "maxLength": 255}, "helpUri": {"type": "string", "format": "uri"},
				"shortDescription": {"$ref": "#/$defs/text"}, "fullDescription": {"$ref": "#/$defs/text"}, "help": {"$ref": "#/$defs/text"},
				"defaultConfiguration": {"type": "object", "properties": {"level": {"$ref": "#/$defs/level"}}},
				"properties": {"type": "object", "required": ["tags", "security-severity"], "properties": {
					"tags": {"type": "array", "contains": {"const": "security"}, "uniqueItems": true, "maxItems": 20},
					"precision": {"enum": ["very-high", "high", "medium", "low"]},
					"security-severity": {"type": "string", "pattern": "^([0-9]|10)\\.[0-9]$"}
				}}
			}
		},
		"result": {
			"type": "object", "required": ["ruleId", "message", "locations", "partialFingerprints"],
			"properties": {
				"ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": {"$ref": "#/$defs/level"}, "message": {"$ref": "#/$defs/text"},
				"locations": {"type": "array", "minItems": 1, "maxItems": 1, "items": {
					"type": "object", "required": ["physicalLocation"], "properties": {
						"physicalLocation": {"type": "object", "required": ["artifactLocation", "region"], "properties": {
							"artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string", "minLength": 1, "format": "uri-reference", "pattern": "^[^/\\\\][^\\\\]*$"}}},
							"region": {"type": "object", "required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}}
						}},
						"logicalLocations": {"type": "array", "items": {"type": "object", "properties": {"fullyQualifiedName": {"type": "string"}}}}
					}
				}},
				"partialFingerprints": {"type": "object", "required": ["primaryLocationLineHash"], "additionalProperties": {"type": "string"}},
				"suppressions": {"type": "array", "items": {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["inSource", "external"]}, "justification": {"type": "string"}}}}
			}
		}
	}
}`

func sarif(t *testing.T) ([]byte, sarifRun) {
	t.Helper()
	var b bytes.Buffer
	s := NewSARIF(&b)
	feed(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), log.Runs[0]
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	raw, run := sarif(t)
	if err := validates(compile(t, []byte(sarifSchema), true), raw); err != nil {
		t.Errorf("%v in\n%s", err, raw)
	}
	if len(run.Results) != 4 || len(run.Tool.Driver.Rules) != 2 { // a failure and a known failure in each of two documents
		t.Fatalf("%d results, %d rules", len(run.Results), len(run.Tool.Driver.Rules))
	}
	prints := map[string]bool{}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("rule %d is not %s", r.RuleIndex, r.RuleID)
		}
		prints[r.Fingerprints["primaryLocationLineHash"]] = true
	}
	if len(prints) != len(run.Results) {
		t.Errorf("%d fingerprints of %d results", len(prints), len(run.Results))
	}
	failed, known := run.Results[0], run.Results[1]
	if failed.RuleID != "audience" || failed.Level != "error" || failed.Suppressions != nil ||
		failed.Locations[0].Physical.Artifact.URI != "manifests/shop%20api/conformance.yaml" || failed.Locations[0].Physical.Region.StartLine != 11 {
		t.Errorf("failed %+v", failed)
	}
	if known.Level != "warning" || len(known.Suppressions) != 1 || known.Suppressions[0].Justification != "until 2026-12-31: API-17" {
		t.Errorf("known %+v", known)
	}
	rule := run.Tool.Driver.Rules[0]
	if score, err := strconv.ParseFloat(rule.Properties.SecuritySeverity, 64); err != nil || score < 7 || score > 8.9 { // GitHub's "high"
		t.Errorf("security-severity %s", rule.Properties.SecuritySeverity)
	}
	if want := "What is probably missing in the code, by library:\nFastAPI, PyJWT: jwt.decode(token, audience=AUDIENCE)\ngo-oidc: "; !strings.Contains(rule.Help.Text, want) {
		t.Errorf("help %q", rule.Help.Text)
	}
	if rule.HelpURI != "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3" {
		t.Errorf("helpUri %s", rule.HelpURI)
	}
	if run.Invocations[0].Successful || len(run.Invocations[0].Notifications) != 2 {
		t.Errorf("invocation %+v", run.Invocations[0])
	}
}

func TestEmptySARIF(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := NewSARIF(&b).Close(); err != nil || validates(compile(t, []byte(sarifSchema), true), b.Bytes()) != nil {
		t.Errorf("%v in\n%s", err, b.String())
	}
}

// The fingerprint of an alert must not change with its line, or GitHub would open a new alert.
func TestFingerprintsOutliveEdits(t *testing.T) {
	t.Parallel()
	found := func(line int, reason string) sarifResult {
		lead := conformance.Result{Case: conformance.Case{ID: "GET /a: b", File: "a.yaml", Line: line}, Reason: reason}
		return newSARIFResult("d", 0, conformance.Finding{ID: "audience", Severity: conformance.High, Evidence: []string{"GET /a: b"}, Lead: &lead})
	}
	a, b := found(3, "expected 401, got 200"), found(9, "expected 401, got 500")
	if a.Fingerprints["primaryLocationLineHash"] != b.Fingerprints["primaryLocationLineHash"] {
		t.Error("the fingerprint changed with the line")
	}
}

// Every source in the tables has a URL.
func TestSourceURL(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"RFC 6750, section 2.1; RFC 7515, section 5.2":  "https://www.rfc-editor.org/rfc/rfc6750#section-2.1",
		"RFC 8725, sections 2.1 and 3.2; CVE-2015-9235": "https://www.rfc-editor.org/rfc/rfc8725#section-2.1",
		"CVE-2018-0114": "https://nvd.nist.gov/vuln/detail/CVE-2018-0114",
		"Microsoft: Access tokens, Validate tokens": "https://learn.microsoft.com/entra/identity-platform/access-tokens",
		"the document": "",
	} {
		if got := sourceURL(source); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
	for _, c := range cases(t) {
		address := sourceURL(c.Source)
		u, err := url.Parse(address)
		if (address == "") != strings.HasPrefix(c.Source, "the document") || err != nil || address != "" && u.Scheme != "https" {
			t.Errorf("%s: source %q has the URL %q", c.ID, c.Source, address)
		}
	}
}

// cases returns the cases of an endpoint that requires a scope and a role.
func cases(t *testing.T) []conformance.Case {
	t.Helper()
	all, err := conformance.Expand(suite())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(c conformance.Case) bool { return c.Name == "alg-none" }) {
		t.Fatal("case alg-none is missing")
	}
	return all
}
