package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"provision/graph"
	"provision/plan"
)

// remove sends a write that deletes something, and continues with then. After a 404 it
// reads the object again with find, because the 404 may come from a server that does
// not see the object yet; if the object is not found again, it is deleted. id, if set,
// is the id to look for in a list or among the secrets of an object.
func (t *task) remove(w graph.Write, find graph.Read, id string, then func() error) ([]graph.Request, error) {
	done := func() ([]graph.Request, error) {
		t.done.Writes++
		if then == nil {
			return nil, nil
		}
		return nil, then()
	}
	var request graph.Request
	request = t.send(w, func(a graph.Answer) ([]graph.Request, error) {
		if a.Err == nil {
			return done()
		}
		if !graph.NotFound(a.Err) && !graph.NoSuchSecret(a.Err) {
			return nil, a.Err
		}
		return []graph.Request{t.read(find, func(r graph.Result, err error) ([]graph.Request, error) {
			there, err := stillThere(r, err, id)
			switch {
			case err != nil:
				return nil, errors.Join(a.Err, err)
			case !there:
				return done()
			}
			if err := graph.NotVisible(a.Err); !t.patient(err) {
				return nil, err
			}
			return []graph.Request{t.later(request)}, nil
		})}, nil
	})
	return []graph.Request{request}, nil
}

// stillThere reports whether the deleted object still exists.
func stillThere(r graph.Result, err error, id string) (bool, error) {
	if graph.NotFound(err) { // its parent is deleted as well
		return false, nil
	}
	if err != nil {
		return false, err
	}
	items := r.Items
	if r.Object != nil {
		if id == "" {
			return true, nil
		}
		var o struct {
			PasswordCredentials []json.RawMessage `json:"passwordCredentials"`
		}
		if err := json.Unmarshal(r.Object, &o); err != nil {
			return false, err
		}
		items = o.PasswordCredentials
	}
	return slices.ContainsFunc(items, func(raw json.RawMessage) bool {
		var item struct{ ID, KeyID string }
		return json.Unmarshal(raw, &item) == nil && (item.ID == id || item.KeyID == id)
	}), nil
}

// liveSets are the sets of live objects from which a deletion removes objects.
var liveSets = map[plan.Kind]string{plan.User: graph.Users, plan.Group: graph.Groups, plan.Application: graph.Applications,
	plan.ServicePrincipal: graph.ServicePrincipals}

// sureGone is the number of times that an object must be missing both among the live
// objects and in the recycle bin, if writes are not visible immediately: two servers may
// differ.
const sureGone = 3

// purge deletes an object from the recycle bin, where it may appear with a delay. If
// it is neither there nor among the live objects, it is already gone: deleted with its
// application, by a request whose answer was lost, or by somebody else. If the caller
// lacks the permission, the object stays in the recycle bin, and purge warns.
func (t *task) purge() ([]graph.Request, error) {
	s := t.step
	write, find := graph.Purge(s.ID), graph.ByID(graph.DeletedItems, s.ID)
	var request graph.Request
	gone := func(notFound error) []graph.Request {
		return []graph.Request{t.read(find, func(r graph.Result, err error) ([]graph.Request, error) {
			there, err := stillThere(r, err, "")
			switch {
			case err != nil:
				return nil, errors.Join(notFound, err)
			case there:
				return t.remove(write, find, "", nil)
			case s.FollowsDelete && t.Lag > 0 && t.lags < sureGone && t.patient(notFound):
				return []graph.Request{t.later(request)}, nil
			}
			return nil, t.count(nil)
		})}
	}
	request = t.send(write, func(a graph.Answer) ([]graph.Request, error) {
		switch {
		case graph.Denied(a.Err):
			t.done.Warnings = append(t.done.Warnings, fmt.Sprintf(
				"%s stays in the recycle bin for up to 30 days and keeps its name: the caller lacks the Graph permission %s", s.Key, s.Permission()))
			return nil, nil
		case !graph.NotFound(a.Err):
			return nil, t.count(a.Err)
		case !s.FollowsDelete:
			return gone(a.Err), nil
		}
		return []graph.Request{t.read(graph.ByID(liveSets[s.Kind], s.ID), func(r graph.Result, err error) ([]graph.Request, error) {
			live, err := stillThere(r, err, "")
			switch {
			case err != nil:
				return nil, errors.Join(a.Err, err)
			case live && t.patient(a.Err): // its delete is not visible everywhere
				return []graph.Request{t.later(request)}, nil
			case live:
				return nil, a.Err
			}
			return gone(a.Err), nil
		})}, nil
	})
	return []graph.Request{request}, nil
}

// restore restores an object from the recycle bin, and waits until it is visible,
// because the next requests depend on its content.
func (t *task) restore() ([]graph.Request, error) {
	visible := t.read(graph.ByID(liveSets[t.step.Kind], t.step.ID), func(r graph.Result, err error) ([]graph.Request, error) {
		if err == nil && r.Object == nil {
			err = graph.NotVisible(errors.New("it is not visible yet"))
		}
		return nil, err
	})
	return []graph.Request{t.send(graph.Restore(t.step.ID), func(a graph.Answer) ([]graph.Request, error) {
		if a.Err != nil && !graph.NotFound(a.Err) { // not there: an earlier answer was lost
			return nil, a.Err
		}
		t.done.Writes++
		return []graph.Request{visible}, nil
	})}, nil
}
