package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// store stores values of one type under keys, in a file.
type store[T any] struct {
	db    *bbolt.DB
	clean func() error
}

var bucket = []byte("values")

// openStore opens the file NAME.db in a folder, or a temporary file that is deleted on
// close.
func openStore[T any](dir, name string) (*store[T], error) {
	clean := func() error { return nil }
	if dir == "" {
		temporary, err := os.MkdirTemp("", "provision-"+name+"-")
		if err != nil {
			return nil, err
		}
		dir, clean = temporary, func() error { return os.RemoveAll(temporary) }
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(filepath.Join(dir, name+".db"), 0o600, &bbolt.Options{
		Timeout: time.Second, NoSync: true, // the promise is that a write outlives the process, not that it outlives power loss
	})
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists(bucket)
			return err
		})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s in %s: %w", name, dir, err), clean())
	}
	return &store[T]{db, clean}, nil
}

func (s *store[T]) close() error { return errors.Join(s.db.Close(), s.clean()) }

// update replaces a value by the result of change; found reports whether there was a
// value.
func (s *store[T]) update(key string, change func(value T, found bool) T) (changed T, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		var old T
		data := tx.Bucket(bucket).Get([]byte(key))
		if data != nil {
			if err := json.Unmarshal(data, &old); err != nil {
				return err
			}
		}
		changed = change(old, data != nil)
		data, err := json.Marshal(changed)
		if err != nil {
			return err
		}
		return tx.Bucket(bucket).Put([]byte(key), data)
	})
	return changed, err
}

func (s *store[T]) get(key string) (value T, found bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		data := tx.Bucket(bucket).Get([]byte(key))
		if found = data != nil; !found {
			return nil
		}
		return json.Unmarshal(data, &value)
	})
	return value, found, err
}

// all returns the values in the order of their keys.
func (s *store[T]) all() ([]T, error) {
	values := []T{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(_, data []byte) error {
			var value T
			if err := json.Unmarshal(data, &value); err != nil {
				return err
			}
			values = append(values, value)
			return nil
		})
	})
	return values, err
}

// remove reports whether there was a value.
func (s *store[T]) remove(key string) (found bool, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		found = tx.Bucket(bucket).Get([]byte(key)) != nil
		return tx.Bucket(bucket).Delete([]byte(key))
	})
	return found, err
}
