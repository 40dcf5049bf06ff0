package graphapi

import (
	"net/http"
	"reflect"
	"slices"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// Federated identity credentials of applications. The path names one by id or
// by name. Source: learn.microsoft.com/graph/api/resources/federatedidentitycredential.
var federatedRoutes = []route{
	{method: "GET", pattern: "applications/{id}/federatedIdentityCredentials", requires: readApplications, handle: (*call).listFederated},
	{method: "POST", pattern: "applications/{id}/federatedIdentityCredentials", requires: writeApplications, handle: (*call).createFederated},
	{method: "GET", pattern: "applications/{id}/federatedIdentityCredentials/{credential}", requires: readApplications, handle: (*call).getFederated},
	{method: "PATCH", pattern: "applications/{id}/federatedIdentityCredentials/{credential}", requires: writeApplications, handle: (*call).updateFederated},
	{method: "DELETE", pattern: "applications/{id}/federatedIdentityCredentials/{credential}", requires: writeApplications, handle: (*call).deleteFederated},
}

var federatedKind = &kind{
	set:       "federatedIdentityCredentials",
	odataType: "microsoft.graph.federatedIdentityCredential",
	resource:  "FederatedIdentityCredential",
	structs:   []reflect.Type{reflect.TypeFor[directory.FederatedIdentityCredential]()},
	filters:   map[string]odata.Rule{"id": equalityRule, "name": equalityRule, "issuer": equalityRule, "subject": equalityRule},
	beta:      []string{"claimsMatchingExpression"},
	readOnly:  []string{"id"},
}

// below returns a kind for a collection of one object: applications('ID')/set.
func (k *kind) below(set, id string) *kind {
	contained := *k
	contained.set = set + "('" + id + "')/" + k.set
	return &contained
}

func (c *call) listFederated() (answer, error) {
	app, err := c.application(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.list(federatedKind.below("applications", app.ID), anys(slices.Values(c.view.FederatedCredentials(app.ID))), nil)
}

// federated returns the credential of an application that the path names.
func (c *call) federated(from reads, applicationID string) (directory.FederatedIdentityCredential, error) {
	k := c.keys["credential"]
	all := from.FederatedCredentials(applicationID)
	i := slices.IndexFunc(all, func(f directory.FederatedIdentityCredential) bool {
		return k.property == "id" && equalFold(f.ID, k.value) || equalFold(f.Name, k.value)
	})
	if k.property != "id" && k.property != "name" {
		return directory.FederatedIdentityCredential{}, unknownKey(k)
	}
	if i < 0 {
		return directory.FederatedIdentityCredential{}, directory.NotFound(k.value)
	}
	return all[i], nil
}

func (c *call) getFederated() (answer, error) {
	app, err := c.application(c.view)
	if err != nil {
		return answer{}, err
	}
	f, err := c.federated(c.view, app.ID)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, federatedKind.below("applications", app.ID), f)
}

func (c *call) createFederated() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created directory.FederatedIdentityCredential
	var holder string
	err = c.update(func(tx *directory.Tx) error {
		app, err := c.ownedApplication(tx)
		if err != nil {
			return err
		}
		holder = app.ID
		created, err = c.newFederated(tx, b, app.ID, "")
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(federatedKind.below("applications", holder), created)
}

func (c *call) newFederated(tx *directory.Tx, b body, applicationID, name string) (directory.FederatedIdentityCredential, error) {
	f := directory.FederatedIdentityCredential{Name: name}
	if err := b.apply(&f, federatedKind.readOnly); err != nil {
		return f, err
	}
	for _, required := range []struct {
		property string
		missing  bool
	}{{"name", f.Name == ""}, {"issuer", f.Issuer == ""}, {"audiences", len(f.Audiences) == 0}} {
		if required.missing {
			return f, missing(required.property, federatedKind.resource)
		}
	}
	return tx.AddFederatedCredential(applicationID, f)
}

// updateFederated also creates the credential with a name if it does not exist and the
// caller prefers this. Source:
// learn.microsoft.com/graph/api/federatedidentitycredential-upsert.
func (c *call) updateFederated() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created *directory.FederatedIdentityCredential
	var holder string
	err = c.update(func(tx *directory.Tx) error {
		app, err := c.ownedApplication(tx)
		if err != nil {
			return err
		}
		holder = app.ID
		k := c.keys["credential"]
		f, err := c.federated(tx, app.ID)
		if err != nil && k.property == "name" && c.createsIfMissing() {
			if err := b.sameKey("name", k.value); err != nil {
				return err
			}
			added, err := c.newFederated(tx, b, app.ID, k.value)
			created = &added
			return err
		}
		if err != nil {
			return err
		}
		if err := b.apply(&f, federatedKind.readOnly); err != nil {
			return err
		}
		return tx.UpdateFederatedCredential(app.ID, f)
	})
	switch {
	case err != nil:
		return answer{}, err
	case created != nil:
		return c.created(federatedKind.below("applications", holder), *created)
	}
	return noContent(), nil
}

func (c *call) deleteFederated() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		app, err := c.ownedApplication(tx)
		if err != nil {
			return err
		}
		f, err := c.federated(tx, app.ID)
		if err != nil {
			return err
		}
		return tx.RemoveFederatedCredential(app.ID, f.ID)
	})
}
