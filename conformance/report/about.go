package report

import "time"

// About is what a report says of the run beside its results.
type About struct {
	Tenant  string
	Command string // that was run, without secrets
	Version string // of provision
	Date    time.Time
}
