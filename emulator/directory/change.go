package directory

import (
	"fmt"
	"iter"
)

// change notes in which version of the directory an object changed last. Of
// what was purged it is all that is left.
type change struct {
	ID      string `json:"id"` // the object's id
	Table   string `json:"table"`
	Version uint64 `json:"version"`
}

// version writes the number so that text order is its order.
func version(n uint64) string { return fmt.Sprintf("%016x", n) }

// tracked are the tables whose changes Graph's delta queries tell.
var tracked = map[string]bool{applications: true, servicePrincipals: true, users: true, groups: true}

// Kinds of objects, as Changes takes them.
const (
	Applications      = applications
	ServicePrincipals = servicePrincipals
	Users             = users
	Groups            = groups
)

// noteChange gives an object the version that this Update makes.
func (tx *Tx) noteChange(table, id string) {
	if !tracked[table] {
		return
	}
	if tx.version == 0 {
		tx.version = tx.Version() + 1
	}
	if err := tx.txn.Insert(changes, &change{ID: id, Table: table, Version: tx.version}); err != nil {
		panic(fmt.Sprintf("directory: note a change: %v", err))
	}
}

// Version returns the number of the Update that changed an object last; every
// such Update has a greater one than those before.
func (r reader) Version() uint64 {
	last, err := r.txn().Last(changes, "version")
	if err != nil {
		panic(fmt.Sprintf("directory: index %s.version: %v", changes, err))
	}
	if last == nil {
		return 0
	}
	return last.(*change).Version
}

// Changes yields the object ids of one kind that changed after a version, in
// the order in which they did.
func (r reader) Changes(kind string, after uint64) iter.Seq[string] {
	return func(yield func(string) bool) {
		found, err := r.txn().LowerBound(changes, "version", version(after+1))
		if err != nil {
			panic(fmt.Sprintf("directory: index %s.version: %v", changes, err))
		}
		for object := found.Next(); object != nil; object = found.Next() {
			if c := object.(*change); c.Table == kind && !yield(c.ID) {
				return
			}
		}
	}
}
