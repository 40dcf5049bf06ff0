package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/policy"
	"provision/stack"
)

// refusals are the credentials that the tenant's app management policy does not permit
// an apply of the stacks to add. The list is empty if the caller may not read the
// policy.
func (a *app) refusals(ctx context.Context, c *connection, state *plan.State, stacks []*stack.Stack) ([]policy.Refusal, error) {
	raw, err := readPolicy(ctx, c.graph, graph.AppManagementPolicy())
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	restrictions, err := policy.ParseRestrictions(raw[0])
	if err != nil {
		return nil, fmt.Errorf("read the app management policy of the tenant: %w", err)
	}
	var all []policy.Refusal
	for _, s := range stacks {
		for _, one := range s.Applications {
			only := *s
			only.Applications = []*stack.Application{one}
			o := state.Objects[plan.Key{Kind: plan.Application, Name: s.UniqueName(one.Name)}]
			refused := func(r policy.Restrictions) []policy.Refusal {
				return r.Refusals([]*stack.Stack{&only}, func(*stack.Stack, *stack.Application) policy.Live { return liveOf(state, o) }, a.now())
			}
			found := refused(restrictions)
			if len(found) > 0 && o != nil && o.ID != "" { // it may have a policy of its own
				own, err := readPolicy(ctx, c.graph, graph.AppManagementPoliciesOf(o.ID))
				if err != nil {
					return nil, err
				}
				if len(own) > 0 {
					custom, err := restrictions.With(own[0])
					if err != nil {
						return nil, fmt.Errorf("read the app management policy of application %s: %w", one.Name, err)
					}
					found = refused(custom)
				}
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// readPolicy reads policies. The result is empty if the tenant has none or the caller
// may not read them.
func readPolicy(ctx context.Context, client *graph.Client, read graph.Read) (raw []json.RawMessage, failed error) {
	err := client.Do(ctx, read.Then(func(r graph.Result, err error) []graph.Request {
		raw, failed = r.Items, err
		if r.Object != nil {
			raw = append(raw, r.Object)
		}
		if graph.Lasting(err) {
			raw, failed = nil, nil // a tenant without such policies
		}
		return nil
	}))
	return raw, cmp.Or(err, failed)
}

// liveOf returns an application of the tenant for the check of policies, or nil.
func liveOf(state *plan.State, o *plan.Live) policy.Live {
	has := policy.Live{TenantID: state.Tenant.ID, TenantDomain: state.Tenant.Domain}
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
