package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"provision/conformance"
	"provision/graph"
)

// lifeOf is what verify may do to the tenant: everything on the local one, and
// nothing on a real one or where the user does not want it.
func (a *app) lifeOf(s *session, f facts) conformance.Life {
	switch {
	case s.manage == nil:
		return conformance.Life{Why: "these cases change keys and assignments, which is done on the local tenant only"}
	case a.config.GetString("life") == "none":
		return conformance.Life{Why: "skipped by --life none"}
	case s.lifeTaken:
		return conformance.Life{Why: "another command is changing the local tenant's keys and assignments for its cases"}
	}
	return conformance.Life{
		Keys: keyService{s.manage}, Assignments: assignmentService{s.graph, f.resource.AppID, s.command("apply")},
		Disruptive: a.config.GetString("life") == "disruptive",
	}
}

// beginLife waits until no other run on this machine changes the local tenant for
// its cases: what one changes another would take for a fault of its API. After two
// minutes such cases are left out. The end lets the next run go on.
func (a *app) beginLife(ctx context.Context, s *session) (end func(), err error) {
	if s.manage == nil || a.config.GetString("life") == "none" {
		return func() {}, nil
	}
	unlock, err := a.lock(ctx, s.keep.Dir, "life", 2*time.Minute)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		s.lifeTaken = true
		return func() {}, nil
	}
	return unlock, nil
}

// keyService changes the local tenant's keys by its management API.
type keyService struct{ *management }

func (k keyService) Publish(ctx context.Context) (kid string, withdraw func(context.Context) error, err error) {
	return k.publish(ctx, "another=true")
}

func (k keyService) PublishOf(ctx context.Context, tenantID string) (kid string, withdraw func(context.Context) error, err error) {
	return k.publish(ctx, url.Values{"tenant": {tenantID}}.Encode())
}

func (k keyService) publish(ctx context.Context, query string) (kid string, withdraw func(context.Context) error, err error) {
	var made struct{ ID string }
	if err := k.send(ctx, http.MethodPost, "/keys?"+query, nil, &made); err != nil {
		return "", nil, fmt.Errorf("publish a signing key: %w", err)
	}
	gone := false
	return made.ID, func(ctx context.Context) error {
		if gone {
			return nil
		}
		err := k.send(ctx, http.MethodDelete, "/keys/"+made.ID, nil, nil)
		gone = err == nil
		return err
	}, nil
}

// keySetPaths are those of the tenant's key sets, of both versions.
const keySetPaths = "*/discovery/*keys*"

func (k keyService) Disturb(ctx context.Context, how conformance.KeyFault) (conformance.Disturbance, error) {
	d := disturbance{k.management, "verify-" + rand.Text()}
	rule := map[string]any{"name": d.name, "path": keySetPaths, "latency": max(how.Latency, 1).String()} // 1 ns: it only counts
	if how.Status != 0 {
		rule["status"] = how.Status
	}
	if how.Body != "" {
		rule["body"] = how.Body
	}
	if err := k.send(ctx, http.MethodPost, "/faults", []any{rule}, nil); err != nil {
		return nil, fmt.Errorf("disturb the key set: %w", err)
	}
	return d, nil
}

// disturbance is a fault that the tenant's key set meets.
type disturbance struct {
	*management
	name string
}

func (d disturbance) Requests(ctx context.Context) (int, error) {
	var faults []struct {
		Name  string
		Fired int
	}
	if err := d.send(ctx, http.MethodGet, "/faults", nil, &faults); err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	n := 0
	for _, f := range faults {
		if f.Name == d.name {
			n += f.Fired
		}
	}
	return n, nil
}

func (d disturbance) End(ctx context.Context) error {
	return d.send(ctx, http.MethodDelete, "/faults/"+d.name, nil, nil)
}

// assignmentService takes roles of one resource away by Graph.
type assignmentService struct {
	graph *graph.Client
	appID string
	apply string // the command that gives roles back
}

func (a assignmentService) Unassign(ctx context.Context, user string) (restore func(context.Context) error, err error) {
	resource, held, err := a.held(ctx, user)
	if err != nil {
		return nil, err
	}
	var removed []assignment
	restore = func(ctx context.Context) error {
		for ; len(removed) > 0; removed = removed[1:] {
			if err := a.graph.Send(ctx, graph.AssignRole(resource, user, removed[0].AppRoleID)).Err; err != nil {
				return hint(err, "`%s` gives the roles back", a.apply)
			}
		}
		return nil
	}
	for _, one := range held {
		if err := a.graph.Send(ctx, graph.RemoveAssignment(resource, one.ID)).Err; err != nil {
			return nil, errors.Join(err, restore(context.WithoutCancel(ctx)))
		}
		removed = append(removed, one)
	}
	return restore, nil
}

type assignment struct{ ID, AppRoleID, PrincipalID string }

// held are the roles of the resource that were given to the user directly.
func (a assignmentService) held(ctx context.Context, user string) (resource string, held []assignment, err error) {
	found, err := a.graph.Read(ctx, graph.ServicePrincipalByAppID(a.appID))
	if err != nil {
		return "", nil, err
	}
	var principal struct{ ID string }
	if err := json.Unmarshal(found[0].Object, &principal); err != nil {
		return "", nil, fmt.Errorf("read the service principal of %s: %w", a.appID, err)
	}
	all, err := a.graph.Read(ctx, graph.AssignedTo(principal.ID))
	if err != nil {
		return "", nil, err
	}
	for _, raw := range all[0].Items {
		var one assignment
		if err := json.Unmarshal(raw, &one); err != nil {
			return "", nil, fmt.Errorf("read the assignments of %s: %w", a.appID, err)
		}
		if one.PrincipalID == user {
			held = append(held, one)
		}
	}
	return principal.ID, held, nil
}
