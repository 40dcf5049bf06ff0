package openapi

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"provision/stack"
)

// success returns the status of an admitted request, or 0 if several are possible.
func success(operation object) int {
	responses, _ := operation["responses"].(object)
	status := 0
	for _, key := range slices.Sorted(maps.Keys(responses)) {
		n, err := strconv.Atoi(key)
		if key == "default" || err == nil && (n < 200 || n > 299) {
			continue
		}
		if err != nil || status != 0 { // 2XX, or a second one
			if strings.HasPrefix(key, "2") {
				return 0
			}
			continue
		}
		status = n
	}
	return status
}

// parameters gives values to the parameters of the path and to the required parameters of
// the query.
func (d *deriver) parameters(e *Endpoint, item, operation object) error {
	stated := map[string]object{}
	for _, p := range slices.Concat(list(item["parameters"]), list(operation["parameters"])) {
		parameter, err := d.resolve(p)
		if err != nil {
			return err
		}
		stated[text(parameter["in"])+" "+text(parameter["name"])] = parameter
	}
	set := func(name string, parameter object) error {
		value, invented, err := d.value(parameter)
		if err != nil {
			return err
		}
		switch value.(type) {
		case string, bool, int, int64, uint64, float64:
		default:
			value, invented = "x", true
		}
		if invented {
			e.Remarks = append(e.Remarks, fmt.Sprintf("the value of %s is invented: the OpenAPI document has no example of it", name))
		}
		if e.Parameters == nil {
			e.Parameters = map[string]any{}
		}
		e.Parameters[name] = value
		return nil
	}
	for _, name := range stack.Placeholders(e.Request) {
		if err := set(name, stated["path "+name]); err != nil {
			return err
		}
	}
	separator := "?"
	for _, key := range slices.Sorted(maps.Keys(stated)) {
		where, name, _ := strings.Cut(key, " ")
		if stated[key]["required"] != true || where == "path" {
			continue
		}
		if where != "query" || e.Parameters[name] != nil {
			e.Remarks = append(e.Remarks, fmt.Sprintf("it requires %s in the %s, which was not derived; give a header with headers or --header", name, where))
			continue
		}
		if err := set(name, stated[key]); err != nil {
			return err
		}
		e.Request += separator + url.QueryEscape(name) + "={" + name + "}"
		separator = "&"
	}
	return nil
}

// body takes the example of a JSON body, or makes one of its schema.
func (d *deriver) body(e *Endpoint, operation object) (why string, err error) {
	stated, err := d.resolve(operation["requestBody"])
	if err != nil || stated == nil {
		return "", err
	}
	method, _, _ := strings.Cut(e.Request, " ")
	content, _ := stated["content"].(object)
	kinds := slices.Sorted(maps.Keys(content))
	i := slices.IndexFunc(kinds, stack.IsJSON)
	switch {
	case method == "GET" || method == "HEAD" || len(kinds) == 0:
		return "", nil
	case slices.Contains(kinds, "application/json"):
		i = slices.Index(kinds, "application/json")
	case i < 0 && slices.ContainsFunc(kinds, stack.IsForm):
		i = slices.IndexFunc(kinds, stack.IsForm)
	case i < 0:
		return "its body is " + kinds[0] + ", which cannot be generated", nil
	}
	media, _ := content[kinds[i]].(object)
	value, invented, err := d.value(media)
	if err != nil {
		return "", err
	}
	if kinds[i] != "application/json" {
		e.ContentType = kinds[i]
	}
	e.Body = value
	if members, ok := value.(object); ok && strings.HasPrefix(kinds[i], "multipart/") {
		if e.Body, err = d.withFiles(members, media); err != nil {
			return "", err
		}
	}
	if value == nil {
		e.Body, invented = object{}, true
	}
	if invented {
		e.Remarks = append(e.Remarks, "the body is invented: the OpenAPI document has no example of it")
	}
	return "", nil
}

// withFiles makes files of the members of a form that are files.
func (d *deriver) withFiles(members, media object) (object, error) {
	schema, err := d.resolve(media["schema"])
	if err != nil {
		return nil, err
	}
	made := maps.Clone(members)
	properties, _ := schema["properties"].(object)
	for name := range properties {
		property, err := d.resolve(properties[name])
		if err != nil {
			return nil, err
		}
		_, has := made[name]
		required := slices.Contains(list(schema["required"]), any(name))
		if text(property["format"]) == "binary" || property["contentMediaType"] != nil {
			if has || required {
				made[name] = object{"filename": "file.txt", "content": "text", "contentType": "text/plain"}
			}
		}
	}
	return made, nil
}
