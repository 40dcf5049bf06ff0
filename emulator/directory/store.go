package directory

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-memdb"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// valuesPrefix distinguishes the buckets of the key-value store from the tables.
const valuesPrefix = "values/"

// store stores objects and values in a bbolt file. For a directory in memory, it stores
// the values in a map and does not store the objects.
type store struct {
	db       *bbolt.DB // nil in memory
	tenantID string    // the objects of this directory
	unspared int       // objects written since the file's pages were last released

	mu     sync.Mutex
	values map[string]map[string][]byte // in memory only
}

func openStore(path string) (*store, error) {
	if path == "" {
		return &store{values: map[string]map[string][]byte{}}, nil
	}
	err := prepareStore(path)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open directory %s: another process has it open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open directory %s: %w", path, err)
	}
	// NoSync: when a commit returns, it is in the page cache, which outlives the
	// process. This takes microseconds; an fsync takes milliseconds.
	db, err := openChecked(path, &bbolt.Options{
		Timeout:        time.Second,
		NoSync:         true,
		NoGrowSync:     true,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open directory %s: another process has it open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open directory %s: %w", path, err)
	}
	return &store{db: db}, nil
}

func (s *store) close() error {
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// write stores the changes of an Update in one transaction.
func (s *store) write(changes memdb.Changes) error {
	if s.db == nil || len(changes) == 0 {
		return nil
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, change := range changes {
			bucket, err := tx.CreateBucketIfNotExists([]byte(change.Table))
			if err != nil {
				return err
			}
			if change.Deleted() {
				if err := bucket.Delete([]byte(objectID(change.Before))); err != nil {
					return err
				}
				continue
			}
			record, err := encodeKept(change.After, s.tenantID)
			if err != nil {
				return err
			}
			if err := bucket.Put([]byte(objectID(change.After)), record); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write directory: %w", err)
	}
	if s.unspared += len(changes); s.unspared >= sparedAfter {
		s.spare()
	}
	return nil
}

// sparedAfter is the number of objects after which the pages of the file are released.
// Each write touches about 64 kB of pages around it, which count as memory of the
// process.
const sparedAfter = 128

// spare returns the touched pages of the file to the system, which keeps them in its
// cache.
func (s *store) spare() {
	s.unspared = 0
	_ = s.db.View(func(tx *bbolt.Tx) error { // bbolt does not map the file again during a read
		releasePages(s.db.Info().Data, uintptr(tx.Size()))
		return nil
	})
}

// read passes every stored object to insert.
func (s *store) read(insert func(table string, object any) error) error {
	if s.db == nil {
		return nil
	}
	defer s.spare()
	return s.db.View(func(tx *bbolt.Tx) error {
		for _, table := range slices.Sorted(maps.Keys(schema().Tables)) {
			if bucket := tx.Bucket([]byte(table)); bucket != nil {
				if err := readTable(table, bucket, insert); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// readTable decodes on all processors, and inserts on this one at the same time.
func readTable(table string, bucket *bbolt.Bucket, insert func(table string, object any) error) error {
	const portion = 256 // the number of records that a goroutine takes at a time
	var records [][]byte
	_ = bucket.ForEach(func(_, record []byte) error {
		records = append(records, record)
		return nil
	})
	type decoded struct {
		objects []any
		err     error
	}
	portions := slices.Collect(slices.Chunk(records, portion))
	results := make([]chan decoded, len(portions))
	for i := range results {
		results[i] = make(chan decoded, 1)
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	defer workers.Wait() // the records belong to the file, which may be closed later
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(portions); i = int(next.Add(1)) - 1 {
				var d decoded
				for _, record := range portions[i] {
					var object any
					if object, d.err = decode(table, record); d.err != nil {
						break
					}
					d.objects = append(d.objects, object)
				}
				results[i] <- d
			}
		})
	}
	for _, result := range results {
		d := <-result
		if d.err != nil {
			return fmt.Errorf("read directory: %s: %w: %w", table, ErrDamaged, d.err)
		}
		for _, object := range d.objects {
			if err := insert(table, object); err != nil {
				return err
			}
		}
	}
	return nil
}

// clear deletes every object: what an interrupted seeding has left.
func (s *store) clear() error {
	if s.db == nil {
		return nil
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for table := range schema().Tables {
			if err := tx.DeleteBucket([]byte(table)); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
				return fmt.Errorf("clear directory: %w", err)
			}
		}
		return nil
	})
}

func (s *store) load(bucket, key string) (value []byte, found bool) {
	if s.db == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		value, found = s.values[bucket][key]
		return slices.Clone(value), found
	}
	_ = s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte(valuesPrefix + bucket)); b != nil {
			if kept := b.Get([]byte(key)); kept != nil {
				value, found = append([]byte{}, kept...), true
			}
		}
		return nil
	})
	return value, found
}

func (s *store) save(bucket, key string, value []byte, once bool) (stored bool, err error) {
	if s.db == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.values[bucket] == nil {
			s.values[bucket] = map[string][]byte{}
		}
		if _, taken := s.values[bucket][key]; taken && once {
			return false, nil
		}
		s.values[bucket][key] = append([]byte{}, value...)
		return true, nil
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(valuesPrefix + bucket))
		if err != nil {
			return err
		}
		if once && b.Get([]byte(key)) != nil {
			return nil
		}
		stored = true
		return b.Put([]byte(key), value)
	})
	if err != nil {
		return false, fmt.Errorf("save %s/%s: %w", bucket, key, err)
	}
	return stored, nil
}

func (s *store) forget(bucket, key string) error {
	if s.db == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.values[bucket], key)
		return nil
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte(valuesPrefix + bucket)); b != nil {
			return b.Delete([]byte(key))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove %s/%s: %w", bucket, key, err)
	}
	return nil
}

func (s *store) keys(bucket string) (keys []string) {
	if s.db == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Sorted(maps.Keys(s.values[bucket]))
	}
	_ = s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte(valuesPrefix + bucket)); b != nil {
			return b.ForEach(func(key, _ []byte) error {
				keys = append(keys, string(key))
				return nil
			})
		}
		return nil
	})
	return keys
}
