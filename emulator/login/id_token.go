package login

import (
	"time"

	"provision/emulator/directory"
)

const idTokenLifetime = time.Hour

// idToken signs the ID token of an answer (OpenID Connect Core section 2). Its
// version is the endpoint's.
func (c *tenantCall) idToken(i issuance) (string, error) {
	key := c.keys.current()
	if c.version == v2 {
		return signJWT(key.signV2, c.idClaims(i))
	}
	return signJWT(key.signV1, c.idClaims(i))
}

// idClaims returns the claims of an ID token. The scope profile adds the claims that
// describe the user, and the scope email adds the address.
// Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference.
func (c *tenantCall) idClaims(i issuance) claims {
	token := c.commonClaims(c.version, idTokenLifetime)
	token["aud"] = i.client.app.AppID
	token["sub"] = c.seal.subject(c.tenant.ID, i.client.app.AppID, i.user.ID)
	if i.nonce != "" {
		token["nonce"] = i.nonce
	}
	if i.authTime {
		token["auth_time"] = i.session.SignedIn.Unix()
	}
	setText(token, "sid", &i.session.ID)
	setText(token, "c_hash", &i.codeHash)
	setText(token, "at_hash", &i.accessHash)
	if i.asked.oidc.profile {
		token["oid"] = i.user.ID
		token["name"] = i.user.DisplayName
		if c.version == v2 {
			token["preferred_username"] = userName(i.user)
		}
	}
	if c.version == v1 {
		addV1User(token, i)
	}
	c.addGuest(token, i.user)
	if i.asked.oidc.email && c.version == v2 {
		setText(token, "email", i.user.Mail)
	}
	c.addDirectoryRoles(token, i.user, i.client.app)
	var asked []directory.OptionalClaim
	if i.client.app.OptionalClaims != nil {
		asked = i.client.app.OptionalClaims.IDToken
	}
	c.addOptional(token, i, asked)
	if !c.addGroups(token, i, i.client.app, i.client.principal, asked) {
		if roles := c.userRoles(i.client.principal, i.user); len(roles) > 0 {
			token["roles"] = roles
		}
	}
	return token
}
