package directory

import (
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-memdb"
)

// Directory is the directory of one tenant. It is safe for use by many
// goroutines.
type Directory struct {
	reader
	tenant  Tenant
	tenants *Tenants // the tenants to which it belongs; nil: it is the only one
	clock   func() time.Time
	objects *memdb.MemDB
	store   *store
	writing sync.Mutex // one Update at a time, memory and disk together
	admin   Administrator
	signIns ring[SignIn]
	audits  ring[DirectoryAudit]
	replica replica
}

// Seed contains the properties of a new tenant. Empty properties get default values.
type Seed struct {
	TenantID    string // a random UUID
	Domain      string // contoso.onmicrosoft.com
	DisplayName string // Contoso
}

// Open reads the directory that is stored in the file at path, or keeps it in memory
// if path is empty. It creates a new directory from seed, and ignores seed if the
// directory exists. Only one process at a time can open the file.
func Open(path string, seed Seed, clock func() time.Time) (*Directory, error) {
	objects, err := memdb.NewMemDB(schema())
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	store, err := openStore(path)
	if err != nil {
		return nil, err
	}
	d := &Directory{clock: clock, objects: objects, store: store}
	d.reader = reader{func() *memdb.Txn { return objects.Txn(false) }}
	if err := d.load(seed); err != nil {
		store.close()
		return nil, err
	}
	return d, nil
}

// Close releases the file. The directory must not be used afterwards.
func (d *Directory) Close() error {
	d.writing.Lock()
	defer d.writing.Unlock()
	return d.store.close()
}

// Tenant returns the organization whose directory this is.
func (d *Directory) Tenant() Tenant { return d.tenant }

// View is an immutable state of a directory, for an answer that needs several
// reads. It needs no release.
type View struct {
	reader
	tenant Tenant
}

// View returns the current state.
func (d *Directory) View() View {
	txn := d.objects.Txn(false)
	return View{reader{func() *memdb.Txn { return txn }}, d.tenant}
}

// Tx changes the directory; it reads what it has changed so far. It is valid
// only inside the Update that made it.
type Tx struct {
	reader
	txn     *memdb.Txn
	tenant  Tenant
	tenants *Tenants
	now     time.Time // in UTC, in whole seconds as Graph answers it
	version uint64    // the version after this Update; 0 before it changes a tracked object

	before reader  // the state that this Update began with
	seen   *reader // the visible state; nil if everything is visible
}

// Update runs change to build the next state. If change and the disk succeed, Update
// returns nil, and the whole state survives a killed process. If one of them fails,
// nothing is changed.
//
// Afterwards Update renews the service principals of other tenants that mirror a
// changed application. If this fails, the change stays, and the next OpenTenants
// renews the rest.
func (d *Directory) Update(change func(*Tx) error) error { return d.update("", change, true) }

// UpdateBy is Update for a writer that may see its own writes immediately (see Lag).
func (d *Directory) UpdateBy(writer string, change func(*Tx) error) error {
	return d.update(writer, change, true)
}

// UpdateAtOnce is Update for a service that does not wait for its own writes: it can refer to
// objects that are not visible yet (see SetLag).
func (d *Directory) UpdateAtOnce(change func(*Tx) error) error { return d.update("", change, false) }

func (d *Directory) update(writer string, change func(*Tx) error, waits bool) (err error) {
	var applications []string
	defer func() {
		if err == nil {
			err = d.tenants.mirror(d, applications)
		}
	}() // once others may write here again
	d.writing.Lock()
	defer d.writing.Unlock()
	now, before := d.clock(), d.objects.Txn(false)
	txn := d.objects.Txn(true)
	defer txn.Abort() // does nothing after Commit
	txn.TrackChanges()
	tx := &Tx{
		reader:  reader{func() *memdb.Txn { return txn }},
		txn:     txn,
		tenant:  d.tenant,
		tenants: d.tenants,
		now:     now.UTC().Truncate(time.Second),
		before:  reader{func() *memdb.Txn { return before }},
	}
	if state := d.replica.at(now, writer); state != nil && waits {
		tx.seen = &reader{func() *memdb.Txn { return state }}
	}
	if err := change(tx); err != nil {
		return err
	}
	if err := tx.computeMembers(txn.Changes()); err != nil {
		return err
	}
	changes := txn.Changes()
	if err := d.store.write(changes); err != nil {
		return err
	}
	d.replica.keep(before, now, writer)
	txn.Commit()
	applications = changedApplications(changes)
	return nil
}

// date returns the time of the Update. An object must not point into the Tx: that would keep
// the whole former state in memory for as long as the object exists.
func (tx *Tx) date() *time.Time { return new(tx.now) }

// put stores a new object or a new version of one. The object belongs to the
// directory from then on.
func (tx *Tx) put(table string, object any) {
	fillLists(object)
	tx.noteChange(object)
	if err := tx.txn.Insert(table, object); err != nil {
		panic(fmt.Sprintf("directory: insert into %s: %v", table, err)) // an object without an id: a mistake in this package
	}
	tx.notePurge(table, objectID(object), false)
}

// remove deletes an object permanently.
func (tx *Tx) remove(table string, object any) {
	if err := tx.txn.Delete(table, object); err != nil {
		panic(fmt.Sprintf("directory: delete from %s: %v", table, err))
	}
	tx.notePurge(table, objectID(object), true)
}

// Load returns the value that Save or SaveOnce kept under a key.
func (d *Directory) Load(bucket, key string) ([]byte, bool) { return d.store.load(bucket, key) }

// Save stores a value under a key durably, and replaces an older one.
func (d *Directory) Save(bucket, key string, value []byte) error {
	_, err := d.store.save(bucket, key, value, false)
	return err
}

// SaveOnce stores a value under a key unless the key exists; stored reports whether it
// did. If several callers use the same key, exactly one stores its value.
func (d *Directory) SaveOnce(bucket, key string, value []byte) (stored bool, err error) {
	return d.store.save(bucket, key, value, true)
}

// Remove deletes a key. It returns no error if the key does not exist.
func (d *Directory) Remove(bucket, key string) error { return d.store.forget(bucket, key) }

// Keys returns the keys of a bucket, sorted.
func (d *Directory) Keys(bucket string) []string { return d.store.keys(bucket) }

// Canonical is View.Canonical of the current state.
func (d *Directory) Canonical() ([]byte, error) { return d.View().Canonical() }

// Export is View.Export of the current state.
func (d *Directory) Export() ([]byte, error) { return d.View().Export() }
