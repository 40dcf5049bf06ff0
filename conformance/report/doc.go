// Package report writes reports of conformance runs: a table for people, JSON for
// programs, JUnit XML for CI services. Each report is a handler of the same stream of
// results.
//
// Invariants:
//   - The same results give the same bytes, but for durations.
//   - Nothing is hidden: every case of the plan is in every report.
//   - What a target answered is shown without control characters, so that it
//     cannot take over a terminal. Secrets are masked before they come here.
//
// Text writes during the run. JSON and JUnit can contain several runs, and write when
// they are closed.
//
// Sources: the JUnit XML schema as GitHub, GitLab and Azure DevOps read it.
package report
