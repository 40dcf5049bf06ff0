package directory

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
)

// FederatedIdentityCredential lets tokens of another issuer authenticate an
// application. Either Subject or ClaimsMatchingExpression selects the tokens. Source:
// Graph resource type "federatedIdentityCredential".
type FederatedIdentityCredential struct {
	ID                       string                    `json:"id"`
	Name                     string                    `json:"name"`    // unique within the application, never changed
	Issuer                   string                    `json:"issuer"`  // an https URL, compared exactly with iss
	Subject                  *string                   `json:"subject"` // compared exactly with sub
	Audiences                []string                  `json:"audiences"`
	Description              *string                   `json:"description"`
	ClaimsMatchingExpression *ClaimsMatchingExpression `json:"claimsMatchingExpression"`
}

// ClaimsMatchingExpression permits several subjects: claims['sub'] matches
// 'repo:contoso/*'.
type ClaimsMatchingExpression struct {
	LanguageVersion int    `json:"languageVersion"` // 1
	Value           string `json:"value"`
}

// Clone returns a copy that can be changed and passed to a Tx.
func (f *FederatedIdentityCredential) Clone() *FederatedIdentityCredential { return clone(f) }

// FederatedCredentials returns the federated identity credentials of a live
// application, by its object id.
func (r reader) FederatedCredentials(applicationID string) []FederatedIdentityCredential {
	app, ok := r.Application(applicationID)
	if !ok {
		return nil
	}
	return app.Clone().FederatedCredentials
}

// AddFederatedCredential gives an application a federated credential; the
// directory chooses its id.
func (tx *Tx) AddFederatedCredential(applicationID string, f FederatedIdentityCredential) (FederatedIdentityCredential, error) {
	f = *f.Clone()
	f.ID = newID()
	err := tx.changeFederated(applicationID, func(all []FederatedIdentityCredential) ([]FederatedIdentityCredential, error) {
		if len(all) >= maxFederatedCredentials {
			return nil, badRequest("The number of federated identity credentials of an application is limited to %d.", maxFederatedCredentials)
		}
		return append(all, f), checkFederated(all, f)
	})
	return f, err
}

// UpdateFederatedCredential replaces the credential with f's id.
func (tx *Tx) UpdateFederatedCredential(applicationID string, f FederatedIdentityCredential) error {
	f = *f.Clone()
	return tx.changeFederated(applicationID, func(all []FederatedIdentityCredential) ([]FederatedIdentityCredential, error) {
		i := slices.IndexFunc(all, func(c FederatedIdentityCredential) bool { return same(c.ID, f.ID) })
		if i < 0 {
			return nil, NotFound(f.ID)
		}
		if all[i].Name != f.Name {
			return nil, readOnly("name")
		}
		others := slices.Delete(slices.Clone(all), i, i+1)
		all[i] = f
		return all, checkFederated(others, f)
	})
}

// RemoveFederatedCredential removes a federated credential.
func (tx *Tx) RemoveFederatedCredential(applicationID, id string) error {
	return tx.changeFederated(applicationID, func(all []FederatedIdentityCredential) ([]FederatedIdentityCredential, error) {
		i := slices.IndexFunc(all, func(c FederatedIdentityCredential) bool { return same(c.ID, id) })
		if i < 0 {
			return nil, NotFound(id)
		}
		return slices.Delete(all, i, i+1), nil
	})
}

func (tx *Tx) changeFederated(applicationID string, change func([]FederatedIdentityCredential) ([]FederatedIdentityCredential, error)) (err error) {
	app, ok := tx.Application(applicationID)
	if !ok {
		return NotFound(applicationID)
	}
	app = app.Clone()
	if app.FederatedCredentials, err = change(app.FederatedCredentials); err != nil {
		return err
	}
	tx.put(applications, app)
	return nil
}

// federatedName matches the permitted names. A name is part of a URL.
var federatedName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]{0,119}$`)

// checkFederated checks a credential against Entra's rules. others are the other
// credentials of the application.
// Source:
// learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations.
func checkFederated(others []FederatedIdentityCredential, f FederatedIdentityCredential) error {
	issuer, err := url.Parse(f.Issuer)
	switch {
	case !federatedName.MatchString(f.Name):
		return invalidFederated("name", "It must have 1 to 120 characters that a URL allows and begin with a letter or a digit.")
	case err != nil || issuer.Scheme != "https" || issuer.Host == "" || len(f.Issuer) > maxFederatedText:
		return invalidFederated("issuer", "It must be an https URL of at most 600 characters.")
	case len(f.Audiences) != 1:
		return invalidFederated("audiences", "It must contain exactly one value.")
	case f.Audiences[0] == "" || len(f.Audiences[0]) > maxFederatedText:
		return invalidFederated("audiences", "The value must have 1 to 600 characters.")
	case (text(f.Subject) == "") == (f.ClaimsMatchingExpression == nil):
		return invalidFederated("subject", "Either subject or claimsMatchingExpression is required, and not both.")
	case len(text(f.Subject)) > maxFederatedText:
		return invalidFederated("subject", "It must not be longer than 600 characters.")
	case len(text(f.Description)) > maxFederatedText:
		return invalidFederated("description", "It must not be longer than 600 characters.")
	}
	if e := f.ClaimsMatchingExpression; e != nil {
		if why := e.check(f.Issuer); why != "" {
			return invalidFederated("claimsMatchingExpression", why)
		}
	}
	for _, other := range others {
		if same(other.Name, f.Name) {
			return &Error{Status: http.StatusConflict, Code: "Request_MultipleObjectsWithSameKeyValue", Target: "name",
				Message: "FederatedIdentityCredential with name " + f.Name + " already exists."}
		}
		if other.Subject != nil && f.Subject != nil && other.Issuer == f.Issuer && *other.Subject == *f.Subject {
			return &Error{Status: http.StatusBadRequest, Code: "InvalidFederatedIdentityCredentialValue", Target: "subject",
				Message: "The combination of issuer and subject must be unique for the application. " +
					"Issuer " + f.Issuer + " and Subject: " + *f.Subject + " already exist."}
		}
	}
	return nil
}

func invalidFederated(property, why string) error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidFederatedIdentityCredentialValue", Target: property,
		Message: "Invalid value specified for property '" + property + "' of resource 'FederatedIdentityCredential'. " + why}
}
