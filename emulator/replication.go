package emulator

import (
	"net/http"
	"time"

	"provision/emulator/directory"
	"provision/emulator/faults"
)

// lagState is the replication lag in the management API's requests and answers.
type lagState struct {
	Lag            faults.Duration `json:"lag"`              // e.g. "5s"; "0s" shows every write immediately
	Jitter         faults.Duration `json:"jitter,omitempty"` // the maximum additional delay of a write
	ReadYourWrites bool            `json:"readYourWrites,omitempty"`
}

// Lag is the delay after which writes are visible.
type Lag = directory.Lag

// ParseLag reads a lag such as 5s or 2s,jitter=500ms,read-your-writes.
func ParseLag(text string) (Lag, error) { return directory.ParseLag(text) }

// SetReplicationLag delays the visibility of later writes in every tenant.
func (e *Emulator) SetReplicationLag(lag directory.Lag) {
	for _, d := range e.tenants.All() {
		d.SetLag(lag)
	}
}

func (e *Emulator) readLag(w http.ResponseWriter, _ *http.Request) {
	lag := e.directory.Lag()
	managementAnswer(w, lagState{faults.Duration(lag.Delay), faults.Duration(lag.Jitter), lag.ReadYourWrites})
}

func (e *Emulator) setLag(w http.ResponseWriter, r *http.Request) {
	var state lagState
	if !managementBody(w, r, &state) {
		return
	}
	e.SetReplicationLag(directory.Lag{Delay: time.Duration(state.Lag), Jitter: time.Duration(state.Jitter), ReadYourWrites: state.ReadYourWrites})
	e.readLag(w, r)
}
