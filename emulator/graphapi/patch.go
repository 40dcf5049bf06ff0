package graphapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// body is a request's JSON object: its properties and, separately, its references
// (members@odata.bind and similar), as object ids.
type body struct {
	properties map[string]json.RawMessage
	binds      map[string][]string
}

// object reads the body, which must be one JSON object.
func (c *call) object() (body, error) {
	b := body{map[string]json.RawMessage{}, map[string][]string{}}
	members, err := members(c.body)
	if err != nil {
		return b, err
	}
	for name, raw := range members {
		navigation, bound := strings.CutSuffix(name, "@odata.bind")
		switch {
		case bound:
			ids, err := boundIDs(raw)
			if err != nil {
				return b, err
			}
			b.binds[navigation] = ids
		case isAnnotation(name):
		default:
			b.properties[name] = raw
		}
	}
	return b, nil
}

// take removes a property that a handler processes itself.
func (b body) take(name string) (json.RawMessage, bool) {
	raw, ok := b.properties[name]
	delete(b.properties, name)
	return raw, ok
}

// takeBind removes the references of a navigation property. A property that is left at
// the end is unknown.
func (b body) takeBind(name string) []string {
	ids := b.binds[name]
	delete(b.binds, name)
	return ids
}

func isAnnotation(name string) bool { return strings.Contains(name, "@") }

func members(raw json.RawMessage) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	var m map[string]json.RawMessage
	if err := decoder.Decode(&m); err != nil || m == nil || decoder.More() {
		return nil, badSyntax("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return m, nil
}

// boundIDs reads a reference, or a list of references.
func boundIDs(raw json.RawMessage) ([]string, error) {
	var urls []string
	if err := json.Unmarshal(raw, &urls); err != nil {
		var one string
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, badRequest("An @odata.bind property must contain references to directory objects.")
		}
		urls = []string{one}
	}
	var ids []string
	for _, url := range urls {
		id, err := referencedID(url)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// referencedID returns the object id in a reference such as
// https://graph.microsoft.com/v1.0/directoryObjects/ID, directoryObjects('ID') or
// /users/ID.
func referencedID(url string) (string, error) {
	last := url[strings.LastIndex(url, "/")+1:]
	if open := strings.Index(last, "('"); open >= 0 && strings.HasSuffix(last, "')") {
		last = last[open+2 : len(last)-2]
	}
	if !strings.Contains(url, "/") || last == "" {
		return "", badRequest("Invalid value specified for reference '%s'.", url)
	}
	return last, nil
}

// apply writes the properties of the body to a new resource or a clone. The body may
// contain readOnly properties unchanged, but not with another value.
func (b body) apply(resource any, readOnly []string) error {
	v := reflect.ValueOf(resource).Elem()
	for _, name := range readOnly {
		raw, sent := b.take(name)
		if !sent {
			continue
		}
		if err := unchanged(v, name, raw); err != nil {
			return err
		}
	}
	if err := assign(v, b.properties); err != nil {
		return err
	}
	for name := range b.binds {
		return badRequest("Invalid property '%s'.", name)
	}
	return nil
}

func unchanged(resource reflect.Value, name string, raw json.RawMessage) error {
	p, known := odata.StructureOf(resource.Type()).ByName[name]
	if !known {
		return badRequest("Invalid property '%s'.", name)
	}
	sent := reflect.New(p.Type).Elem()
	if err := decode(sent, raw, name); err != nil {
		return err
	}
	was, err := json.Marshal(resource.Field(p.Index).Interface())
	if err != nil {
		return err
	}
	if is, err := json.Marshal(sent.Interface()); err != nil || !bytes.Equal(is, was) {
		return badRequest("Property '%s' is read-only and cannot be set.", name)
	}
	return nil
}

// assign merges members into a struct.
func assign(v reflect.Value, members map[string]json.RawMessage) error {
	known := odata.StructureOf(v.Type()).ByName
	for _, name := range sortedNames(members) { // sorted, so that the same mistake is always reported first
		p, ok := known[name]
		if !ok {
			return badRequest("Invalid property '%s'.", name)
		}
		if err := decode(v.Field(p.Index), members[name], name); err != nil {
			return err
		}
	}
	return nil
}

func sortedNames(m map[string]json.RawMessage) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		if !isAnnotation(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// decode stores a JSON value in v. It merges the members of a complex value and
// replaces every other value.
func decode(v reflect.Value, raw json.RawMessage, name string) error {
	if string(raw) == "null" {
		v.SetZero()
		return nil
	}
	switch {
	case odata.IsComplex(v.Type()):
		m, err := members(raw)
		if err != nil {
			return wrongType(name, raw)
		}
		return assign(v, m)
	case v.Type() == reflect.TypeFor[*directory.EmployeeOrgData]() && !v.IsNil():
		return decode(v.Elem(), raw, name) // the only nullable complex value that is merged
	case v.Kind() == reflect.Pointer && odata.IsComplex(v.Type().Elem()):
		fresh := reflect.New(v.Type().Elem())
		if err := decode(fresh.Elem(), raw, name); err != nil {
			return err
		}
		if isEmpty(fresh.Elem()) {
			fresh = reflect.Zero(v.Type())
		}
		v.Set(fresh)
	case v.Kind() == reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if err := decode(fresh.Elem(), raw, name); err != nil {
			return err
		}
		v.Set(fresh)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return wrongType(name, raw)
		}
		list := reflect.MakeSlice(v.Type(), len(items), len(items))
		for i, item := range items {
			if string(item) == "null" {
				return wrongType(name, raw)
			}
			list.Index(i).Set(newEntry(v.Type().Elem()))
			if err := decode(list.Index(i), item, name); err != nil {
				return err
			}
		}
		v.Set(list)
	default:
		return decodePrimitive(v, raw, name)
	}
	return nil
}

// newEntry returns a new entry of a list with its defaults, before the request's values.
func newEntry(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[directory.PermissionScope]():
		return reflect.ValueOf(directory.PermissionScope{IsEnabled: true, Type: "User"})
	case reflect.TypeFor[directory.AppRole]():
		return reflect.ValueOf(directory.AppRole{IsEnabled: true, Origin: "Application"})
	}
	return reflect.Zero(t)
}

func decodePrimitive(v reflect.Value, raw json.RawMessage, name string) error {
	fresh := reflect.New(v.Type())
	err := json.Unmarshal(raw, fresh.Interface())
	if err != nil && v.Kind() == reflect.Bool { // az sends "true"
		var text string
		if json.Unmarshal(raw, &text) == nil {
			var b bool
			if b, err = strconv.ParseBool(strings.ToLower(text)); err == nil {
				fresh.Elem().SetBool(b)
			}
		}
	}
	if err != nil {
		return wrongType(name, raw)
	}
	v.Set(fresh.Elem())
	return nil
}

func wrongType(name string, raw json.RawMessage) error {
	shown := string(raw)
	if strings.Contains(strings.ToLower(name), "password") || strings.Contains(strings.ToLower(name), "secret") || len(shown) > 80 {
		shown = "…"
	}
	return badSyntax("Cannot convert the value %s of property '%s' to the expected type.", shown, name)
}

// isEmpty reports whether a complex value is empty: {} clears it.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !isEmpty(v.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		return v.IsNil() || v.Elem().Kind() == reflect.String && v.Elem().Len() == 0
	case reflect.Slice:
		return v.IsNil() // a list in the request is not omitted, even if it is empty
	}
	return v.IsZero()
}
