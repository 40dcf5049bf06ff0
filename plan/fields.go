package plan

import (
	"reflect"
	"strings"
)

// object converts a struct of a stack to its JSON form, by the json tags of its fields:
// objects, lists, texts, numbers and booleans.
func object(v any) map[string]any {
	m := map[string]any{}
	members(m, reflect.Indirect(reflect.ValueOf(v)))
	return m
}

func members(m map[string]any, v reflect.Value) {
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		field := v.Field(i)
		if name == "-" || strings.Contains(options, "omit") && unstated(field, options) {
			continue
		}
		m[name] = value(field)
	}
}

// unstated reports whether JSON omits a field: with omitempty if it is empty, with
// omitzero if it has the zero value.
func unstated(v reflect.Value, options string) bool {
	if options == "omitempty" && v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}

func value(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return value(v.Elem())
	case reflect.Struct:
		return object(v.Interface())
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		all := make([]any, v.Len())
		for i := range all {
			all[i] = value(v.Index(i))
		}
		return all
	case reflect.Int, reflect.Int64:
		return float64(v.Int()) // as in JSON
	}
	return v.Interface()
}
