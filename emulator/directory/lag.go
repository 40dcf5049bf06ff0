package directory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-memdb"
)

// Lag is the delay after which writes become visible.
type Lag struct {
	Delay          time.Duration
	Jitter         time.Duration // the maximum additional delay of a write
	ReadYourWrites bool          // a writer sees its own writes and all earlier writes immediately
}

// String returns the lag in the format of ParseLag.
func (l Lag) String() string {
	text := l.Delay.String()
	if l.Jitter > 0 {
		text += ",jitter=" + l.Jitter.String()
	}
	if l.ReadYourWrites {
		text += ",read-your-writes"
	}
	return text
}

// ParseLag parses a lag such as 5s or 2s,jitter=500ms,read-your-writes.
func ParseLag(text string) (l Lag, err error) {
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		jitter, isJitter := strings.CutPrefix(part, "jitter=")
		switch {
		case i == 0:
			l.Delay, err = time.ParseDuration(part)
		case isJitter:
			l.Jitter, err = time.ParseDuration(jitter)
		case part == "read-your-writes":
			l.ReadYourWrites = true
		default:
			return Lag{}, fmt.Errorf("%q is neither jitter=DURATION nor read-your-writes", part)
		}
		if err != nil {
			return Lag{}, fmt.Errorf("%q is not a duration such as 2s", part)
		}
	}
	if l.Delay < 0 || l.Jitter < 0 {
		return Lag{}, fmt.Errorf("a write cannot be seen before it is made")
	}
	return l, nil
}

// replica is the list of states that readers can see while replication lags. A reader
// always sees one whole earlier state. The states share everything that did not
// change.
type replica struct {
	mu     sync.Mutex
	lag    Lag
	random *rand.Rand // of the jitter; the same in every run
	past   []past     // oldest first
}

// past is an earlier state, and the write that replaced it.
type past struct {
	until  time.Time
	state  *memdb.Txn
	writer string        // who wrote; "" if unknown
	extra  time.Duration // the share of the jitter
}

// SetLag delays the visibility of later writes, for Seen and for the objects that an
// Update refers to. The zero value shows every write immediately.
func (d *Directory) SetLag(lag Lag) {
	d.replica.mu.Lock()
	defer d.replica.mu.Unlock()
	d.replica.lag = lag
	d.replica.forget(d.clock())
}

// Lag returns the lag that SetLag has set.
func (d *Directory) Lag() Lag {
	d.replica.mu.Lock()
	defer d.replica.mu.Unlock()
	return d.replica.lag
}

// Seen returns the state without the writes that are not visible yet.
func (d *Directory) Seen() View { return d.SeenBy("") }

// SeenBy returns the state that a reader sees. The reader may see its own writes at
// once.
func (d *Directory) SeenBy(reader string) View {
	if state := d.replica.at(d.clock(), reader); state != nil {
		return View{readerOf(state), d.tenant}
	}
	return d.View()
}

func readerOf(state *memdb.Txn) reader { return reader{func() *memdb.Txn { return state }} }

// at returns the state that a reader sees at a time, or nil if it is the current
// state.
func (r *replica) at(now time.Time, reader string) *memdb.Txn {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := slices.IndexFunc(r.past, func(p past) bool { return !r.over(p, now) })
	if shown < 0 {
		return nil
	}
	if reader != "" && r.lag.ReadYourWrites {
		for i := shown; i < len(r.past); i++ {
			if r.past[i].writer == reader {
				shown = i + 1 // the state after that write
			}
		}
	}
	if shown == len(r.past) {
		return nil
	}
	return r.past[shown].state
}

// over reports whether no reader can see a state any more. A state that ended in the
// future was kept before the clock was set back. It counts as over, because it could
// stay visible for hours.
func (r *replica) over(p past, now time.Time) bool {
	return !now.Before(p.until.Add(r.lag.Delay+min(p.extra, r.lag.Jitter))) || p.until.After(now)
}

// forget deletes the states before the visible one.
func (r *replica) forget(now time.Time) {
	shown := slices.IndexFunc(r.past, func(p past) bool { return !r.over(p, now) })
	if shown < 0 {
		shown = len(r.past)
	}
	r.past = slices.Delete(r.past, 0, shown)
}

// keep stores the state that a write replaces.
func (r *replica) keep(state *memdb.Txn, now time.Time, writer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	if r.lag.Delay+r.lag.Jitter == 0 {
		return
	}
	p := past{until: now, state: state, writer: writer}
	if r.lag.Jitter > 0 {
		if r.random == nil {
			r.random = rand.New(rand.NewPCG(1, 2))
		}
		p.extra = time.Duration(r.random.Int64N(int64(r.lag.Jitter)))
	}
	r.past = append(r.past, p)
}

// Seen returns the visible state, to which this Update may refer. Without a lag it
// includes the Update's own changes.
func (tx *Tx) Seen() View {
	if tx.seen == nil {
		return View{tx.reader, tx.tenant}
	}
	return View{*tx.seen, tx.tenant}
}

// Visible reports whether an Update may refer to the object with an id: the object is
// visible, or this Update creates it, or it does not exist, which the caller checks.
func (tx *Tx) Visible(id string) bool {
	if tx.seen == nil {
		return true
	}
	_, written := tx.before.anything(id)
	_, seen := tx.seen.anything(id)
	return seen || !written
}

// anything returns the object, relation or role with an id.
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
