// Package openapi derives what a Conformance document says of an API from the
// OpenAPI document (3.0 or 3.1, YAML or JSON) that describes it: which requests
// there are, what token each asks for, and what it carries.
//
// It reads the document as plain values, and of its language what bears on
// that: security, parameters, bodies, examples, references within the file.
// Whatever it cannot tell, it says in a remark, for people to complete.
//
// Invariants:
//   - What the OpenAPI document does not protect is derived as public, so that
//     a forgotten security requirement is seen when the result is read.
//   - Nothing is fetched; a reference to another file is a mistake.
//
// Sources: OpenAPI Specification 3.0.4 and 3.1.1, "Security Requirement
// Object", "Security Scheme Object", "Parameter Object", "Media Type Object".
package openapi
