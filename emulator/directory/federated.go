package directory

import (
	"encoding/json"
	"fmt"
	"slices"
)

// FederatedIdentityCredential lets tokens of another issuer stand for an
// application's secret. Source: Graph resource type "federatedIdentityCredential".
type FederatedIdentityCredential struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Issuer      string   `json:"issuer"`    // an https URL, compared to the letter with iss
	Subject     string   `json:"subject"`   // compared to the letter with sub
	Audiences   []string `json:"audiences"` // one, by convention api://AzureADTokenExchange
	Description *string  `json:"description"`
}

const federatedBucket = "federated-credentials" // object id of the application → its list

// FederatedCredentials returns the federated identity credentials of an
// application, by its object id.
func (d *Directory) FederatedCredentials(applicationID string) []FederatedIdentityCredential {
	stored, found := d.Load(federatedBucket, applicationID)
	if !found {
		return nil
	}
	var all []FederatedIdentityCredential
	if json.Unmarshal(stored, &all) != nil {
		return nil
	}
	return all
}

// SaveFederatedCredentials replaces the federated identity credentials of an
// application. An entry without an id is given one.
func (d *Directory) SaveFederatedCredentials(applicationID string, all []FederatedIdentityCredential) error {
	all = slices.Clone(all)
	for i := range all {
		if all[i].ID == "" {
			all[i].ID = newID()
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("save federated credentials: %w", err)
	}
	return d.Save(federatedBucket, applicationID, data)
}
