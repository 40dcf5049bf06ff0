package main

import (
	"context"
	"time"

	"provision/conformance"
	"provision/localtenant"
	"provision/protected"
)

// tenantChangesOf returns what verify may change in the tenant: everything in the local
// tenant, and nothing in a real one or with --life none.
func (a *app) tenantChangesOf(s *connection, f protected.Facts) conformance.TenantChanges {
	switch {
	case s.manage == nil:
		return conformance.TenantChanges{Why: "these cases change keys and assignments, which is done on the local tenant only"}
	case a.config.GetString("life") == "none":
		return conformance.TenantChanges{Why: "skipped by --life none"}
	case s.othersChange:
		return conformance.TenantChanges{Why: "another command is changing the local tenant's keys and assignments for its cases"}
	}
	return conformance.TenantChanges{
		Keys: localtenant.Keys{Management: s.manage}, Assignments: localtenant.Assignments{Graph: s.graph, AppID: f.Resource.AppID},
		Disruptive: a.config.GetString("life") == "disruptive",
	}
}

// lockTenantChanges waits until no other run on this machine changes the local tenant for
// its cases, because a run would report the changes of another as failures of its API. After
// two minutes the cases that change the tenant are skipped. unlock lets the next run continue.
func (a *app) lockTenantChanges(ctx context.Context, s *connection) (unlock func(), err error) {
	if s.manage == nil || a.config.GetString("life") == "none" {
		return func() {}, nil
	}
	unlock, err = a.lock(ctx, s.keep.Dir, "life", 2*time.Minute)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		s.othersChange = true
		return func() {}, nil
	}
	// The process that left something was killed, or its tenant would be as it was.
	if err := (localtenant.Keys{Management: s.manage}).Sweep(ctx); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}
