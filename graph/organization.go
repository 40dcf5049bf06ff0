package graph

import (
	"context"
	"encoding/json"
	"fmt"
)

// Tenant is what manifests may say about the organization itself.
type Tenant struct {
	ID          string
	DisplayName string
	Domain      string // the default verified domain
}

// Organization reads the organization.
// Source: Graph "List organization".
func Organization() Read { return Read{Path: "/organization", List: true} }

// Tenant reads the organization.
func (c *Client) Tenant(ctx context.Context) (Tenant, error) {
	results, err := c.Read(ctx, Organization())
	if err != nil {
		return Tenant{}, err
	}
	return results[0].Tenant()
}

// Tenant is the result of Organization.
func (r Result) Tenant() (Tenant, error) {
	if len(r.Items) == 0 {
		return Tenant{}, fmt.Errorf("read the tenant: Graph shows no organization")
	}
	var o struct {
		ID, DisplayName string
		VerifiedDomains []struct {
			Name      string
			IsDefault bool
		}
	}
	if err := json.Unmarshal(r.Items[0], &o); err != nil {
		return Tenant{}, fmt.Errorf("read the tenant: %w", err)
	}
	t := Tenant{ID: o.ID, DisplayName: o.DisplayName}
	for _, d := range o.VerifiedDomains {
		if d.IsDefault || t.Domain == "" {
			t.Domain = d.Name
		}
	}
	return t, nil
}
