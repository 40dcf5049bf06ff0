package emulator

import (
	"net/http"
	"strings"

	"provision/emulator/directory"
	"provision/emulator/graphapi"
)

// authenticate verifies the access token of a request to a tenant's Graph and finds the
// caller in the directory.
func (e *Emulator) authenticate(d *directory.Directory, r *http.Request) (graphapi.Caller, error) {
	token := bearer(r)
	if token == "" {
		return graphapi.Caller{}, unauthorized("InvalidAuthenticationToken", "Access token is empty.")
	}
	verified, err := e.login.VerifyGraphToken(r.Host, token)
	if err != nil {
		return graphapi.Caller{}, unauthorized("InvalidAuthenticationToken", "Access token validation failure. "+err.Error()+".")
	}
	caller := graphapi.Caller{AppID: verified.AppID, Roles: verified.Roles, Scopes: verified.Scopes}
	sp, known := d.ServicePrincipalByAppID(verified.AppID)
	if known {
		caller.ServicePrincipalID = sp.ID
	}
	if !verified.AppOnly {
		caller.UserID = verified.ObjectID
		_, known = d.User(caller.UserID)
	}
	if !known {
		return graphapi.Caller{}, unauthorized("Authorization_IdentityNotFound", "The identity of the calling application could not be established.")
	}
	return caller, nil
}

// bearer returns the access token of a request, or "" if it has none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func unauthorized(code, message string) error {
	return &directory.Error{Status: http.StatusUnauthorized, Code: code, Message: message}
}
