package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"provision/graph"
)

// gone takes what a DELETE does not find for deleted, when a second look does
// not find it either: a 404 may come from a server that does not see it yet.
// find reads it; id, where it is not "", is what to look for in a list, or
// among the secrets of an object.
func (a Applier) gone(ctx context.Context, err error, find graph.Read, id string) error {
	if !graph.NotFound(err) && !graph.NoSuchSecret(err) {
		return err
	}
	results, failed := a.Graph.Read(ctx, find)
	switch {
	case graph.NotFound(failed): // what it belongs to has gone, too
		return nil
	case failed != nil:
		return errors.Join(err, failed)
	}
	items := results[0].Items
	if results[0].Object != nil {
		if id == "" {
			return graph.NotVisible(err)
		}
		var o struct {
			PasswordCredentials []json.RawMessage `json:"passwordCredentials"`
		}
		if err := json.Unmarshal(results[0].Object, &o); err != nil {
			return err
		}
		items = o.PasswordCredentials
	}
	if slices.ContainsFunc(items, func(raw json.RawMessage) bool {
		var item struct{ ID, KeyID string }
		return json.Unmarshal(raw, &item) == nil && (item.ID == id || item.KeyID == id)
	}) {
		return graph.NotVisible(err)
	}
	return nil
}

// deleted counts a DELETE that was carried out, now or before.
func (r *run) deleted(err error, find graph.Read, id string) error {
	return r.write(r.gone(r.ctx, err, find, id))
}

// there treats a relation that exists already as made: an earlier answer was
// lost.
func there(err error) error {
	if graph.Exists(err) {
		return nil
	}
	return err
}
