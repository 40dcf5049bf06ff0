// Package openapi derives a Conformance document from the OpenAPI document (3.0 or
// 3.1, YAML or JSON) of an API: the requests, the token that each requires, and its
// content.
//
// It reads the document as plain values and evaluates security, parameters, bodies,
// examples, and references within the file. If it cannot derive a part, it writes a
// remark, so that the user can complete the document.
//
// Invariants:
//   - What the OpenAPI document does not protect is derived as public, so that
//     a forgotten security requirement is seen when the result is read.
//   - Nothing is fetched; a reference to another file is a mistake.
//
// Sources: OpenAPI Specification 3.0.4 and 3.1.1, "Security Requirement
// Object", "Security Scheme Object", "Parameter Object", "Media Type Object".
package openapi
