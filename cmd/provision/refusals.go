package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"provision/graph"
	"provision/internal/display"
	"provision/plan"
	"provision/policy"
	"provision/stack"
)

// refusals returns the credentials that the tenant's app management policy does not permit
// an apply of the stacks to add. The list is empty if the caller may not read the
// policy.
func (a *app) refusals(ctx context.Context, c *connection, state *plan.State, stacks []*stack.Stack) ([]policy.Refusal, error) {
	if state.AppManagement.Default == nil && !state.AppManagement.Custom {
		return nil, nil
	}
	var restrictions policy.Restrictions
	var err error
	if raw := state.AppManagement.Default; raw != nil {
		if restrictions, err = policy.ParseRestrictions(raw); err != nil {
			return nil, fmt.Errorf("read the app management policy of the tenant: %w", err)
		}
	}
	var own map[string]json.RawMessage
	if state.AppManagement.Custom {
		if own, err = policiesOf(ctx, c.graph, state, stacks); err != nil {
			return nil, err
		}
	}
	var all []policy.Refusal
	for _, s := range stacks {
		for _, one := range s.Applications {
			only := *s
			only.Applications = []*stack.Application{one}
			o := state.Objects[plan.Key{Kind: plan.Application, Name: s.UniqueName(one.Name)}]
			r := restrictions
			if o != nil && own[o.ID] != nil {
				if r, err = restrictions.With(own[o.ID]); err != nil {
					return nil, fmt.Errorf("read the app management policy of application %s: %w", one.Name, err)
				}
			}
			all = append(all, r.Refusals([]*stack.Stack{&only}, func(*stack.Stack, *stack.Application) policy.Live { return liveOf(state, o) }, a.now())...)
		}
	}
	return all, nil
}

// policiesOf returns the policies that are assigned to applications of the stacks, by object id.
func policiesOf(ctx context.Context, client *graph.Client, state *plan.State, stacks []*stack.Stack) (map[string]json.RawMessage, error) {
	var ids []string
	var reads []graph.Read
	for _, s := range stacks {
		for _, a := range s.Applications {
			if o := state.Objects[plan.Key{Kind: plan.Application, Name: s.UniqueName(a.Name)}]; o != nil && o.ID != "" {
				ids, reads = append(ids, o.ID), append(reads, graph.AppManagementPoliciesOf(o.ID))
			}
		}
	}
	raw, err := readPolicies(ctx, client, reads...)
	all := map[string]json.RawMessage{}
	for i, id := range ids {
		if err == nil && len(raw[i]) > 0 {
			all[id] = raw[i][0]
		}
	}
	return all, err
}

// readPolicies reads policies, together. A result is empty if the tenant has none or the
// caller may not read them.
func readPolicies(ctx context.Context, client *graph.Client, reads ...graph.Read) ([][]json.RawMessage, error) {
	raw, failed := make([][]json.RawMessage, len(reads)), make([]error, len(reads))
	requests := make([]graph.Request, len(reads))
	for i, read := range reads {
		requests[i] = read.Then(func(r graph.Result, err error) []graph.Request {
			raw[i], failed[i] = r.Items, err
			if r.Object != nil {
				raw[i] = append(raw[i], r.Object)
			}
			if graph.Lasting(err) {
				raw[i], failed[i] = nil, nil // a tenant without such policies
			}
			return nil
		})
	}
	err := client.Do(ctx, requests...)
	return raw, cmp.Or(err, errors.Join(failed...))
}

// liveOf returns an application of the tenant for the policy check, or nil.
func liveOf(state *plan.State, o *plan.Live) policy.Live {
	has := policy.Live{TenantID: state.Tenant.ID, TenantDomain: state.Tenant.Domain}
	if o == nil {
		return has
	}
	has.AppID, has.Secrets, has.Certificates, has.URIs = o.AppID, map[string]bool{}, map[string]bool{}, map[string]bool{}
	if text, ok := o.Properties["createdDateTime"].(string); ok {
		has.Created, _ = time.Parse(time.RFC3339, text) // zero if Graph returns no time
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

// sayRefusals prints the credentials and URIs of a plan that the tenant would refuse.
func (a *app) sayRefusals(ctx context.Context, c *connection, p *plan.Plan, state *plan.State, stacks []*stack.Stack) error {
	if p.Empty() {
		return nil
	}
	all, err := a.refusals(ctx, c, state, stacks)
	if err != nil {
		return err
	}
	for _, r := range all {
		unless := ""
		if len(r.Exempt) > 0 {
			unless = ", unless the caller has the custom security attribute " + display.Line(strings.Join(r.Exempt, " or "))
		}
		a.say("warning: %s: apply will fail%s: application %s/%s: %s (app management policy of the tenant, %s)", r.Position, unless, r.Stack, r.Application, r.Message, r.Restriction)
	}
	return nil
}
