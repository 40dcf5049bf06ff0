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

// Tenant reads the organization.
// Source: Graph "List organization".
func (c *Client) Tenant(ctx context.Context) (Tenant, error) {
	results, err := c.Read(ctx, Read{Path: "/organization", List: true})
	if err != nil {
		return Tenant{}, err
	}
	if len(results[0].Items) == 0 {
		return Tenant{}, fmt.Errorf("read the tenant: Graph shows no organization")
	}
	var o struct {
		ID, DisplayName string
		VerifiedDomains []struct {
			Name      string
			IsDefault bool
		}
	}
	if err := json.Unmarshal(results[0].Items[0], &o); err != nil {
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
