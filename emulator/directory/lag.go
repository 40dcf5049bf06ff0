package directory

import (
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-memdb"
)

// replica is what readers are shown while writes reach them late. Every object
// is late by the same time, so what was written by then is the whole state of
// that moment: a list of states suffices, which share all that did not change.
type replica struct {
	mu   sync.Mutex
	lag  time.Duration
	past []past // oldest first
}

// past is a state, and when a write ended it.
type past struct {
	until time.Time
	state *memdb.Txn
}

// SetLag makes every later write visible only after a time: in Seen, and to
// what refers to its object in an Update. 0 shows everything at once.
func (d *Directory) SetLag(lag time.Duration) {
	d.replica.mu.Lock()
	defer d.replica.mu.Unlock()
	d.replica.lag = lag
	d.replica.forget(d.clock())
}

// Lag returns what SetLag has set.
func (d *Directory) Lag() time.Duration {
	d.replica.mu.Lock()
	defer d.replica.mu.Unlock()
	return d.replica.lag
}

// Seen returns the state without the writes that are not visible yet.
func (d *Directory) Seen() View {
	if state := d.replica.at(d.clock()); state != nil {
		return View{reader{func() *memdb.Txn { return state }}, d.tenant}
	}
	return d.View()
}

// at returns the state that is seen at an instant; nil stands for the present.
func (r *replica) at(now time.Time) *memdb.Txn {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.past {
		if !r.over(p, now) {
			return p.state
		}
	}
	return nil
}

// over tells whether nobody is shown a state any more. One that ended in the
// future is from before the clock was set back: to wait for it would be to
// wait for hours.
func (r *replica) over(p past, now time.Time) bool {
	return !now.Before(p.until.Add(r.lag)) || p.until.After(now)
}

func (r *replica) forget(now time.Time) {
	r.past = slices.DeleteFunc(r.past, func(p past) bool { return r.over(p, now) })
}

// keep notes the state that a write ends now.
func (r *replica) keep(state *memdb.Txn, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	if r.lag > 0 {
		r.past = append(r.past, past{now, state})
	}
}

// Seen returns the state that this Update may refer to: with its own changes
// where nothing is late.
func (tx *Tx) Seen() View {
	if tx.seen == nil {
		return View{tx.reader, tx.tenant}
	}
	return View{*tx.seen, tx.tenant}
}

// Visible tells whether what has an id may be referred to: it is seen, or made
// by this Update itself, or is nothing at all, which is for others to refuse.
func (tx *Tx) Visible(id string) bool {
	if tx.seen == nil {
		return true
	}
	_, written := tx.before.anything(id)
	_, seen := tx.seen.anything(id)
	return seen || !written
}

// anything returns the object, the relation or the role with an id.
func (r reader) anything(id string) (any, bool) {
	if object, ok := r.Object(id); ok {
		return object, true
	}
	if a, ok := r.Assignment(id); ok {
		return a, true
	}
	if g, ok := r.Grant(id); ok {
		return g, true
	}
	if a, ok := r.RoleAssignment(id); ok {
		return a, true
	}
	if d, ok := r.RoleDefinition(id); ok {
		return d, true
	}
	return nil, false
}
