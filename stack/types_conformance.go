package stack

import (
	"bytes"
	"cmp"
	"encoding/json"
)

// Conformance declares which requests an API must accept.
type Conformance struct {
	Name string   `json:"-"`
	Pos  Position `json:"-"`

	Resource  string            `json:"resource"` // the application whose tokens the API accepts
	Client    string            `json:"client"`   // the application that users sign in to
	URL       string            `json:"url,omitempty"`
	Scenario  string            `json:"scenario,omitempty"` // the behavior of the bundled reference API
	Headers   map[string]string `json:"headers,omitempty"`  // of every request to the API
	Life      Life              `json:"life,omitzero"`
	Tenants   Tenants           `json:"tenants,omitzero"`
	Excused   []Excuse          `json:"excused,omitempty"`
	Refusals  Refusals          `json:"refusals,omitzero"` // of all endpoints that declare no refusals of their own
	Endpoints []Endpoint        `json:"endpoints"`
	Cases     []Case            `json:"cases,omitempty"`
}

// Excuse permits cases to be skipped because the document declares no suitable caller.
type Excuse struct {
	Case   string `json:"case"` // id or name; * is any text
	Reason string `json:"reason"`
}

// Life declares how the API handles the issuer's keys and clocks. Both are
// durations as time.ParseDuration reads them.
type Life struct {
	KeyRefresh string `json:"keyRefresh,omitempty"` // from the publication of a key until its tokens are accepted; "": unknown
	ClockSkew  string `json:"clockSkew,omitempty"`  // the tolerance; "": up to five minutes, or none
}

// Endpoint is a route of the API. With neither Public nor Requires, any valid token
// for the resource is admitted.
type Endpoint struct {
	Pos Position `json:"-"`

	Name    string `json:"name,omitempty"` // distinguishes endpoints of one request; "": the request
	Request string `json:"request"`        // "METHOD /path", the path with {name} for each of Parameters
	// Parameters are text, numbers or booleans.
	Parameters  map[string]any `json:"parameters,omitempty"`
	Body        any            `json:"body,omitempty"` // JSON, or a text if ContentType is of another kind
	ContentType string         `json:"contentType,omitempty"`

	Public   bool      `json:"public,omitempty"`
	Requires *Requires `json:"requires,omitempty"`
	Expect   *Expect   `json:"expect,omitempty"` // the answer to an accepted request
	Refusals Refusals  `json:"refusals,omitzero"`
	Next     *Next     `json:"next,omitempty"` // of a listing: where a page names the next one

	Setup   *Fixture `json:"setup,omitempty"`   // before each case
	Cleanup *Fixture `json:"cleanup,omitempty"` // after each case that created an object
}

// ID returns the name of the endpoint in reports and baselines.
func (e Endpoint) ID() string { return cmp.Or(e.Name, e.Request) }

// Fixture is a request before or after the request of a case. The members of the answer
// to Setup are ${setup.MEMBER}. In Cleanup, the members of the answer to the case are
// ${response.MEMBER}.
type Fixture struct {
	Request     string `json:"request"`
	As          As     `json:"as,omitzero"` // zero: a caller that the endpoint admits
	Body        any    `json:"body,omitempty"`
	ContentType string `json:"contentType,omitempty"`

	Capture map[string]Capture `json:"capture,omitempty"` // of Setup's answer, known as ${setup.NAME}
}

// Expect is an answer. A name of JSON that begins with / is a JSON Pointer, in
// which * stands for any member or element.
type Expect struct {
	Status   int            `json:"status,omitempty"`   // default: any 2xx for an admitted request
	JSON     map[string]any `json:"json,omitempty"`     // members that the answer must have with these values
	Contains string         `json:"contains,omitempty"` // text that the answer must have
}

// Case is one request that the document declares in addition to the derived requests.
type Case struct {
	Pos Position `json:"-"`

	Name        string  `json:"name"`
	Request     string  `json:"request"`
	Body        any     `json:"body,omitempty"`
	ContentType string  `json:"contentType,omitempty"`
	As          As      `json:"as,omitzero"` // zero: no token
	Expect      *Expect `json:"expect"`      // status is required here
}

// As names the sender of a request: at most one field is set.
type As struct {
	User        string `json:"user,omitempty"`
	Application string `json:"application,omitempty"`

	name string // of either, until the stack is known
}

// UnmarshalJSON also reads a single name.
func (a *As) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, &a.name)
	}
	type plain As // a type without this method
	return json.Unmarshal(raw, (*plain)(a))
}

// resolve finds out whether the name is a user or an application of the stack. An
// unknown name counts as a user's and is reported as such.
func (a *As) resolve(s *loaded) {
	switch {
	case a.name == "":
	case s.users[a.name] == nil && s.applications[a.name] != nil:
		a.Application = a.name
	default:
		a.User = a.name
	}
	a.name = ""
}
