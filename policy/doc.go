// Package policy checks stacks against rules of secure app registrations.
//
// A rule is one entry of a table: its id, severity, reason, correction and source,
// a violating and a clean example, which are its test, and a function that finds
// the places of an application that violate it. To add a rule, add an entry to the
// table of its file and regenerate docs/check.md with
// UPDATE=1 go test ./policy -run TestReference.
//
// Invariants:
//   - [Check] reads nothing but the stacks that it is given, and its result is
//     sorted by the manifests.
//   - A violation has the position of the property that causes it.
//   - An exception of the manifest holds for one rule and one application until its
//     date; a violation that it excepts is reported as excepted.
package policy
