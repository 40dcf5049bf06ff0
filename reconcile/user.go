package reconcile

import (
	"encoding/json"
	"errors"
	"time"

	"provision/graph"
	"provision/plan"
)

func (t *task) user() ([]graph.Request, error) {
	s := t.step
	switch s.Action {
	case plan.Create:
		// The password is stored before the request, so that no user has an unknown
		// password.
		password, err := t.firstPassword(s.Name)
		if err != nil {
			return nil, err
		}
		t.bodies[0]["passwordProfile"] = passwordProfile(password)
		return t.createUser()
	case plan.Update:
		return t.writes(graph.UpdateUser(s.ID, t.bodies[0]))
	default:
		return t.deleteUser()
	}
}

// createUser accepts an existing user with the stack's mark: an earlier request
// created the user, and its answer was lost. A user without the mark is an error.
func (t *task) createUser() ([]graph.Request, error) {
	learn := func(id string) { t.learn(t.step.Key, plan.ID, id) }
	return []graph.Request{t.send(graph.CreateUser(t.bodies[0]), func(a graph.Answer) ([]graph.Request, error) {
		if graph.Taken(a.Err) {
			return []graph.Request{t.read(graph.UserNamed(t.step.Name), func(r graph.Result, err error) ([]graph.Request, error) {
				if err != nil {
					return nil, err
				}
				var user map[string]any
				if r.Object == nil || json.Unmarshal(r.Object, &user) != nil {
					return nil, a.Err
				}
				if owner, _ := userStack(user); owner != t.step.Stack {
					return nil, a.Err
				}
				learn(str(user, "id"))
				return nil, t.count(nil)
			})}, nil
		}
		if a.Err != nil {
			return nil, a.Err
		}
		made, ok, err := a.Created()
		if err == nil && !ok {
			err = errors.New("the answer does not contain the user")
		}
		if err != nil {
			return nil, err
		}
		learn(made.ID)
		return nil, t.count(nil)
	})}, nil
}

// deleteUser removes the stored password first, so that a killed process does not leave
// the password of a deleted user. If the user cannot be deleted, the password is stored
// again.
func (t *task) deleteUser() ([]graph.Request, error) {
	upn := t.step.Name
	if err := t.readPasswords(); err != nil {
		return nil, err
	}
	password, kept := t.passwords[upn]
	if kept {
		if err := t.Keep.setPassword(upn, "", time.Time{}); err != nil {
			return nil, err
		}
		t.onFailure = func() error { return t.Keep.setPassword(upn, password, time.Time{}) }
	}
	return t.remove(graph.DeleteUser(t.step.ID), graph.ByID(graph.Users, t.step.ID), "", nil)
}

// firstPassword returns the stored password of a new user. A retry uses the same password,
// because an earlier request whose answer was lost may have created the user with it.
func (r *run) firstPassword(upn string) (string, error) {
	if err := r.readPasswords(); err != nil {
		return "", err
	}
	if password := r.passwords[upn]; password != "" {
		return password, nil
	}
	password, err := newPassword()
	if err != nil {
		return "", err
	}
	r.passwords[upn] = password
	return password, r.Keep.setPassword(upn, password, r.Now())
}

func (r *run) readPasswords() (err error) {
	if r.passwords == nil {
		r.passwords, err = r.Keep.Passwords()
	}
	return err
}

func passwordProfile(password string) map[string]any {
	return map[string]any{"password": password, "forceChangePasswordNextSignIn": false}
}

// password gives a user of the stack a new password. It first records that the password
// is pending: if the process is killed in between, the next apply replaces the
// password.
func (t *task) password() ([]graph.Request, error) {
	upn := t.step.Name
	password, err := newPassword()
	if err != nil {
		return nil, err
	}
	if err := t.Keep.journal(passwordLine{UserPrincipalName: upn, Password: password, Pending: true}); err != nil {
		return nil, err
	}
	return []graph.Request{t.send(graph.UpdateUser(t.step.ID, map[string]any{"passwordProfile": passwordProfile(password)}), func(a graph.Answer) ([]graph.Request, error) {
		if err := t.count(a.Err); err != nil {
			return nil, err
		}
		return nil, t.Keep.setPassword(upn, password, t.Now())
	})}, nil
}
