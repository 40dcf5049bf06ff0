package login

import (
	"encoding/json"
	"regexp"
	"strings"
)

// claimsRequest is the claims parameter: the claims that a client requests for its
// tokens (OpenID Connect Core section 5.5). Entra evaluates two claims of access
// tokens: xms_cc, the capabilities of the client, and acrs, the authentication
// contexts that an API required in a claims challenge. Source:
// learn.microsoft.com/entra/identity-platform/claims-challenge.
type claimsRequest struct {
	AccessToken map[string]*claimWish `json:"access_token"`
	IDToken     map[string]*claimWish `json:"id_token"`
	UserInfo    map[string]*claimWish `json:"userinfo"`
}

// claimWish is a requested claim; nil requests the claim with any value.
type claimWish struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

// parseClaimsRequest reads a claims parameter. An empty one requests nothing.
func parseClaimsRequest(text string) (claimsRequest, *Error) {
	var wishes claimsRequest
	if strings.TrimSpace(text) == "" {
		return wishes, nil
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || json.Unmarshal([]byte(text), &wishes) != nil {
		return claimsRequest{}, failure(90100, "claims")
	}
	return wishes, nil
}

// values are the requested values of a claim in the access token.
func (wishes claimsRequest) values(claim string) []string {
	wish := wishes.AccessToken[claim]
	if wish == nil {
		return nil
	}
	var texts []string
	for _, raw := range append([]json.RawMessage{wish.Value}, wish.Values...) {
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// authenticationContext matches the id of an authentication context
// (learn.microsoft.com/graph/api/resources/authenticationcontextclassreference).
var authenticationContext = regexp.MustCompile(`^c([1-9]|[1-9][0-9])$`)

// addWished adds the claims that the client requests and the API has declared. No
// policy is attached to an authentication context here, so every user meets each
// context.
func (c *tenantCall) addWished(token claims, i issuance) {
	wished := func(claim string, known func(string) bool) {
		_, asked := optionalClaim(i.resource.accessTokenClaims(), claim)
		if !asked && i.resource.app != nil {
			return
		}
		var values []string
		for _, value := range i.wishes.values(claim) {
			if known(value) {
				values = append(values, value)
			}
		}
		if len(values) > 0 {
			token[claim] = values
		}
	}
	wished("xms_cc", func(value string) bool { return strings.EqualFold(value, "cp1") })
	if i.user != nil {
		wished("acrs", authenticationContext.MatchString)
	}
}
