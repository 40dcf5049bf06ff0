// Package plan compares what a tenant holds with what stacks declare, and says
// in which steps the one becomes the other.
//
// It is pure: it reads no file, clock or network. What stacks declare (Declared) and
// what a tenant holds (Live) are Objects under natural keys. A Plan is data: it can
// be printed, kept as JSON and carried out later. A value that Entra chooses when it
// creates something is an Unknown, never a string, until reconcile knows it; a
// property that holds one is set by a second step, after the object exists.
package plan
