package directory

import (
	"net/http"
	"slices"
	"strings"
)

// tuple returns the natural key of a grant.
func (g *OAuth2PermissionGrant) tuple() string {
	return strings.Join([]string{g.ClientID, g.ResourceID, g.ConsentType, text(g.PrincipalID)}, " ")
}

// CreateGrant records consent to scopes of a resource for a client.
func (tx *Tx) CreateGrant(g *OAuth2PermissionGrant) (*OAuth2PermissionGrant, error) {
	for _, id := range []string{g.ClientID, g.ResourceID} {
		if _, ok := tx.ServicePrincipal(id); !ok || !tx.Visible(id) {
			return nil, NotFound(id)
		}
	}
	created := *g
	created.ID = newLinkID()
	switch {
	case g.ConsentType == "AllPrincipals":
		if text(g.PrincipalID) != "" {
			return nil, invalidValue("OAuth2PermissionGrant", "principalId", "It must be null when consentType is AllPrincipals.")
		}
		created.PrincipalID = nil
	case g.ConsentType != "Principal":
		return nil, invalidValue("OAuth2PermissionGrant", "consentType", "It must be AllPrincipals or Principal.")
	case text(g.PrincipalID) == "":
		return nil, invalidValue("OAuth2PermissionGrant", "principalId", "It is required when consentType is Principal.")
	default:
		if _, ok := tx.User(*g.PrincipalID); !ok || !tx.Visible(*g.PrincipalID) {
			return nil, NotFound(*g.PrincipalID)
		}
	}
	var err error
	if created.Scope, err = normalScope(g.Scope); err != nil {
		return nil, err
	}
	if find[OAuth2PermissionGrant](tx.reader, grants, "tuple", created.tuple()) != nil {
		return nil, &Error{Status: http.StatusConflict, Code: "Request_MultipleObjectsWithSameKeyValue",
			Message: "Permission entry already exists."}
	}
	tx.put(grants, &created)
	return &created, nil
}

// UpdateGrant replaces the scopes of a grant. Its other properties cannot change.
func (tx *Tx) UpdateGrant(id, scope string) error {
	g, ok := tx.Grant(id)
	if !ok {
		return NotFound(id)
	}
	changed := *g
	var err error
	if changed.Scope, err = normalScope(scope); err != nil {
		return err
	}
	tx.put(grants, &changed)
	return nil
}

// DeleteGrant revokes consent.
func (tx *Tx) DeleteGrant(id string) error {
	g, ok := tx.Grant(id)
	if !ok {
		return NotFound(id)
	}
	tx.remove(grants, g)
	return nil
}

// normalScope separates values by one space and removes duplicates. Entra keeps values
// that the resource does not expose: they have no effect.
func normalScope(scope string) (string, error) {
	var values []string
	for _, value := range strings.Fields(scope) {
		if !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	joined := strings.Join(values, " ")
	if len(joined) > maxScopeLength {
		return "", invalidValue("OAuth2PermissionGrant", "scope", "It must not be longer than 3850 characters.")
	}
	return joined, nil
}
