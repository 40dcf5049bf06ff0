package main

import (
	"context"
	"time"

	"provision/conformance"
	"provision/localtenant"
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
		Keys: localtenant.Keys{Management: s.manage}, Assignments: localtenant.Assignments{Graph: s.graph, AppID: f.resource.AppID},
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
