// Package scenario is what the systems of manifests/ do behind the routes of the
// reference API: heroes are kept, people registered, secrets given out. Who may
// call a route is said in the system's Conformance document and checked before
// (package referenceapi); nothing here looks at a token but for who sent it.
//
// Invariants:
//   - What was answered 2xx is on disk, or gone with the process when no folder
//     is given.
//   - A vault's secret is answered and never logged.
package scenario
