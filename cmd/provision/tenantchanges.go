package main

import (
	"context"

	"provision/conformance"
	"provision/localtenant"
	"provision/protected"
)

// tenantChangesOf returns the changes that verify may make in the tenant: everything in the local
// tenant, and nothing in a real one or with --life none.
func tenantChangesOf(s *connection, f protected.Facts, lock tenantLock, life string) conformance.TenantChanges {
	if s.manage == nil {
		return conformance.TenantChanges{Why: "these cases change keys and assignments, which is done on the local tenant only"}
	}
	if life == "none" {
		return conformance.TenantChanges{Why: "skipped by --life none", Lock: lock}
	}
	return conformance.TenantChanges{
		Keys: localtenant.Keys{Management: s.manage}, Assignments: localtenant.Assignments{Graph: s.graph, AppID: f.Resource.AppID},
		Disruptive: life == "disruptive", Lock: lock,
	}
}

// sweepTenant removes the keys and faults that a killed run has left in the local tenant. A
// run in progress may have published keys, but it has faults only while it uses the tenant alone.
func (a *app) sweepTenant(ctx context.Context, s *connection) error {
	if s.manage == nil {
		return nil
	}
	if err := makeFolder(s.keep.Dir); err != nil {
		return err
	}
	keys, lock := localtenant.Keys{Management: s.manage}, a.tenantLock(s)
	release, alone, err := lock.tryAlone()
	if err != nil {
		return err
	}
	if alone {
		defer release()
		return keys.Sweep(ctx)
	}
	if release, err = lock.Share(ctx); err != nil {
		return err
	}
	defer release()
	return keys.SweepFaults(ctx)
}
