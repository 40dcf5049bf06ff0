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
	AccessToken map[string]*requestedClaim `json:"access_token"`
	IDToken     map[string]*requestedClaim `json:"id_token"`
	UserInfo    map[string]*requestedClaim `json:"userinfo"`
}

// requestedClaim is a claim of the request; nil requests the claim with any value.
type requestedClaim struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

// parseClaimsRequest reads a claims parameter. An empty parameter requests no claim.
func parseClaimsRequest(text string) (claimsRequest, *Error) {
	var request claimsRequest
	if strings.TrimSpace(text) == "" {
		return request, nil
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || json.Unmarshal([]byte(text), &request) != nil {
		return claimsRequest{}, failure(90100, "claims")
	}
	return request, nil
}

// values returns the requested values of a claim in the access token.
func (r claimsRequest) values(claim string) []string {
	requested := r.AccessToken[claim]
	if requested == nil {
		return nil
	}
	var texts []string
	for _, raw := range append([]json.RawMessage{requested.Value}, requested.Values...) {
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

// addRequestedClaims adds the claims that the client requests and that the API declares as
// optional claims. The local tenant has no Conditional Access policies, so every user
// satisfies every authentication context.
func (c *tenantCall) addRequestedClaims(token claims, i issuance) {
	add := func(claim string, known func(string) bool) {
		_, declared := optionalClaim(i.resource.accessTokenClaims(), claim)
		if !declared && i.resource.app != nil {
			return
		}
		var values []string
		for _, value := range i.requestedClaims.values(claim) {
			if known(value) {
				values = append(values, value)
			}
		}
		if len(values) > 0 {
			token[claim] = values
		}
	}
	add("xms_cc", func(value string) bool { return strings.EqualFold(value, "cp1") })
	if i.user != nil {
		add("acrs", authenticationContext.MatchString)
	}
}
