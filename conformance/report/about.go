package report

import "time"

// About contains the data of a run that a report shows in addition to its results.
type About struct {
	Tenant  string
	Command string // that was run, without secrets
	Version string // of provision
	Date    time.Time
}
