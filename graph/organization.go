package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Tenant contains the properties of the organization that manifests can use.
type Tenant struct {
	ID          string
	DisplayName string
	Domain      string   // the default verified domain
	Domains     []string // all verified domains
}

// Named reports whether a name is the tenant's id or one of its verified domains.
func (t Tenant) Named(name string) bool {
	return strings.EqualFold(name, t.ID) || slices.ContainsFunc(t.Domains, func(d string) bool { return strings.EqualFold(d, name) })
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

// Tenant returns the result of Organization.
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
		t.Domains = append(t.Domains, d.Name)
		if d.IsDefault || t.Domain == "" {
			t.Domain = d.Name
		}
	}
	return t, nil
}
