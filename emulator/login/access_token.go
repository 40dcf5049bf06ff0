package login

import (
	"math/rand/v2"
	"time"

	"provision/emulator/directory"
)

// accessTokenLifetime is between 60 and 90 minutes, 75 on average, so that the tokens
// of many clients do not expire at the same time. Source:
// learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime.
func accessTokenLifetime() time.Duration {
	return time.Hour + rand.N(30*time.Minute).Truncate(time.Second)
}

type claims = map[string]any

// accessToken signs the access token of an answer.
func (c *tenantCall) accessToken(i issuance, lifetime time.Duration) (string, error) {
	key := c.keys.current()
	if i.resource.tokenVersion() == v2 {
		return signJWT(key.signV2, c.accessClaims(i, v2, lifetime))
	}
	return signJWT(key.signV1, c.accessClaims(i, v1, lifetime))
}

// accessClaims returns the claims of an access token of either version.
// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
func (c *tenantCall) accessClaims(i issuance, v version, lifetime time.Duration) claims {
	token := c.commonClaims(v, lifetime)
	token["aud"] = i.resource.audience()
	if v == v2 {
		token["azp"], token["azpacr"] = i.client.app.AppID, i.client.assurance
	} else {
		token["appid"], token["appidacr"] = i.client.app.AppID, i.client.assurance
	}
	if i.resource.isGraph() {
		token["app_displayname"] = i.client.app.DisplayName
	}
	var roles []string
	if i.user == nil {
		roles = c.addApplication(token, i, v)
	} else {
		roles = c.addDelegation(token, i, v)
	}
	if len(roles) > 0 {
		token["roles"] = roles // omitted if empty
	}
	c.addRequestedClaims(token, i)
	return token
}

// commonClaims returns the claims that every access token contains.
func (c *tenantCall) commonClaims(v version, lifetime time.Duration) claims {
	issued := c.now.Unix()
	token := claims{
		"iss": c.issuerV2(c.tenant.ID),
		"tid": c.tenant.ID,
		"ver": "2.0",
		"iat": issued,
		"nbf": issued,
		"exp": issued + int64(lifetime/time.Second),
		"aio": c.seal.cloudMark(c.cloudName()),
		"rh":  "1." + opaque(32),
		"uti": opaque(16),
	}
	if v == v1 {
		token["iss"], token["ver"] = c.issuerV1(c.tenant.ID), "1.0"
	}
	return token
}

// addApplication adds the claims of an app-only token, and returns the application's
// roles.
func (c *tenantCall) addApplication(token claims, i issuance, v version) []string {
	principal := i.client.principal
	token["oid"], token["sub"] = principal.ID, principal.ID
	if v == v1 {
		token["idp"] = token["iss"]
	}
	if _, asked := optionalClaim(i.resource.accessTokenClaims(), "idtyp"); asked || i.resource.isGraph() {
		token["idtyp"] = "app"
	}
	if i.resource.isGraph() {
		token["wids"] = []string{applicationWID}
	}
	return c.applicationRoles(i.resource.principal, principal)
}

// addDelegation adds the claims of a user who is signed in to a client, and returns
// the user's roles. It returns no roles if the claim contains groups instead.
func (c *tenantCall) addDelegation(token claims, i issuance, v version) []string {
	token["sub"] = c.seal.subject(c.tenant.ID, i.resource.principal.AppID, i.user.ID)
	token["oid"] = i.user.ID
	token["name"] = i.user.DisplayName
	if scp := scp(i); scp != "" {
		token["scp"] = scp
	}
	if v == v2 {
		token["preferred_username"] = userName(i.user)
	} else {
		addV1User(token, i)
		token["acr"] = "1"
	}
	c.addGuest(token, i.user)
	if i.resource.isGraph() {
		token["idtyp"] = "user"
	}
	c.addDirectoryRoles(token, i.user, i.resource.app)
	c.addOptional(token, i, i.resource.accessTokenClaims())
	if i.resource.app != nil && c.addGroups(token, i, i.resource.app, i.resource.principal, i.resource.accessTokenClaims()) {
		return nil
	}
	return c.userRoles(i.resource.principal, i.user)
}

// addV1User adds the claims of a user that v1 tokens always contain, and v2 tokens
// only as optional claims.
func addV1User(token claims, i issuance) {
	token["amr"] = []string{"pwd"}
	token["unique_name"] = userName(i.user)
	if name, told := principalName(i.user, directory.OptionalClaim{}); told {
		token["upn"] = name
	}
	token["ipaddr"] = i.ipaddr
	setText(token, "family_name", i.user.Surname)
	setText(token, "given_name", i.user.GivenName)
}

// setText sets a claim, unless the value is empty.
func setText(token claims, name string, value *string) {
	if value != nil && *value != "" {
		token[name] = *value
	}
}

// optionalClaim finds an optional claim that a registration requests.
func optionalClaim(asked []directory.OptionalClaim, name string) (directory.OptionalClaim, bool) {
	for _, claim := range asked {
		if claim.Name == name {
			return claim, true
		}
	}
	return directory.OptionalClaim{}, false
}
