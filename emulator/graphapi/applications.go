package graphapi

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"provision/emulator/directory"
)

// Source: learn.microsoft.com/graph/api/resources/application.
var applicationRoutes = []route{
	{method: "GET", pattern: "applications", requires: readApplications, handle: (*call).listApplications},
	{method: "GET", pattern: "applications/$count", requires: readApplications, handle: (*call).countApplications},
	{method: "POST", pattern: "applications", requires: createApplications, handle: (*call).createApplication},
	{method: "GET", pattern: "applications/{id}", requires: readApplications, handle: (*call).getApplication},
	{method: "PATCH", pattern: "applications/{id}", requires: writeApplications, handle: (*call).updateApplication},
	{method: "DELETE", pattern: "applications/{id}", requires: writeApplications, handle: (*call).deleteApplication},
	{method: "POST", pattern: "applications/{id}/addPassword", requires: writePrincipals, handle: (*call).addPassword},
	{method: "POST", pattern: "applications/{id}/microsoft.graph.addPassword", requires: writePrincipals, handle: (*call).addPassword},
	{method: "POST", pattern: "applications/{id}/removePassword", requires: writePrincipals, handle: (*call).removePassword},
	{method: "POST", pattern: "applications/{id}/microsoft.graph.removePassword", requires: writePrincipals, handle: (*call).removePassword},
	{method: "GET", pattern: "applications/{id}/owners", requires: readApplications, handle: (*call).listOwners},
	{method: "POST", pattern: "applications/{id}/owners/$ref", requires: addAppOwners, handle: (*call).addOwner},
	{method: "DELETE", pattern: "applications/{id}/owners/{owner}/$ref", requires: writePrincipals, handle: (*call).removeOwner},
}

// reads is the interface that View and Tx share.
type reads interface {
	Application(id string) (*directory.Application, bool)
	ApplicationByAppID(appID string) (*directory.Application, bool)
	ApplicationByUniqueName(name string) (*directory.Application, bool)
	ServicePrincipal(id string) (*directory.ServicePrincipal, bool)
	ServicePrincipalByAppID(appID string) (*directory.ServicePrincipal, bool)
	User(id string) (*directory.User, bool)
	UserByUPN(upn string) (*directory.User, bool)
	Group(id string) (*directory.Group, bool)
	GroupByUniqueName(name string) (*directory.Group, bool)
	Object(id string) (any, bool)
	AdministrativeUnit(id string) (*directory.AdministrativeUnit, bool)
	CustomAppManagementPolicy(id string) (*directory.CustomAppManagementPolicy, bool)
	DirectoryRole(id string) (*directory.DirectoryRole, bool)
	DirectoryRoleByTemplate(templateID string) (*directory.DirectoryRole, bool)
	RoleDefinition(id string) (*directory.RoleDefinition, bool)
	RoleAssignments() iter.Seq[*directory.RoleAssignment]
	FederatedCredentials(applicationID string) []directory.FederatedIdentityCredential
}

// application returns the application that the path names.
func (c *call) application(from reads) (*directory.Application, error) {
	k := c.keys["id"]
	var app *directory.Application
	var ok bool
	switch k.property {
	case "id":
		if err := k.mustBeGUID(); err != nil {
			return nil, err
		}
		app, ok = from.Application(k.value)
	case "appId":
		app, ok = from.ApplicationByAppID(k.value)
	case "uniqueName":
		app, ok = from.ApplicationByUniqueName(k.value)
	default:
		return nil, unknownKey(k)
	}
	if !ok {
		return nil, directory.NotFound(k.value)
	}
	return app, nil
}

// mustBeGUID refuses an object id that is not a GUID.
func (k key) mustBeGUID() error {
	if uuid.Validate(k.value) != nil {
		return badRequest("Invalid object identifier '%s'.", k.value)
	}
	return nil
}

func unknownKey(k key) error {
	return badSyntax("The key property '%s' is not supported.", k.property)
}

// ownedApplication returns the application that the path names if the caller may write
// it.
func (c *call) ownedApplication(tx *directory.Tx) (*directory.Application, error) {
	app, err := c.application(tx)
	if err != nil {
		return nil, err
	}
	return app, c.mustOwn(app.OwnerIDs)
}

// mustOwn checks that the caller is one of the owners, if the caller only has an
// OwnedBy permission or is a user who is not an administrator of applications.
func (c *call) mustOwn(owners []string) error {
	caller := c.caller.ServicePrincipalID
	if c.caller.Delegated() {
		caller = c.caller.UserID
	}
	if c.ownedOnly && !slices.Contains(owners, caller) {
		return accessDenied()
	}
	return nil
}

func (c *call) listApplications() (answer, error) {
	return c.list(applicationKind, anys(c.view.Applications()), func(property, value string) ([]any, bool) {
		switch property {
		case "id":
			return found(c.view.Application(value))
		case "appId":
			return found(c.view.ApplicationByAppID(value))
		case "uniqueName":
			return found(c.view.ApplicationByUniqueName(value))
		case "identifierUris":
			return listed(c.view.ApplicationsByIdentifierURI(value)), true
		}
		return nil, false
	})
}

func listed[T any](objects []T) []any { return slices.Collect(anys(slices.Values(objects))) }

func (c *call) countApplications() (answer, error) {
	return c.count(applicationKind, anys(c.view.Applications()))
}

func (c *call) getApplication() (answer, error) {
	app, err := c.application(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, applicationKind, app)
}

func (c *call) createApplication() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created *directory.Application
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = c.newApplication(tx, b, nil)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(applicationKind, created)
}

func (c *call) newApplication(tx *directory.Tx, b body, uniqueName *string) (*directory.Application, error) {
	app := &directory.Application{UniqueName: uniqueName}
	owners := b.takeBind("owners")
	if err := b.apply(app, applicationKind.readOnly); err != nil {
		return nil, err
	}
	if app.DisplayName == "" {
		return nil, missing("displayName", "Application")
	}
	created, err := tx.CreateApplication(app)
	if err != nil {
		return nil, err
	}
	return created, c.addFirstOwners(tx, created.ID, owners)
}

// addFirstOwners adds the owners that the body binds and, as Graph does, a
// signed-in user, or an application that may write only what it owns.
func (c *call) addFirstOwners(tx *directory.Tx, id string, owners []string) error {
	creator := ""
	if c.caller.Delegated() {
		creator = c.caller.UserID
	} else if c.ownedOnly {
		creator = c.caller.ServicePrincipalID
	}
	if creator != "" && !slices.Contains(owners, creator) {
		owners = append(owners, creator)
	}
	for _, owner := range owners {
		if err := tx.AddOwner(id, owner); err != nil {
			return err
		}
	}
	return nil
}

func missing(property, resource string) error {
	return badRequest("A value is required for property '%s' of resource '%s'.", property, resource)
}

// createsIfMissing reports whether a PATCH is an upsert.
func (c *call) createsIfMissing() bool {
	for _, prefer := range c.header.Values("Prefer") {
		for preference := range strings.SplitSeq(prefer, ",") {
			if equalFold(strings.TrimSpace(preference), "create-if-missing") {
				return true
			}
		}
	}
	return false
}

// updateApplication also creates the application with a uniqueName if it does not exist and the
// caller prefers this. Source: learn.microsoft.com/graph/api/application-upsert.
func (c *call) updateApplication() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created *directory.Application
	err = c.update(func(tx *directory.Tx) error {
		k := c.keys["id"]
		if _, err := seen(tx, c.application); err != nil && k.property == "uniqueName" && c.createsIfMissing() {
			if err := b.sameKey("uniqueName", k.value); err != nil {
				return err
			}
			created, err = c.newApplication(tx, b, &k.value)
			return err
		}
		app, err := c.ownedApplication(tx)
		if err != nil {
			return err
		}
		changed := app.Clone()
		if err := b.apply(changed, applicationKind.readOnly); err != nil {
			return err
		}
		return tx.UpdateApplication(changed)
	})
	switch {
	case err != nil:
		return answer{}, err
	case created != nil:
		return c.created(applicationKind, created)
	}
	return noContent(), nil
}

func (c *call) deleteApplication() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		app, err := c.ownedApplication(tx)
		if err != nil {
			return err
		}
		return tx.DeleteApplication(app.ID)
	})
}
