package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// Name returns the title as a document's metadata.name.
func (d *Document) Name() string {
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(d.Title), "-"), "-")
	if len(name) > 40 {
		name = strings.Trim(name[:40], "-")
	}
	if name == "" {
		return "api"
	}
	return name
}

// YAML returns the Conformance document for the API that resource protects, whose
// users sign in to client.
func (d *Document) YAML(resource, client string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Derived from the OpenAPI document of %s: read it before you rely on it.\n", oneLine(d.Title))
	for _, warning := range d.Warnings() {
		fmt.Fprintf(&b, "# WARNING: %s\n", oneLine(warning))
	}
	fmt.Fprintf(&b, "apiVersion: provision/v1\nkind: Conformance\nmetadata: {name: %s}\nspec:\n", quoted(d.Name()))
	fmt.Fprintf(&b, "  resource: %s # the application whose tokens the API accepts\n  client: %s # the application that users sign in to\n", quoted(resource), quoted(client))
	if d.Server != "" {
		fmt.Fprintf(&b, "  # url: %s\n", oneLine(d.Server))
	}
	for _, why := range d.LeftOut {
		fmt.Fprintf(&b, "  # left out: %s\n", oneLine(why))
	}
	b.WriteString("  endpoints:\n")
	for _, e := range d.Endpoints {
		for _, remark := range e.Remarks {
			fmt.Fprintf(&b, "    # %s\n", oneLine(remark))
		}
		fmt.Fprintf(&b, "    - request: %s\n", request(e.Request))
		for _, field := range []struct {
			name  string
			value any
			is    bool
		}{
			{"parameters", e.Parameters, len(e.Parameters) > 0}, {"body", e.Body, e.Body != nil}, {"contentType", e.ContentType, e.ContentType != ""},
			{"public", true, e.Public}, {"requires", e.Requires, e.Requires != nil}, {"expect", e.Expect, e.Expect != nil},
		} {
			if !field.is {
				continue
			}
			var value bytes.Buffer
			encoder := json.NewEncoder(&value)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(field.value); err != nil { // JSON is YAML
				return nil, fmt.Errorf("%s: %s: %w", e.Request, field.name, err)
			}
			fmt.Fprintf(&b, "      %s: %s", field.name, value.Bytes())
		}
	}
	return b.Bytes(), nil
}

// request is unquoted if YAML permits it.
func request(r string) string {
	if strings.ContainsAny(r, "#:\"'\\`") {
		return quoted(r)
	}
	return r
}

var plainWord = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// quoted returns a text in a form that YAML always parses as a string.
func quoted(s string) string {
	if plainWord.MatchString(s) && s != "true" && s != "false" && s != "null" && s != "yes" && s != "no" && s != "on" && s != "off" && s != "y" && s != "n" {
		return s
	}
	raw, _ := json.Marshal(s)
	return string(raw)
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r <= 0x9f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
