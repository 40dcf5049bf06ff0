package emulator

import (
	"net/http"
	"time"

	"provision/emulator/faults"
)

// lagState is what the management API says and takes of the replication lag.
type lagState struct {
	Lag faults.Duration `json:"lag"` // e.g. "5s"; "0s" shows every write at once
}

// SetReplicationLag lets the writes that follow be seen only after a while, in
// every tenant.
func (e *Emulator) SetReplicationLag(lag time.Duration) {
	for _, d := range e.tenants.All() {
		d.SetLag(lag)
	}
}

func (e *Emulator) readLag(w http.ResponseWriter, _ *http.Request) {
	managementAnswer(w, lagState{faults.Duration(e.directory.Lag())})
}

func (e *Emulator) setLag(w http.ResponseWriter, r *http.Request) {
	var state lagState
	if !managementBody(w, r, &state) {
		return
	}
	e.SetReplicationLag(time.Duration(state.Lag))
	e.readLag(w, r)
}
