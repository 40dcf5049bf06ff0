package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"provision/emulator/directory"
	"provision/emulator/login"
	"provision/internal/microsoft"
)

// identityAPIVersion is the version that App Service documents and clients use.
const identityAPIVersion = "2019-08-01"

// ManagedIdentity is an identity without a secret. A program that runs under it gets tokens
// from a local endpoint, as in App Service.
// Source: learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference.
type ManagedIdentity struct {
	Name        string `json:"name"`
	TenantID    string `json:"tenantId"`
	ClientID    string `json:"clientId"`
	PrincipalID string `json:"principalId"` // object id of its service principal, which roles are assigned to

	// Environment contains the variables that App Service sets for the program: IDENTITY_ENDPOINT
	// and IDENTITY_HEADER.
	Environment map[string]string `json:"environment"`
}

// makeManagedIdentity creates the identity with a name, or finds it.
func (e *Emulator) makeManagedIdentity(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Name        string `json:"name"`
		PublicHosts bool   `json:"publicHosts"` // its tokens have the names of Microsoft's cloud instead of localhost
		Cloud       string `json:"cloud"`       // with publicHosts; empty: the cloud of each resource
	}
	if !managementBody(w, r, &request) {
		return
	}
	if _, known := microsoft.CloudNamed(request.Cloud); request.Cloud != "" && (!known || !request.PublicHosts) {
		managementError(w, http.StatusBadRequest, "cloud %q is not known, or publicHosts is not set", request.Cloud)
		return
	}
	var identity *directory.ServicePrincipal
	status := http.StatusOK
	err := e.directory.Update(func(tx *directory.Tx) error {
		found, made, err := tx.CreateManagedIdentity(request.Name)
		if made {
			status = http.StatusCreated
		}
		identity = found
		return err
	})
	if refused := (*directory.Error)(nil); errors.As(err, &refused) {
		managementError(w, http.StatusBadRequest, "%v", err)
		return
	}
	if err != nil {
		managementError(w, http.StatusInternalServerError, "%v", err)
		return
	}
	endpoint := "http://" + r.Host + "/msi/token"
	if request.PublicHosts {
		endpoint = "http://" + r.Host + "/msi/public/token"
	}
	if request.Cloud != "" {
		endpoint = "http://" + r.Host + "/msi/cloud/" + request.Cloud + "/token"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	managementAnswer(w, ManagedIdentity{
		Name: identity.DisplayName, TenantID: e.directory.Tenant().ID, ClientID: identity.AppID, PrincipalID: identity.ID,
		Environment: map[string]string{"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": e.identityHeader(identity)},
	})
}

// identityHeader is the secret that prevents other programs of the machine from getting
// an identity's tokens. It changes with the management key.
func (e *Emulator) identityHeader(identity *directory.ServicePrincipal) string {
	mac := hmac.New(sha256.New, []byte(e.key))
	mac.Write([]byte("managed identity " + identity.ID))
	return hex.EncodeToString(mac.Sum(nil))
}

// ownHost returns the host of identities whose tokens have the names of the local tenant.
func ownHost(*http.Request) string { return "" }

// cloudHost returns the authorization server of the cloud that the path names. Without one it is
// the cloud that the requested resource belongs to, and the public cloud for a resource that
// has the same name everywhere.
func cloudHost(r *http.Request) string {
	c, found := microsoft.CloudNamed(r.PathValue("cloud"))
	if !found {
		c, found = microsoft.CloudOfResource(r.URL.Query().Get("resource"))
	}
	if !found {
		c = microsoft.Clouds[0]
	}
	return c.Login[0]
}

// identityToken serves IDENTITY_ENDPOINT.
func (e *Emulator) identityToken(host func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		identity := e.identityOf(r.Header.Get("X-IDENTITY-HEADER"))
		if identity == nil {
			identityError(w, http.StatusUnauthorized, "The X-IDENTITY-HEADER header is missing or wrong.")
			return
		}
		q := r.URL.Query()
		for name, own := range map[string]string{
			"client_id": identity.AppID, "principal_id": identity.ID, "object_id": identity.ID, "mi_res_id": identity.ManagedIdentityResource(),
		} {
			if asked := q.Get(name); asked != "" && asked != own {
				identityError(w, http.StatusBadRequest, "No User Assigned or Delegated Managed Identity found for specified "+name+".")
				return
			}
		}
		switch {
		case q.Get("api-version") != identityAPIVersion:
			identityError(w, http.StatusBadRequest, "The api-version must be "+identityAPIVersion+".")
			return
		case q.Get("resource") == "":
			identityError(w, http.StatusBadRequest, "The resource is missing.")
			return
		}
		token, expires, err := e.login.ManagedIdentityToken(e.directory, identity, q.Get("resource"), host(r))
		if err != nil {
			status := http.StatusInternalServerError
			if errors.As(err, new(*login.Error)) {
				status = http.StatusBadRequest
			}
			identityError(w, status, err.Error())
			return
		}
		managementAnswer(w, map[string]string{
			"access_token": token, "expires_on": strconv.FormatInt(expires.Unix(), 10), "resource": q.Get("resource"),
			"token_type": "Bearer", "client_id": identity.AppID,
		})
	}
}

// identityOf finds the enabled identity that a header belongs to.
func (e *Emulator) identityOf(header string) *directory.ServicePrincipal {
	for sp := range e.directory.View().ServicePrincipals() {
		if sp.ServicePrincipalType == directory.ManagedIdentityType && sp.AccountEnabled && hmac.Equal([]byte(header), []byte(e.identityHeader(sp))) {
			return sp
		}
	}
	return nil
}

func identityError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	managementAnswer(w, map[string]any{"statusCode": status, "message": message})
}
