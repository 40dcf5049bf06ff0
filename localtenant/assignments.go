package localtenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"provision/graph"
)

// Assignments removes roles of one resource from users, and restores them.
type Assignments struct {
	Graph *graph.Client
	AppID string // of the resource
}

// NotGivenBack is the error if not all roles of a user could be restored.
type NotGivenBack struct{ Err error }

func (e *NotGivenBack) Error() string { return e.Err.Error() }

func (e *NotGivenBack) Unwrap() error { return e.Err }

// Unassign removes all roles that are assigned to a user directly.
func (a Assignments) Unassign(ctx context.Context, user string) (restore func(context.Context) error, err error) {
	resource, held, err := a.readAssignments(ctx, user)
	if err != nil {
		return nil, err
	}
	var removed []assignment
	restore = func(ctx context.Context) error {
		for ; len(removed) > 0; removed = removed[1:] {
			if err := a.Graph.Send(ctx, graph.AssignRole(resource, user, removed[0].AppRoleID)).Err; err != nil && !graph.Exists(err) {
				return &NotGivenBack{err}
			}
		}
		return nil
	}
	for _, one := range held {
		err := a.Graph.Send(ctx, graph.RemoveAssignment(resource, one.ID)).Err
		if err == nil || !graph.Lasting(err) || graph.NotFound(err) {
			removed = append(removed, one) // even if the answer was lost and Graph has executed the request
		}
		if err != nil && !graph.NotFound(err) {
			return nil, errors.Join(err, restore(context.WithoutCancel(ctx)))
		}
	}
	return restore, nil
}

type assignment struct{ ID, AppRoleID, PrincipalID string }

// readAssignments returns the roles of the resource that were given to the user directly.
func (a Assignments) readAssignments(ctx context.Context, user string) (resource string, held []assignment, err error) {
	found, err := a.Graph.Read(ctx, graph.ServicePrincipalByAppID(a.AppID))
	if err != nil {
		return "", nil, err
	}
	var principal struct{ ID string }
	if err := json.Unmarshal(found[0].Object, &principal); err != nil {
		return "", nil, fmt.Errorf("read the service principal of %s: %w", a.AppID, err)
	}
	all, err := a.Graph.Read(ctx, graph.AssignedTo(principal.ID))
	if err != nil {
		return "", nil, err
	}
	for _, raw := range all[0].Items {
		var one assignment
		if err := json.Unmarshal(raw, &one); err != nil {
			return "", nil, fmt.Errorf("read the assignments of %s: %w", a.AppID, err)
		}
		if one.PrincipalID == user {
			held = append(held, one)
		}
	}
	return principal.ID, held, nil
}
