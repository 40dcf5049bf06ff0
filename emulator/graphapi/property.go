package graphapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// property is one property of a resource, as the json tag of a directory
// struct's field names it.
type property struct {
	name  string
	index int
	typ   reflect.Type
}

// structure is the properties of a resource in their order.
type structure struct {
	properties []property
	byName     map[string]property
}

var structures sync.Map // reflect.Type → structure

func structureOf(t reflect.Type) structure {
	if known, ok := structures.Load(t); ok {
		return known.(structure)
	}
	s := structure{byName: map[string]property{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		p := property{name, i, t.Field(i).Type}
		s.properties = append(s.properties, p)
		s.byName[name] = p
	}
	structures.Store(t, s)
	return s
}

var timeType = reflect.TypeFor[time.Time]()

// isComplex tells whether a property has members of its own.
func isComplex(t reflect.Type) bool { return t.Kind() == reflect.Struct && t != timeType }

// valueAt follows a path of property names from an object; ok is false when
// some name on the way does not exist. A null on the way makes the value null.
func valueAt(object reflect.Value, path []string) (v reflect.Value, ok bool) {
	v = object
	for _, name := range path {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, pathExists(v.Type().Elem(), path[slices.Index(path, name):])
			}
			v = v.Elem()
		}
		if !isComplex(v.Type()) {
			return v, false
		}
		p, known := structureOf(v.Type()).byName[name]
		if !known {
			return v, false
		}
		v = v.Field(p.index)
	}
	return v, true
}

// pathExists tells whether objects of a type have the property at a path.
func pathExists(t reflect.Type, path []string) bool {
	_, ok := typeAt(t, path)
	return ok
}

func typeAt(t reflect.Type, path []string) (reflect.Type, bool) {
	for _, name := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if !isComplex(t) {
			return t, false
		}
		p, known := structureOf(t).byName[name]
		if !known {
			return t, false
		}
		t = p.typ
	}
	return t, true
}

// annotation is an @odata member that precedes an object's properties.
type annotation struct{ name, value string }

// render writes an object with the selected properties, or all of them when
// selected is nil, in the order of its struct.
func render(object any, selected []string, annotations ...annotation) (json.RawMessage, error) {
	v := reflect.Indirect(reflect.ValueOf(object))
	var b bytes.Buffer
	b.WriteByte('{')
	write := func(name string, value any) error {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(name)
		b.WriteString(`":`)
		b.Write(data)
		return nil
	}
	for _, a := range annotations {
		if a.value == "" {
			continue
		}
		if err := write(a.name, a.value); err != nil {
			return nil, err
		}
	}
	for _, p := range structureOf(v.Type()).properties {
		if selected != nil && !slices.Contains(selected, p.name) {
			continue
		}
		if err := write(p.name, v.Field(p.index).Interface()); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
