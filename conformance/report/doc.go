// Package report tells of conformance runs: as a table for people, as JSON for
// programs, as JUnit XML for CI services. Each is a handler of the same stream
// of results.
//
// Invariants:
//   - The same results give the same bytes, but for durations.
//   - Nothing is hidden: every case of the plan is in every report.
//   - What a target answered is shown without control characters, so that it
//     cannot take over a terminal. Secrets are masked before they come here.
//
// Text writes as the run goes. JSON and JUnit may hold several runs, and write
// when they are closed.
//
// Sources: the JUnit XML schema as GitHub, GitLab and Azure DevOps read it.
package report
