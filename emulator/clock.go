package emulator

import (
	"net/http"
	"sync/atomic"
	"time"
)

// movableClock is a clock with an offset to another clock.
type movableClock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds
}

func (c *movableClock) now() time.Time { return c.base().Add(time.Duration(c.offset.Load())) }

// clockState is the clock in the management API's requests and answers.
type clockState struct {
	Offset clockOffset `json:"offset"` // ahead of the machine's clock, e.g. "25h", or behind: "-5m"
	Now    time.Time   `json:"now,omitzero"`
}

// clockOffset is written as time.ParseDuration reads it; unlike a fault's
// latency it may be negative.
type clockOffset time.Duration

func (o clockOffset) MarshalText() ([]byte, error) { return []byte(time.Duration(o).String()), nil }

func (o *clockOffset) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*o = clockOffset(d)
	return err
}

func (e *Emulator) readClock(w http.ResponseWriter, _ *http.Request) {
	managementAnswer(w, clockState{clockOffset(e.clock.offset.Load()), e.clock.now().UTC()})
}

func (e *Emulator) setClock(w http.ResponseWriter, r *http.Request) {
	var state clockState
	if !managementBody(w, r, &state) {
		return
	}
	e.clock.offset.Store(int64(state.Offset))
	e.readClock(w, r)
}
