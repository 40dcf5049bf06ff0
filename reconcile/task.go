package reconcile

import (
	"errors"
	"fmt"
	"time"

	"provision/graph"
	"provision/plan"
)

// task is a step or other work, as a chain of requests: each request follows from the
// answer to the previous one.
type task struct {
	*run
	step plan.Step
	do   func(*task) ([]graph.Request, error) // returns its first requests

	bodies              []map[string]any // of the step, with the ids that are known now
	resource, principal string           // ids of its refs

	waits     int // tasks that must have ended before it
	followers []follower

	status    status
	err       error
	onFailure func() error // undoes the local changes that were made before the requests

	lags     int       // the number of lag errors
	since    time.Time // the first lag error
	repeated time.Duration
}

// status is the progress of a task.
type status int

const (
	waiting status = iota
	working
	finished
	failed
	skipped // a step that it depends on was not completed
)

// follower is a task that waits for another task.
type follower struct {
	*task
	needs bool // it is skipped if the other task was not completed
}

// handlers execute the steps of each kind.
var handlers = map[plan.Kind]func(*task) ([]graph.Request, error){
	plan.User:             (*task).user,
	plan.Password:         (*task).password,
	plan.Group:            (*task).group,
	plan.Application:      (*task).application,
	plan.ServicePrincipal: (*task).servicePrincipal,
	plan.Member:           (*task).member,
	plan.Assignment:       (*task).assignment,
	plan.Grant:            (*task).grant,
	plan.Secret:           (*task).secret,
	plan.Federated:        (*task).federated,
	plan.Owner:            (*task).owner,
	plan.Terraform:        (*task).terraform,
}

func (r *run) task(s plan.Step, do func(*task) ([]graph.Request, error)) *task {
	return &task{run: r, step: s, do: do}
}

// follow makes t wait for another task.
func (t *task) follow(other *task, needs bool) {
	t.waits++
	other.followers = append(other.followers, follower{t, needs})
}

// start begins the task and returns its first requests.
func (t *task) start() []graph.Request {
	t.status = working
	return t.outcome(graph.Request{}, t.do)
}

// outcome continues after an answer: with more requests, with the requests of tasks
// that waited for this one, or with the same request later.
func (t *task) outcome(again graph.Request, do func(*task) ([]graph.Request, error)) []graph.Request {
	more, err := do(t)
	if err != nil && t.patient(err) {
		return []graph.Request{t.later(again)}
	}
	if err == nil && len(more) > 0 {
		return more
	}
	t.status = finished
	if err != nil {
		t.status, t.err = failed, err
		if t.onFailure != nil {
			t.err = errors.Join(err, t.onFailure())
		}
	} else {
		t.remember()
	}
	return t.release()
}

// patient reports whether a request is sent again because the cause of err may be
// temporary.
func (t *task) patient(err error) bool {
	if !graph.Lag(err) {
		return false
	}
	if t.lags == 0 {
		t.since = time.Now()
	}
	if t.repeated = time.Since(t.since); t.repeated+min(graph.LagPause(t.lags), time.Second) > t.Patience {
		return false
	}
	if t.Waiting != nil {
		t.Waiting(t.step, err)
	}
	return true
}

// later returns the request with a pause that grows.
func (t *task) later(r graph.Request) graph.Request {
	t.lags++
	return r.After(min(graph.LagPause(t.lags-1), t.Patience-t.repeated))
}

// release starts the tasks that only waited for this one.
func (t *task) release() []graph.Request {
	t.over++
	var all []graph.Request
	for _, f := range t.followers {
		f.waits--
		if f.needs && t.status != finished && f.status == waiting {
			f.status = skipped
		}
		if f.waits > 0 {
			continue
		}
		if f.status == skipped {
			all = append(all, f.release()...)
		} else {
			all = append(all, f.start()...)
		}
	}
	return all
}

// resolve replaces unknown values of the step by values that this run has learned.
func (t *task) resolve() error {
	t.bodies = make([]map[string]any, len(t.step.Bodies))
	for i, b := range t.step.Bodies {
		t.bodies[i] = plan.Resolve(b, t.lookup)
		if left := plan.Unknowns(t.bodies[i]); len(left) > 0 {
			return fmt.Errorf("%s is not known: the tenant does not have it", left[0].String())
		}
	}
	if s := t.step.Secret; s != nil {
		resolved := *s
		resolved.Sink = plan.ResolveSink(t.step.Stack, s.Sink, t.lookup)
		t.step.Secret = &resolved
	}
	t.resource, t.principal = t.step.Refs.Resource.Resolve(t.lookup), t.step.Refs.Principal.Resolve(t.lookup)
	return nil
}

// send returns a write that passes its answer to then. After a lag error the write is
// sent again.
func (t *task) send(w graph.Write, then func(graph.Answer) ([]graph.Request, error)) graph.Request {
	var request graph.Request
	request = w.Then(func(a graph.Answer) []graph.Request {
		return t.outcome(request, func(*task) ([]graph.Request, error) { return then(a) })
	})
	return request
}

// read returns a read that passes its result to then. After a lag error the read is
// sent again.
func (t *task) read(r graph.Read, then func(graph.Result, error) ([]graph.Request, error)) graph.Request {
	var request graph.Request
	request = r.Then(func(result graph.Result, err error) []graph.Request {
		return t.outcome(request, func(*task) ([]graph.Request, error) { return then(result, err) })
	})
	return request
}

// writes sends writes one after another.
func (t *task) writes(all ...graph.Write) ([]graph.Request, error) {
	if len(all) == 0 {
		return nil, nil
	}
	return []graph.Request{t.send(all[0], func(a graph.Answer) ([]graph.Request, error) {
		if err := t.count(a.Err); err != nil {
			return nil, err
		}
		return t.writes(all[1:]...)
	})}, nil
}

// relate sends a write that creates a relation, and learns the id of the relation, if
// it has one. If the relation exists already, an earlier request whose answer was lost
// created it.
func (t *task) relate(w graph.Write) ([]graph.Request, error) {
	return []graph.Request{t.send(w, func(a graph.Answer) ([]graph.Request, error) {
		if graph.Exists(a.Err) {
			return nil, t.count(nil)
		}
		return nil, t.made(a)
	})}, nil
}

// made counts a write, and learns the id of the created object.
func (t *task) made(a graph.Answer) error {
	if a.Err != nil {
		return a.Err
	}
	made, ok, err := a.Created()
	if ok {
		t.learn(t.step.Key, plan.ID, made.ID)
	}
	return t.count(err)
}

// create sends a write that creates an object, and learns its ids. The answer to an
// upsert of an existing object contains no ids, so find reads the object.
func (t *task) create(w graph.Write, find graph.Read, learn func(graph.Created)) ([]graph.Request, error) {
	return []graph.Request{t.send(w, func(a graph.Answer) ([]graph.Request, error) {
		if a.Err != nil {
			return nil, a.Err
		}
		made, ok, err := a.Created()
		if err != nil {
			return nil, err
		}
		t.done.Writes++
		if ok {
			learn(made)
			return nil, nil
		}
		return []graph.Request{t.read(find, func(r graph.Result, err error) ([]graph.Request, error) {
			switch {
			case err != nil:
				return nil, err
			case r.Object == nil:
				return nil, graph.NotVisible(fmt.Errorf("it is not visible"))
			}
			made, _, err := graph.Answer{Body: r.Object}.Created()
			if err == nil {
				learn(made)
			}
			return nil, err
		})}, nil
	})}, nil
}

// count counts a request that changed something.
func (t *task) count(err error) error {
	if err == nil {
		t.done.Writes++
	}
	return err
}
