package graph

import (
	"context"
	"fmt"
	"net/url"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipalswithappid"
)

// ServicePrincipalByAppID reads an application's instance in the tenant.
func ServicePrincipalByAppID(appID string) Read {
	return Read{Path: keyed("/servicePrincipals", "appId", appID)}
}

// MaxExpanded is how many related objects Graph answers with one that it
// expands; there may be more.
// Source: learn.microsoft.com/graph/query-parameters#expand-parameter.
const MaxExpanded = 20

// ServicePrincipalWithOwners reads an application's instance with its owners,
// at most MaxExpanded of them.
func ServicePrincipalWithOwners(appID string) Read {
	r := ServicePrincipalByAppID(appID)
	r.Query = url.Values{"$expand": {"owners($select=" + ownerProperties + ")"}}
	return r
}

// ServicePrincipalsDisplayed reads the service principals with a display name,
// which is how a managed identity is named.
func ServicePrincipalsDisplayed(displayName string) Read {
	return Read{Path: "/servicePrincipals", List: true, Query: url.Values{"$filter": {"displayName eq " + quote(displayName)}}}
}

// ServicePrincipal reads the application that a service principal stands for.
func ServicePrincipal(id string) Read {
	return Read{Path: "/servicePrincipals/" + id, Query: url.Values{"$select": {"id,appId,displayName"}}}
}

// AssignedTo reads who has roles of the resource.
func AssignedTo(resourceID string) Read {
	return Read{Path: "/servicePrincipals/" + resourceID + "/appRoleAssignedTo", List: true, Query: url.Values{"$top": {"999"}}}
}

// AssignmentsOf reads the roles that a service principal has.
func AssignmentsOf(principalID string) Read {
	return Read{Path: "/servicePrincipals/" + principalID + "/appRoleAssignments", List: true, Query: url.Values{"$top": {"999"}}}
}

// UpsertServicePrincipal creates the service principal of appID or updates it,
// and returns its id.
// Source: Graph "Upsert servicePrincipal".
func (c *Client) UpsertServicePrincipal(ctx context.Context, appID string, body Object) (id string, err error) {
	const op = "create service principal"
	m, err := model[models.ServicePrincipalable](body, models.CreateServicePrincipalFromDiscriminatorValue)
	if err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	sp, err := serviceprincipalswithappid.NewServicePrincipalsWithAppIdRequestBuilderInternal(c.pathParameters(), c.adapter, &appID).
		Patch(ctx, m, &serviceprincipalswithappid.ServicePrincipalsWithAppIdRequestBuilderPatchRequestConfiguration{Headers: createIfMissing()})
	if err != nil {
		return "", wrap(op, err)
	}
	if sp != nil && deref(sp.GetId()) != "" {
		return deref(sp.GetId()), nil
	}
	var found struct{ ID string }
	if err := c.one(ctx, op, ServicePrincipalByAppID(appID), &found); err != nil {
		return "", err
	}
	return found.ID, nil
}

// UpdateServicePrincipal changes the properties in body.
func (c *Client) UpdateServicePrincipal(ctx context.Context, id string, body Object) error {
	m, err := model[models.ServicePrincipalable](body, models.CreateServicePrincipalFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("update service principal: %w", err)
	}
	_, err = c.servicePrincipal(id).Patch(ctx, m, nil)
	return wrap("update service principal", err)
}

// RemoveServicePrincipalPassword removes the client secret keyID of a service
// principal.
// Source: Graph "servicePrincipal: removePassword".
func (c *Client) RemoveServicePrincipalPassword(ctx context.Context, id, keyID string) error {
	key, err := uuid.Parse(keyID)
	if err != nil {
		return fmt.Errorf("remove a secret: %w", err)
	}
	body := serviceprincipals.NewItemRemovePasswordPostRequestBody()
	body.SetKeyId(&key)
	return wrap("remove a secret", c.servicePrincipal(id).RemovePassword().Post(ctx, body, nil))
}

// AssignRole gives principalID the role roleID of the resource.
// Source: Graph "Grant an appRoleAssignment to a service principal".
func (c *Client) AssignRole(ctx context.Context, resourceID, principalID, roleID string) error {
	m, err := model[models.AppRoleAssignmentable](
		Object{"principalId": principalID, "resourceId": resourceID, "appRoleId": roleID},
		models.CreateAppRoleAssignmentFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("assign a role: %w", err)
	}
	_, err = c.servicePrincipal(resourceID).AppRoleAssignedTo().Post(ctx, m, nil)
	return wrap("assign a role", err)
}

// RemoveAssignment takes the assignment back.
func (c *Client) RemoveAssignment(ctx context.Context, resourceID, assignmentID string) error {
	return wrap("remove a role assignment",
		c.servicePrincipal(resourceID).AppRoleAssignedTo().ByAppRoleAssignmentId(assignmentID).Delete(ctx, nil))
}

func (c *Client) servicePrincipal(id string) *serviceprincipals.ServicePrincipalItemRequestBuilder {
	return serviceprincipals.NewServicePrincipalsRequestBuilderInternal(c.pathParameters(), c.adapter).ByServicePrincipalId(id)
}
