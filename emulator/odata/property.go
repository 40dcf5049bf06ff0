package odata

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Property is one property of a resource, as the json tag of a struct's field names
// it.
type Property struct {
	Name  string
	Index int // of the field
	Type  reflect.Type
}

// Structure is the list of a resource's properties, in their declared order.
type Structure struct {
	Properties []Property
	ByName     map[string]Property
}

var structures sync.Map // reflect.Type → Structure

// StructureOf returns the properties of a struct.
func StructureOf(t reflect.Type) Structure {
	if known, ok := structures.Load(t); ok {
		return known.(Structure)
	}
	s := Structure{ByName: map[string]Property{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		p := Property{name, i, t.Field(i).Type}
		s.Properties = append(s.Properties, p)
		s.ByName[name] = p
	}
	structures.Store(t, s)
	return s
}

var timeType = reflect.TypeFor[time.Time]()

// IsComplex reports whether a property has members.
func IsComplex(t reflect.Type) bool { return t.Kind() == reflect.Struct && t != timeType }

// ValueAt follows a path of property names from an object; ok is false if a name in the
// path does not exist. A null in the path makes the value null.
func ValueAt(object reflect.Value, path []string) (v reflect.Value, ok bool) {
	v = object
	for _, name := range path {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, pathExists(v.Type().Elem(), path[slices.Index(path, name):])
			}
			v = v.Elem()
		}
		if !IsComplex(v.Type()) {
			return v, false
		}
		p, known := StructureOf(v.Type()).ByName[name]
		if !known {
			return v, false
		}
		v = v.Field(p.Index)
	}
	return v, true
}

// pathExists reports whether objects of a type have the property at a path.
func pathExists(t reflect.Type, path []string) bool {
	_, ok := typeAt(t, path)
	return ok
}

func typeAt(t reflect.Type, path []string) (reflect.Type, bool) {
	for _, name := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if !IsComplex(t) {
			return t, false
		}
		p, known := StructureOf(t).ByName[name]
		if !known {
			return t, false
		}
		t = p.Type
	}
	return t, true
}
