package graphapi

import (
	"encoding/json"
	"net/http"
	"time"

	"provision/emulator/directory"
)

// Certificates with which service principals sign SAML tokens. Source:
// learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate.
var signingRoutes = []route{
	{method: "POST", pattern: "servicePrincipals/{id}/addTokenSigningCertificate", requires: writePrincipals, handle: (*call).addTokenSigningCertificate},
	{method: "POST", pattern: "servicePrincipals/{id}/microsoft.graph.addTokenSigningCertificate", requires: writePrincipals, handle: (*call).addTokenSigningCertificate},
}

func (c *call) addTokenSigningCertificate() (answer, error) {
	var request struct {
		DisplayName *string    `json:"displayName"`
		EndDateTime *time.Time `json:"endDateTime"`
	}
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &request); err != nil {
			return answer{}, badSyntax("Unable to read the action's parameters.")
		}
	}
	name, end := "", time.Time{}
	if request.DisplayName != nil {
		name = *request.DisplayName
	}
	if request.EndDateTime != nil {
		end = request.EndDateTime.UTC()
	}
	var made directory.SigningCertificate
	err := c.update(func(tx *directory.Tx) error {
		sp, err := c.ownedServicePrincipal(tx)
		if err != nil {
			return err
		}
		made, err = tx.AddTokenSigningCertificate(sp.ID, name, end)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	data, err := render(made, nil, annotation{"@odata.context", c.contextOf("microsoft.graph.selfSignedCertificate", nil, "")})
	return answer{status: http.StatusOK, body: data}, err
}
