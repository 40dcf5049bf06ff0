package stack

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema is the JSON Schema (2020-12) of a manifest document.
//
//go:embed schema.json
var Schema []byte

const schemaURL = "urn:provision:schema"

// schemas are the compiled definitions of each kind.
var schemas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		panic(err) // schema.json is part of the program
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, parsed); err != nil {
		panic(err)
	}
	all := map[string]*jsonschema.Schema{}
	for _, k := range kinds {
		all[k] = c.MustCompile(schemaURL + "#/$defs/" + k)
	}
	return all
})

// validate checks a document against the schema of its kind.
func validate(d *document) {
	err := schemas()[d.kind].Validate(any(d.content))
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		d.explain(invalid)
	}
}

// explain converts the library's tree of errors to mistakes, one for each leaf.
func (d *document) explain(e *jsonschema.ValidationError) {
	if k, ok := e.ErrorKind.(*kind.PropertyNames); ok {
		here := slices.Clone(e.InstanceLocation)
		p := ""
		for _, segment := range here {
			p += pointer(segment)
		}
		d.mistakes.add(d.position(p+pointer(k.Property)), "use letters, digits, _ and -", "%s%q is not a valid name for an entry", in(fieldName(here)), k.Property)
		return
	}
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			d.explain(c)
		}
		return
	}
	here := make([]any, len(e.InstanceLocation))
	for i, s := range e.InstanceLocation {
		here[i] = s
	}
	p := pointer(here...)
	if slices.Contains(d.unresolved, p) {
		return // this mistake is already reported
	}
	what := fieldName(e.InstanceLocation)
	d.refused = append(d.refused, p)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		known := d.properties(e.SchemaURL)
		for _, name := range k.Properties {
			hint := oneOf(name, known)
			best := Nearest(name, known)
			if there := d.otherName(what, name); there != "" {
				best = there
			}
			if key, value, ok := strings.Cut(name, ":"); ok && slices.Contains(known, key) {
				hint = fmt.Sprintf("write a space after the colon: `%s: %s`", key, value)
			} else if best != "" {
				hint = fmt.Sprintf("did you mean %s?", best) // the whole list would hide it
			}
			d.refused = append(d.refused, p+pointer(name))
			d.mistakes.add(d.position(p+pointer(name)), hint, "%sunknown field %s", in(what), name)
		}
	case *kind.Required:
		for _, name := range k.Missing {
			d.mistakes.add(d.position(p), d.missingHint(e, name), "%s%s is missing", in(what), name)
		}
	case *kind.Type:
		d.mistakes.add(d.value(p), d.howToWrite(e.InstanceLocation, k.Want, k.Got, d.firstFields(e.SchemaURL)), "%s must be %s, not %s", what, strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		known := make([]string, len(k.Want))
		for i, w := range k.Want {
			known[i] = fmt.Sprint(w)
		}
		d.mistakes.add(d.value(p), oneOf(fmt.Sprint(k.Got), known), "%s cannot be %v", what, k.Got)
	case *kind.Pattern:
		d.mistakes.add(d.value(p), cmp.Or(requestHint(k.Got, k.Want), d.patternHint(e.SchemaURL)), "%s cannot be %q", what, k.Got)
	case *kind.MinProperties:
		d.mistakes.add(d.value(p), "", "%s is empty", what)
	case *kind.MaxProperties:
		d.mistakes.add(d.value(p), "remove all but one", "%s has %d properties; exactly one is allowed", what, k.Got)
	default:
		if k, ok := k.(*kind.UniqueItems); ok {
			p += pointer(max(k.Duplicates[0], k.Duplicates[1]))
		}
		text, hint := limitMistake(what, e.ErrorKind)
		d.mistakes.add(d.value(p), hint, "%s", text)
	}
}

// fieldName returns the displayed form of a path: spec.appRoles[0].value.
func fieldName(location []string) string {
	var b strings.Builder
	for _, s := range location {
		if strings.Trim(s, "0123456789") == "" {
			b.WriteString("[" + s + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteString(".")
		}
		b.WriteString(s)
	}
	return b.String()
}

func in(what string) string {
	if what == "" {
		return ""
	}
	return what + ": "
}

// definition returns the part of the schema that a schema URL points at.
func (d *document) definition(url string) map[string]any {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.schema))
	if err != nil {
		panic(err) // it was compiled
	}
	_, fragment, _ := strings.Cut(url, "#")
	var here any = parsed
	for segment := range strings.SplitSeq(strings.Trim(fragment, "/"), "/") {
		if segment == "" {
			break // the whole schema
		}
		m, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = m[segment]
	}
	m, _ := here.(map[string]any)
	return m
}

// missingHint describes how to add a missing property of the object in e: its name, and its
// description in the schema.
func (d *document) missingHint(e *jsonschema.ValidationError, name string) string {
	properties, _ := d.definition(e.SchemaURL)["properties"].(map[string]any)
	property, _ := properties[name].(map[string]any)
	if description, _ := property["description"].(string); description != "" {
		return fmt.Sprintf("add `%s`: %s", name, description)
	}
	return fmt.Sprintf("add `%s`", name)
}

func (d *document) properties(url string) []string {
	known, _ := d.definition(url)["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(known))
}

// firstFields are the fields one of which an object, or each object of a list, must have first: the required one,
// or all if an object has exactly one field.
func (d *document) firstFields(url string) []string {
	here := d.definition(url)
	if items, ok := here["items"].(map[string]any); ok {
		here = items
	}
	if ref, ok := here["$ref"].(string); ok {
		here = d.definition(ref)
	}
	if required, _ := here["required"].([]any); len(required) > 0 {
		return []string{fmt.Sprint(required[0])}
	}
	if properties, _ := here["properties"].(map[string]any); fmt.Sprintf("%v %v", here["minProperties"], here["maxProperties"]) == "1 1" {
		return slices.Sorted(maps.Keys(properties))
	}
	return nil
}

// requestMethods are the HTTP methods that the schema's pattern of a request
// begins with.
var requestMethods = regexp.MustCompile(`^\^\(([A-Z|]+)\) /`)

// requestHint describes how to write a method and a path whose pattern they do not match.
func requestHint(got, pattern string) string {
	methods := requestMethods.FindStringSubmatch(pattern)
	words := strings.Fields(got)
	if methods == nil || len(words) == 0 || len(words) > 2 {
		return ""
	}
	known := strings.Split(methods[1], "|")
	method, path := "GET", words[len(words)-1]
	if len(words) == 2 {
		method = Nearest(words[0], known)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if method == "" || len(words) == 1 && slices.Contains(known, strings.ToUpper(words[0])) {
		return ""
	}
	return "write it as " + method + " " + path
}

// patternHint returns the schema's description of a value with a pattern.
func (d *document) patternHint(url string) string {
	s, _ := d.definition(url)["description"].(string)
	return s
}
