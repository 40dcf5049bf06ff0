// Package plan compares a tenant with the manifests of stacks, and lists the steps
// that make the tenant match the manifests.
//
// It is pure: it reads no file, clock or network. The declared and the live objects
// (Declared, Live) are Objects under natural keys. A Plan is data: it can be printed,
// stored as JSON and carried out later. A value that Entra chooses on creation is an
// Unknown, never a string, until reconcile knows it. A second step sets a property
// that contains an Unknown, after the object exists.
package plan
