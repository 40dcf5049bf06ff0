package stack

import (
	"bytes"
	"encoding/json"
)

// Refusals are the answers to callers who are not admitted, by reason. A kind without
// forms is only its usual status: 401, 403 or 404.
type Refusals struct {
	Unauthenticated Forms `json:"unauthenticated,omitempty"`
	Forbidden       Forms `json:"forbidden,omitempty"`
	NotFound        Forms `json:"notFound,omitempty"`
}

// Or adds the kinds of other for the kinds that r does not declare.
func (r Refusals) Or(others Refusals) Refusals {
	if r.Unauthenticated == nil {
		r.Unauthenticated = others.Unauthenticated
	}
	if r.Forbidden == nil {
		r.Forbidden = others.Forbidden
	}
	if r.NotFound == nil {
		r.NotFound = others.NotFound
	}
	return r
}

// Forms are alternative forms of an answer.
type Forms []Expect

// UnmarshalJSON reads one form or a list of them.
func (f *Forms) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return json.Unmarshal(raw, (*[]Expect)(f))
	}
	*f = make(Forms, 1)
	return json.Unmarshal(raw, &(*f)[0])
}

// Next is the place where a page of a listing names the next one: as an address, or as
// the value of a query parameter.
type Next struct {
	Capture
	Query string `json:"query,omitempty"` // "": the value is an address
}

// UnmarshalJSON also reads a single pointer.
func (n *Next) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &n.Capture); err != nil || bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) {
		return err
	}
	var more struct{ Query string }
	err := json.Unmarshal(raw, &more)
	n.Query = more.Query
	return err
}

// Capture is a part of an answer: the value at a JSON Pointer, or of a header.
type Capture struct {
	Pointer string `json:"pointer,omitempty"`
	Header  string `json:"header,omitempty"`
	Match   string `json:"match,omitempty"` // a regular expression; the result is its group, or else the whole match
}

// UnmarshalJSON also reads a single pointer.
func (c *Capture) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) {
		return json.Unmarshal(raw, &c.Pointer)
	}
	type plain Capture // a type without this method
	return json.Unmarshal(raw, (*plain)(c))
}
