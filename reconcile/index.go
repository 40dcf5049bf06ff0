package reconcile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"provision/reconcile/sink"
)

// index lists the files of the secrets folder by application. The content of a file
// names its application: names never become part of a path here.
type index map[string][]entry

// entry is a stored secret, or the record of a secret in another sink.
type entry struct {
	file string
	record
}

// sweep removes half-written files of killed processes from the secrets folder. The
// caller must hold the lock of the target.
func (k Keep) sweep() error {
	files, err := os.ReadDir(k.secrets())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range files {
		if sink.Temporary(f.Name()) {
			if err := os.Remove(filepath.Join(k.secrets(), f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// index reads the secrets folder.
func (k Keep) index() (index, error) {
	all := index{}
	files, err := os.ReadDir(k.secrets())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !f.Type().IsRegular() || !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		e := entry{file: filepath.Join(k.secrets(), f.Name())}
		if e.record, _, err = k.readRecord(e.file); err != nil {
			return nil, err
		}
		all[e.Application] = append(all[e.Application], e)
	}
	return all, nil
}

// forget removes the matching entries, also from their sinks. The secrets are revoked,
// so a value that cannot be removed is useless to anybody; left contains the reasons.
func (k Keep) forget(ctx context.Context, i index, application string, match func(entry) bool) (left []error, err error) {
	var rest []entry
	for _, e := range i[application] {
		if !match(e) {
			rest = append(rest, e)
			continue
		}
		for _, err := range []error{k.leave(ctx, e.file, application, e.Sink, e.Location), k.leave(ctx, e.file, application, e.Former, e.FormerLocation)} {
			if err != nil {
				left = append(left, err)
			}
		}
		if err := os.Remove(e.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return left, err
		}
	}
	i[application] = rest
	return left, nil
}
