package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"provision/localtenant"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// homeOf returns the target where the applications of a customer's target are registered, or
// "" for a target that is not a customer's.
func (a *app) homeOf(target string) string {
	if a.file == nil {
		return ""
	}
	return a.file.Customers()[target]
}

// homeCommand returns the command that applies the manifests to the home of a customer.
func (a *app) homeCommand(home string) string {
	return a.commandOn(home, a.where, "apply", a.stageArgs()...)
}

// connectCustomer opens the tenant of a customer, and the home tenant to read from.
func (a *app) connectCustomer(ctx context.Context, target, home string) (*connection, error) {
	at, err := a.connectReal(home)
	if err != nil {
		return nil, err
	}
	if err := at.checkTenant(ctx); err != nil {
		return nil, err
	}
	s, err := a.connectReal(target)
	if err != nil {
		return nil, err
	}
	registered, err := at.graph.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	customer, err := s.graph.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(registered.ID, customer.ID) {
		return nil, sameTenant(target, home, customer.ID)
	}
	s.home = reconcile.Home{Graph: at.graph, TenantID: registered.ID, ApplyCommand: a.homeCommand(home), Keep: at.keep, Lag: at.lag}
	return s, nil
}

// sameTenant refuses a customer target whose tenant is the home tenant: the registrations there
// would count as objects that the customer does not get.
func sameTenant(target, home, id string) error {
	return hint(usagef("target %s is the tenant of target %s (%s), which is its home: a customer has another tenant", target, home, id),
		"correct the tenant of targets.%s in provision.yaml, or remove customerOf", target)
}

// connectLocalCustomer opens a tenant beside the local tenant, which is the home.
func (a *app) connectLocalCustomer(ctx context.Context, target string) (*connection, error) {
	name, err := a.realTenant(target)
	if err != nil {
		return nil, err
	}
	s, err := a.connectLocal(ctx)
	if err != nil {
		return nil, err
	}
	tenant, err := a.localTenantNamed(ctx, s.manage, name)
	if err == nil && strings.EqualFold(tenant.TenantID, s.tenantID) {
		err = sameTenant(target, stack.Local, tenant.TenantID)
	}
	if err == nil {
		s.home = reconcile.Home{Graph: s.graph, TenantID: s.tenantID, ApplyCommand: a.homeCommand(stack.Local), Keep: s.keep, Lag: s.lag}
		s.graph, err = s.graphOf(tenant.TenantID, tenant.ClientID, tenant.ClientSecret)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	if s.keep.Dir, err = a.targetDir(); err != nil {
		s.close()
		return nil, err
	}
	s.v1Issuer = strings.ReplaceAll(s.v1Issuer, s.tenantID, tenant.TenantID)
	s.target, s.tenantID, s.administrator = target, tenant.TenantID, tenant.ClientID
	return s, nil
}

// noTenantYet is the domain of a local customer whose tenant apply has not created yet.
type noTenantYet string

func (domain noTenantYet) Error() string {
	return fmt.Sprintf("the emulator serves no tenant %s yet: only apply creates it", string(domain))
}

// waitsForHome reports whether the plan of a customer's target failed because apply has not changed
// its home yet, which is the target of one of the plans.
func (a *app) waitsForHome(target string, plans map[string]*plan.Plan, err error) bool {
	home := plans[a.homeOf(target)]
	if home == nil {
		return false
	}
	registers := slices.ContainsFunc(home.Steps, func(s plan.Step) bool { return s.Kind == plan.Application && s.Action == plan.Create })
	return errors.As(err, new(noTenantYet)) || errors.As(err, new(stack.Mistakes)) && registers
}

// localTenantNamed finds a tenant beside the local one by its id or domain. Only apply creates it.
func (a *app) localTenantNamed(ctx context.Context, manage *localtenant.Management, name string) (localtenant.Tenant, error) {
	for created := false; ; created = true {
		all, err := manage.Tenants(ctx)
		if err != nil {
			return localtenant.Tenant{}, err
		}
		if i := slices.IndexFunc(all, func(t localtenant.Tenant) bool {
			return strings.EqualFold(t.Domain, name) || strings.EqualFold(t.TenantID, name)
		}); i >= 0 {
			return all[i], nil
		}
		if stack.IsID(name) || created {
			return localtenant.Tenant{}, hint(usagef("the emulator serves no tenant %s", name), "name it by a domain: provision creates it")
		}
		if a.verb != "apply" {
			return localtenant.Tenant{}, hint(noTenantYet(name),
				"apply the home first and then the customer: `%s`", a.commandOn(stack.Local+","+a.config.GetString("target"), a.where, "apply", a.stageArgs()...))
		}
		if _, err := manage.CreateTenant(ctx, name); err != nil {
			return localtenant.Tenant{}, err
		}
	}
}
