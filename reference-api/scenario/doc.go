// Package scenario contains the application logic of the stacks of manifests/ behind the routes
// of the reference API: it stores heroes, registers people and returns secrets. Package
// referenceapi checks who may call a route, as the Conformance document declares. This package
// reads only the caller's identity from a token.
//
// Invariants:
//   - A write that was answered with 2xx is on disk. Without a folder it is lost when the process
//     ends.
//   - The secrets of a vault are returned and never logged.
package scenario
