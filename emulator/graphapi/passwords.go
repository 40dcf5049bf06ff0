package graphapi

import (
	"encoding/json"
	"net/http"
	"time"

	"provision/emulator/directory"
)

// Client secrets of applications and service principals.
// Source: learn.microsoft.com/graph/api/application-addpassword.

// ownedHolder returns the object id of the application or service principal
// that the path names, if the caller may write it.
func (c *call) ownedHolder(tx *directory.Tx) (string, error) {
	if c.collection() == "applications" {
		app, err := c.ownedApplication(tx)
		if err != nil {
			return "", err
		}
		return app.ID, nil
	}
	sp, err := c.ownedServicePrincipal(tx)
	if err != nil {
		return "", err
	}
	return sp.ID, nil
}

// addPassword serves applications and service principals.
func (c *call) addPassword() (answer, error) {
	var request struct {
		PasswordCredential struct {
			DisplayName   *string    `json:"displayName"`
			StartDateTime *time.Time `json:"startDateTime"`
			EndDateTime   *time.Time `json:"endDateTime"`
		} `json:"passwordCredential"`
	}
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &request); err != nil {
			return answer{}, badSyntax("Unable to read the action's parameters.")
		}
	}
	asked := directory.PasswordCredential{DisplayName: request.PasswordCredential.DisplayName}
	if start := request.PasswordCredential.StartDateTime; start != nil {
		asked.StartDateTime = start.UTC()
	}
	if end := request.PasswordCredential.EndDateTime; end != nil {
		asked.EndDateTime = end.UTC()
	}
	var added directory.PasswordCredential
	err := c.update(func(tx *directory.Tx) error {
		holder, err := c.ownedHolder(tx)
		if err != nil {
			return err
		}
		added, err = tx.AddPassword(holder, asked)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	data, err := render(added, nil, annotation{"@odata.context", c.contextOf("microsoft.graph.passwordCredential", nil, "")})
	return answer{status: http.StatusOK, body: data}, err
}

func (c *call) removePassword() (answer, error) {
	var request struct {
		KeyID string `json:"keyId"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || request.KeyID == "" {
		return answer{}, badSyntax("The parameter 'keyId' is required.")
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		holder, err := c.ownedHolder(tx)
		if err != nil {
			return err
		}
		return tx.RemovePassword(holder, request.KeyID)
	})
}
