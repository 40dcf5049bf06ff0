package main

import (
	"context"
	"fmt"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/policy"
	"provision/stack"
)

// refusals are what the tenant's app management policy would not let an apply of stacks
// add. Where the caller may not read the policy there are none.
func (a *app) refusals(ctx context.Context, c *connection, state *plan.State, stacks []*stack.Stack) ([]policy.Refusal, error) {
	var raw []byte
	var failed error
	err := c.graph.Do(ctx, graph.AppManagementPolicy().Then(func(r graph.Result, err error) []graph.Request {
		if raw, failed = r.Object, err; graph.Lasting(err) {
			raw, failed = nil, nil // a tenant without such policies
		}
		return nil
	}))
	if err != nil {
		return nil, err
	}
	if failed != nil || raw == nil {
		return nil, failed
	}
	restrictions, err := policy.ParseRestrictions(raw)
	if err != nil {
		return nil, fmt.Errorf("read the app management policy of the tenant: %w", err)
	}
	return restrictions.Refusals(stacks, func(s *stack.Stack, one *stack.Application) policy.Live {
		return liveOf(state, plan.Key{Kind: plan.Application, Name: s.UniqueName(one.Name)})
	}, a.now()), nil
}

// liveOf is what a state has of an application.
func liveOf(state *plan.State, key plan.Key) policy.Live {
	has := policy.Live{TenantID: state.Tenant.ID, TenantDomain: state.Tenant.Domain}
	o := state.Objects[key]
	if o == nil {
		return has
	}
	has.AppID, has.Secrets, has.Certificates, has.URIs = o.AppID, map[string]bool{}, map[string]bool{}, map[string]bool{}
	if text, ok := o.Properties["createdDateTime"].(string); ok {
		has.Created, _ = time.Parse(time.RFC3339, text) // zero where Graph does not say
	}
	each := func(property string, take func(any)) {
		list, _ := o.Properties[property].([]any)
		for _, e := range list {
			take(e)
		}
	}
	each("passwordCredentials", func(e any) {
		if m, ok := e.(map[string]any); ok {
			name, _ := m["displayName"].(string)
			has.Secrets[name] = true
		}
	})
	each("keyCredentials", func(e any) {
		if m, ok := e.(map[string]any); ok {
			has.Certificates[plan.Thumbprint(m)] = true
		}
	})
	each("identifierUris", func(e any) {
		if uri, ok := e.(string); ok {
			has.URIs[uri] = true
		}
	})
	return has
}

// sayRefusals names what the tenant would refuse of a plan.
func (a *app) sayRefusals(ctx context.Context, c *connection, p *plan.Plan, state *plan.State, stacks []*stack.Stack) error {
	if p.Empty() {
		return nil
	}
	all, err := a.refusals(ctx, c, state, stacks)
	if err != nil {
		return err
	}
	for _, r := range all {
		a.say("warning: %s: apply will fail: application %s/%s: %s (app management policy of the tenant, %s)", r.Position, r.Stack, r.Application, r.Message, r.Restriction)
	}
	return nil
}
