// Package localtenant is what commands ask of the local tenant beside Graph and the
// protocols: its management API, by which a conformance suite changes keys and has
// claims signed. A real tenant has nothing like it.
package localtenant
