package graphapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"provision/emulator/odata"
)

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
	for _, p := range odata.StructureOf(v.Type()).Properties {
		if selected != nil && !slices.Contains(selected, p.Name) {
			continue
		}
		if err := write(p.Name, v.Field(p.Index).Interface()); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
