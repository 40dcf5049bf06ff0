package forge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Object is a JSON object whose members keep their order and their bytes.
type Object []Member

// Member is one member of an Object. A name may occur more than once.
type Member struct {
	Name  string
	Value json.RawMessage
}

// ParseObject reads a JSON object.
func ParseObject(b []byte) (Object, error) {
	decoder := json.NewDecoder(bytes.NewReader(b))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil, fmt.Errorf("parse json object: it does not begin with a brace")
	}
	var o Object
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("parse json object: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("parse json object: %w", err)
		}
		o = append(o, Member{name.(string), value}) // the decoder accepts no other name
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("parse json object: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("parse json object: something follows it")
	}
	return o, nil
}

// Bytes writes the object without white space.
func (o Object) Bytes() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, member := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(marshal(member.Name))
		b.WriteByte(':')
		b.Write(member.Value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// Get returns the value of the first member of that name.
func (o Object) Get(name string) (json.RawMessage, bool) {
	i := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return nil, false
	}
	return o[i].Value, true
}

// Set gives the first member of that name another value, or adds one.
func (o Object) Set(name string, value any) Object {
	member := Member{name, marshal(value)}
	i := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return append(slices.Clone(o), member)
	}
	o = slices.Clone(o)
	o[i] = member
	return o
}

// marshal encodes the values that this package uses: strings, numbers, lists, raw
// messages. Any other type is a programming error.
func marshal(value any) json.RawMessage {
	b, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("forge: %v", err))
	}
	return b
}
