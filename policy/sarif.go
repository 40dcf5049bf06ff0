package policy

import (
	"encoding/json"
	"io"
	"path/filepath"
	"slices"

	"provision/internal/display"
)

// levels are the levels of SARIF for severities, and the numbers by which GitHub sorts.
var levels = map[Severity]struct{ level, score string }{
	Critical: {"error", "9.5"}, High: {"error", "8.0"}, Medium: {"warning", "5.0"}, Low: {"note", "2.0"},
}

type object = map[string]any

// WriteSARIF writes violations in the SARIF format 2.1.0, each at the line of its
// manifest. Violations that an exception accepts are suppressed.
func WriteSARIF(w io.Writer, version string, violations []Violation) error {
	rules := Rules()
	described, results := []object{}, []object{}
	for _, r := range rules {
		described = append(described, object{
			"id": r.ID, "shortDescription": object{"text": r.Fix}, "fullDescription": object{"text": r.Reason + " (" + r.Source + ")"},
			"help":                 object{"text": r.Fix + "\n\n" + r.Source},
			"defaultConfiguration": object{"level": levels[r.Severity].level},
			"properties":           object{"tags": []string{"security"}, "security-severity": levels[r.Severity].score},
		})
	}
	for _, v := range violations {
		result := object{
			"ruleId": v.Rule, "ruleIndex": slices.IndexFunc(rules, func(r Rule) bool { return r.ID == v.Rule }), "level": levels[v.Severity].level,
			"message":             object{"text": v.Subject() + ": " + v.Message + ": " + v.Reason},
			"locations":           []object{location(v)},
			"partialFingerprints": object{"violation/v1": v.Rule + " " + v.Subject() + " " + v.Message},
		}
		if v.Excepted != "" {
			result["suppressions"] = []object{{"kind": "inSource", "justification": v.Excepted}}
		}
		results = append(results, result)
	}
	driver := object{"name": "provision check", "rules": described}
	if version != "" {
		driver["version"] = version
	}
	encoder := json.NewEncoder(display.NewWriter(w, false)) // CI logs show the file as it is
	encoder.SetIndent("", "  ")
	return encoder.Encode(object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{"tool": object{"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}},
	})
}

// location returns the location of a violation: a line of a manifest, or a live registration.
func location(v Violation) object {
	if v.AppID != "" {
		return object{"logicalLocations": []object{{"name": v.Application, "fullyQualifiedName": "applications/" + v.AppID, "kind": "resource"}}}
	}
	return object{"physicalLocation": object{
		"artifactLocation": object{"uri": filepath.ToSlash(v.Position.File)},
		"region":           object{"startLine": v.Position.Line, "startColumn": v.Position.Column},
	}}
}

// Subject returns the application of a violation: STACK/NAME, or the display name and the
// appId of a live one.
func (v Violation) Subject() string {
	if v.AppID != "" {
		return v.Application + " (" + v.AppID + ")"
	}
	return v.Stack + "/" + v.Application
}
