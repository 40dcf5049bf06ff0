package graphapi

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"provision/emulator/directory"
)

// Rolling the keys of an application or a service principal: a caller who proves that
// they have the key of a valid certificate can add and remove others. Sources:
// learn.microsoft.com/graph/api/application-addkey, application-removekey,
// graph/application-rollkey-prooftoken.
var rollKeyRoutes = func() (routes []route) {
	for _, set := range []string{"applications", "servicePrincipals"} {
		for _, namespace := range []string{"", "microsoft.graph."} {
			routes = append(routes,
				route{method: "POST", pattern: set + "/{id}/" + namespace + "addKey", requires: writePrincipals, itself: true, handle: (*call).addKey},
				route{method: "POST", pattern: set + "/{id}/" + namespace + "removeKey", requires: writePrincipals, itself: true, handle: (*call).removeKey})
		}
	}
	return routes
}()

const (
	proofAudience = "00000002-0000-0000-c000-000000000000" // the audience is Azure AD Graph, which had this operation first
	proofLifetime = 10 * time.Minute
	proofSkew     = 5 * time.Minute
)

// badProof is Graph's answer to an invalid proof.
func badProof() error {
	return refuse(http.StatusUnauthorized, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")
}

func (c *call) addKey() (answer, error) {
	var request struct {
		KeyCredential      *directory.KeyCredential `json:"keyCredential"`
		PasswordCredential *struct {
			SecretText *string `json:"secretText"`
		} `json:"passwordCredential"`
		Proof string `json:"proof"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || request.KeyCredential == nil {
		return answer{}, badSyntax("The parameter 'keyCredential' is required.")
	}
	key, password := *request.KeyCredential, ""
	if request.PasswordCredential != nil && request.PasswordCredential.SecretText != nil {
		password = *request.PasswordCredential.SecretText
	}
	key.KeyID = ""
	switch {
	case key.Type == "AsymmetricX509Cert" && key.Usage == "Verify":
	case key.Type == "X509CertAndPassword" && key.Usage == "Sign":
		if password == "" {
			return answer{}, badRequest("A value is required for property 'passwordCredential' of a key of type X509CertAndPassword.")
		}
	default:
		return answer{}, badRequest("The type and usage of a key must be AsymmetricX509Cert and Verify, or X509CertAndPassword and Sign.")
	}
	var added directory.KeyCredential
	err := c.update(func(tx *directory.Tx) error {
		holder, err := c.provenHolder(tx, request.Proof)
		if err != nil {
			return err
		}
		added, err = tx.AddKey(holder, key, password)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	added.Key = nil
	data, err := render(added, nil, annotation{"@odata.context", c.contextOf("microsoft.graph.keyCredential", nil, "")})
	return answer{status: http.StatusOK, body: data}, err
}

func (c *call) removeKey() (answer, error) {
	var request struct {
		KeyID string `json:"keyId"`
		Proof string `json:"proof"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || request.KeyID == "" {
		return answer{}, badSyntax("The parameter 'keyId' is required.")
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		holder, err := c.provenHolder(tx, request.Proof)
		if err != nil {
			return err
		}
		return tx.RemoveKey(holder, request.KeyID)
	})
}

// isItself reports whether the path names the calling application, or its service
// principal.
func (c *call) isItself() bool {
	if c.caller.Delegated() {
		return false
	}
	if c.collection() == "applications" {
		app, err := c.application(c.written)
		return err == nil && equalFold(app.AppID, c.caller.AppID)
	}
	sp, err := c.servicePrincipal(c.written)
	return err == nil && sp.ID == c.caller.ServicePrincipalID
}

// provenHolder returns the object id of the application or service principal
// that the path names, if the proof is signed with the key of one of its
// certificates.
func (c *call) provenHolder(tx *directory.Tx, proof string) (string, error) {
	id, err := c.ownedHolder(tx)
	if err != nil {
		return "", err
	}
	var keys []directory.KeyCredential
	if app, ok := tx.Application(id); ok {
		keys = app.KeyCredentials
	} else if sp, ok := tx.ServicePrincipal(id); ok {
		keys = sp.KeyCredentials
	}
	if !c.proves(proof, id, keys) {
		return "", badProof()
	}
	return id, nil
}

// proves reports whether a proof is a token that the holder issued for itself for at
// most ten minutes, and that one of its certificates verifies.
func (c *call) proves(proof, holder string, keys []directory.KeyCredential) bool {
	token, err := jwt.ParseSigned(proof, []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.ES256, jose.ES384})
	if err != nil {
		return false
	}
	now := c.service.clock()
	return slices.ContainsFunc(keys, func(k directory.KeyCredential) bool {
		if k.Usage != "Verify" || now.Before(k.StartDateTime) || !now.Before(k.EndDateTime) {
			return false
		}
		certificate, err := x509.ParseCertificate(k.Key)
		if err != nil {
			return false
		}
		var claims jwt.Claims
		if token.Claims(certificate.PublicKey, &claims) != nil || claims.NotBefore == nil || claims.Expiry == nil {
			return false
		}
		begins, ends := claims.NotBefore.Time(), claims.Expiry.Time()
		return equalFold(claims.Issuer, holder) && claims.Audience.Contains(proofAudience) &&
			ends.Sub(begins) <= proofLifetime && !now.Before(begins.Add(-proofSkew)) && now.Before(ends.Add(proofSkew))
	})
}
