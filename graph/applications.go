package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/applicationswithuniquename"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// ApplicationsTagged reads the applications that carry a tag beginning with prefix.
func ApplicationsTagged(prefix string) Read {
	return Read{Path: "/applications", List: true, Advanced: true, Query: url.Values{
		"$filter": {fmt.Sprintf("tags/any(t:startswith(t,%s))", quote(prefix))}, "$top": {"999"}}}
}

// ApplicationNamed reads the application with a uniqueName.
func ApplicationNamed(uniqueName string) Read {
	return Read{Path: keyed("/applications", "uniqueName", uniqueName)}
}

// ApplicationByAppID reads the application with a client id.
func ApplicationByAppID(appID string) Read {
	return Read{Path: keyed("/applications", "appId", appID)}
}

// AuthenticationBehaviors reads those of an application, which Graph answers only
// when they are selected.
func AuthenticationBehaviors(id string) Read {
	return Read{Path: "/applications/" + id, Query: url.Values{"$select": {"id,authenticationBehaviors"}}}
}

// ApplicationsDisplayed reads the applications with one of these display names,
// at most MaxNames.
func ApplicationsDisplayed(displayNames ...string) Read {
	return Read{Path: "/applications", List: true, Query: url.Values{"$filter": {displayed(displayNames)}}}
}

// UpsertApplication creates the application uniqueName or updates it, and
// returns its id and client id.
// Source: Graph "Upsert application".
func (c *Client) UpsertApplication(ctx context.Context, uniqueName string, body Object) (id, appID string, err error) {
	op := "create application " + uniqueName
	m, err := model[models.Applicationable](body, models.CreateApplicationFromDiscriminatorValue)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", op, err)
	}
	app, err := applicationswithuniquename.NewApplicationsWithUniqueNameRequestBuilderInternal(c.pathParameters(), c.adapter, &uniqueName).
		Patch(ctx, m, &applicationswithuniquename.ApplicationsWithUniqueNameRequestBuilderPatchRequestConfiguration{Headers: createIfMissing()})
	if err != nil {
		return "", "", wrap(op, err)
	}
	if app != nil && deref(app.GetId()) != "" && deref(app.GetAppId()) != "" {
		return deref(app.GetId()), deref(app.GetAppId()), nil
	}
	// It was there already: Graph answers 204 without a body.
	var found struct{ ID, AppID string }
	if err := c.one(ctx, op, ApplicationNamed(uniqueName), &found); err != nil {
		return "", "", err
	}
	return found.ID, found.AppID, nil
}

// UpdateApplication changes the properties in body.
// Source: Graph "Update application".
func (c *Client) UpdateApplication(ctx context.Context, id string, body Object) error {
	m, err := model[models.Applicationable](body, models.CreateApplicationFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("update application: %w", err)
	}
	_, err = c.application(id).Patch(ctx, m, nil)
	return wrap("update application", err)
}

// DeleteApplication moves the application and its service principal to the
// recycle bin.
func (c *Client) DeleteApplication(ctx context.Context, id string) error {
	return wrap("delete application", c.application(id).Delete(ctx, nil))
}

// Password is a new client secret.
type Password struct {
	KeyID string
	Text  string // shown by Graph this once
	End   time.Time
}

// AddPassword makes a client secret that ends at end.
// Source: Graph "application: addPassword".
func (c *Client) AddPassword(ctx context.Context, id, displayName string, end time.Time) (Password, error) {
	credential := models.NewPasswordCredential()
	credential.SetDisplayName(&displayName)
	credential.SetEndDateTime(&end)
	body := applications.NewItemAddPasswordPostRequestBody()
	body.SetPasswordCredential(credential)
	made, err := c.application(id).AddPassword().Post(ctx, body, nil)
	if err != nil {
		return Password{}, wrap("add a secret", err)
	}
	if made == nil || made.GetKeyId() == nil || deref(made.GetSecretText()) == "" {
		return Password{}, fmt.Errorf("add a secret: Graph answered without its text")
	}
	if made.GetEndDateTime() != nil {
		end = *made.GetEndDateTime()
	}
	return Password{KeyID: made.GetKeyId().String(), Text: *made.GetSecretText(), End: end}, nil
}

// RemovePassword removes the client secret keyID.
// Source: Graph "application: removePassword".
func (c *Client) RemovePassword(ctx context.Context, id, keyID string) error {
	key, err := uuid.Parse(keyID)
	if err != nil {
		return fmt.Errorf("remove a secret: %w", err)
	}
	body := applications.NewItemRemovePasswordPostRequestBody()
	body.SetKeyId(&key)
	return wrap("remove a secret", c.application(id).RemovePassword().Post(ctx, body, nil))
}

func (c *Client) application(id string) *applications.ApplicationItemRequestBuilder {
	return applications.NewApplicationsRequestBuilderInternal(c.pathParameters(), c.adapter).ByApplicationId(id)
}

// one reads a single object that must exist.
func (c *Client) one(ctx context.Context, op string, r Read, into any) error {
	results, err := c.Read(ctx, r)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if results[0].Object == nil {
		return &Error{Status: 404, Code: "Request_ResourceNotFound", Operation: op,
			Message: "it was written, but is not yet visible"}
	}
	return json.Unmarshal(results[0].Object, into)
}

func createIfMissing() *abstractions.RequestHeaders {
	h := abstractions.NewRequestHeaders()
	h.Add("Prefer", "create-if-missing")
	return h
}
