package login

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// userInfo is the answer of the UserInfo endpoint.
// Source: OpenID Connect Core section 5.3, learn.microsoft.com/entra/identity-platform/userinfo.
type userInfo struct {
	Subject    string  `json:"sub"` // as in the client's ID tokens
	Name       string  `json:"name,omitempty"`
	FamilyName *string `json:"family_name,omitempty"`
	GivenName  *string `json:"given_name,omitempty"`
	Picture    string  `json:"picture,omitempty"`
	Email      *string `json:"email,omitempty"`
}

// userinfo returns claims about the user of a Microsoft Graph token. Its path contains
// no tenant: the token names it.
func (l *Login) userinfo(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	switch r.Method {
	case http.MethodGet, http.MethodPost:
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "Authorization")
		return
	default:
		header.Set("Allow", "GET, POST, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	refuse := func(status int, code, why string) {
		header.Set("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+why+`"`) // RFC 6750 section 3
		w.WriteHeader(status)
	}
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		header.Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	token, err := l.VerifyGraphToken(r.Host, bearer)
	if err != nil {
		refuse(http.StatusUnauthorized, "invalid_token", err.Error())
		return
	}
	tenant, _ := l.tenants.Find(token.TenantID)
	user, found := tenant.User(token.ObjectID)
	if token.AppOnly || !found {
		refuse(http.StatusUnauthorized, "invalid_token", "token is not a user's")
		return
	}
	if !slices.Contains(token.Scopes, "openid") {
		refuse(http.StatusForbidden, "insufficient_scope", "the scope openid is needed")
		return
	}
	info := userInfo{Subject: l.seal.subject(token.TenantID, token.AppID, user.ID)}
	if slices.Contains(token.Scopes, "profile") {
		info.Name, info.FamilyName, info.GivenName = user.DisplayName, user.Surname, user.GivenName
		info.Picture = l.namesUnder(r.Host).graphURL() + "/v1.0/me/photo/$value"
	}
	if slices.Contains(token.Scopes, "email") {
		info.Email = user.Mail
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(info); err != nil {
		l.log.Debug("answer not written", "error", err)
	}
}
