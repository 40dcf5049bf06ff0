package stack

import (
	"time"
)

// Local is the name of the target that needs no entry in provision.yaml.
const Local = "local"

// Stage is the target for which manifests are read, and the values for them. The
// zero Stage is the local target without any values.
type Stage struct {
	Target  string   // "" is Local
	Targets []string // the targets of provision.yaml; nil does not check the names in manifests

	// Customers are the targets of customers' tenants, each with its home: the target
	// where the applications that a customer gets are registered.
	Customers map[string]string

	Cloud Cloud // of the target; the zero value is the public cloud

	// Configured are the parameters of the target in provision.yaml. Values of an
	// instance take precedence over them, and Parameters over both.
	Configured []Given
	Parameters []Given // if two have the same name, the later one applies

	// Suffix makes a separate environment of every stack: it is appended to the names of
	// stacks, users and identifier URIs. "" appends nothing.
	Suffix string

	// Expires is when the stacks may be deleted. Zero does not change the expiry date.
	Expires time.Time
}

func (s Stage) cloud() Cloud {
	if s.Cloud == (Cloud{}) {
		return publicCloud
	}
	return s.Cloud
}

// Given is the value of a parameter, and where it was set.
type Given struct {
	Name  string
	Value any // text, a number, a boolean or a list of texts
	Pos   Position

	// Environment reports whether the name is the name of an environment variable, which
	// is compared without case and underscores.
	Environment bool
}

func (s Stage) target() string {
	if s.Target == "" {
		return Local
	}
	return s.Target
}
