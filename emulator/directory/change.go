package directory

import (
	"fmt"
	"iter"

	"github.com/hashicorp/go-memdb"
)

// change records that an object was purged, and when. Objects that still exist contain
// their version themselves.
type change struct {
	ID      string `json:"id"` // the object's id
	Table   string `json:"table"`
	Version uint64 `json:"version"`
}

// version formats the number so that texts have the order of the numbers.
func version(n uint64) string { return fmt.Sprintf("%016x", n) }

// tracked are the tables whose changes Graph's delta queries return.
var tracked = map[string]bool{applications: true, servicePrincipals: true, users: true, groups: true}

// Kinds of objects, as Changes takes them.
const (
	Applications      = applications
	ServicePrincipals = servicePrincipals
	Users             = users
	Groups            = groups
)

// versionOf returns the version field of an object of a tracked table.
func versionOf(object any) *uint64 {
	switch o := object.(type) {
	case *Application:
		return &o.Version
	case *ServicePrincipal:
		return &o.Version
	case *User:
		return &o.Version
	case *Group:
		return &o.Version
	case *change:
		return &o.Version
	}
	return nil
}

// byVersion returns the index of a tracked table.
func byVersion[T any]() *memdb.IndexSchema {
	return many("version", func(object *T) []string { return []string{version(*versionOf(any(object)))} })
}

// noteChange gives an object that is stored the version that this Update makes.
func (tx *Tx) noteChange(object any) {
	if v := versionOf(object); v != nil {
		if tx.version == 0 {
			tx.version = tx.before.Version() + 1
		}
		*v = tx.version
	}
}

// notePurge records that an object was purged, or deletes the record if the object
// comes back.
func (tx *Tx) notePurge(table, id string, purged bool) {
	if !tracked[table] {
		return
	}
	mark := &change{ID: id, Table: table}
	old, err := tx.txn.First(changes, "id", id)
	switch {
	case err != nil:
	case purged:
		tx.noteChange(mark)
		err = tx.txn.Insert(changes, mark)
	case old != nil:
		err = tx.txn.Delete(changes, old)
	}
	if err != nil {
		panic(fmt.Sprintf("directory: note a change: %v", err))
	}
}

// Version returns the number of the Update that changed an object last. The numbers of
// these Updates increase.
func (r reader) Version() (newest uint64) {
	for _, table := range []string{applications, servicePrincipals, users, groups, changes} {
		last, err := r.txn().Last(table, "version")
		if err != nil {
			panic(fmt.Sprintf("directory: index %s.version: %v", table, err))
		}
		if last != nil {
			newest = max(newest, *versionOf(last))
		}
	}
	return newest
}

// Changes yields the ids of the objects of one kind that changed after a version, and then
// the ids of purged objects.
func (r reader) Changes(kind string, after uint64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, table := range []string{kind, changes} {
			found, err := r.txn().LowerBound(table, "version", version(after+1))
			if err != nil {
				panic(fmt.Sprintf("directory: index %s.version: %v", table, err))
			}
			for object := found.Next(); object != nil; object = found.Next() {
				if c, mark := object.(*change); mark && c.Table != kind {
					continue
				}
				if !yield(objectID(object)) {
					return
				}
			}
		}
	}
}
