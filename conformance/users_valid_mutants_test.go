package conformance

import (
	"strings"
	"testing"
	"time"
)

// validMutants refuse entitled callers, or break on their tokens.
var validMutants = []mutant{
	{flaw: "a missing preferred_username causes an internal error", kills: "valid-claims", mutation: breaksOnClaims(func(c map[string]any) bool { _, ok := c["preferred_username"]; return !ok })},
	{flaw: "the API refuses a preferred_username that is not an address", kills: "valid-claims", mutation: refusesClaims(func(c map[string]any) bool { return !strings.Contains(text(c, "preferred_username"), "@") })},
	{flaw: "a name that is not ASCII causes an internal error", kills: "valid-claims", mutation: breaksOnClaims(func(c map[string]any) bool {
		return strings.ContainsFunc(text(c, "name"), func(r rune) bool { return r > 127 })
	})},
	{flaw: "quotes in a name cause an internal error", kills: "valid-claims", mutation: breaksOnClaims(func(c map[string]any) bool { return strings.ContainsAny(text(c, "name"), `'"`) })},
	{flaw: "a long name causes an internal error", kills: "valid-claims", mutation: breaksOnClaims(func(c map[string]any) bool { return len(text(c, "name")) > 100 })},
	{flaw: "a name without two words causes an internal error", kills: "valid-claims", mutation: breaksOnClaims(func(c map[string]any) bool {
		name, ok := c["name"].(string)
		return ok && len(strings.Fields(name)) < 2
	})},
	{flaw: "a claim that is an object causes an internal error", kills: "valid-claims", mutation: breaksOnClaims(func(c map[string]any) bool { _, ok := c["address"].(map[string]any); return ok })},
	{flaw: "the API refuses a token with a long lifetime", kills: "valid-claims", mutation: refusesClaims(func(c map[string]any) bool { return number(c["exp"])-number(c["iat"]) > 20*3600 })},
	{flaw: "the API reads only the first role", kills: "valid-roles", mutation: mutation{reads: func(c map[string]any) {
		if roles := texts(c["roles"]); len(roles) > 0 {
			c["roles"] = roles[:1]
		}
	}}},
	{flaw: "the API reads only the last role", kills: "valid-roles", mutation: mutation{reads: func(c map[string]any) {
		if roles := texts(c["roles"]); len(roles) > 0 {
			c["roles"] = roles[len(roles)-1:]
		}
	}}},
	{flaw: "the API refuses several roles", kills: "valid-roles", mutation: refusesClaims(func(c map[string]any) bool { return len(texts(c["roles"])) > 1 })},
	{flaw: "the API refuses several scopes", kills: "valid-scopes", mutation: refusesClaims(func(c map[string]any) bool { return strings.Contains(text(c, "scp"), " ") })},
	{flaw: "the API reads only the first scope", kills: "valid-scopes", mutation: mutation{reads: func(c map[string]any) { first, _, _ := strings.Cut(text(c, "scp"), " "); c["scp"] = first }}},
	{flaw: "the API reads only the last scope", kills: "valid-scopes", mutation: mutation{reads: func(c map[string]any) {
		scp := text(c, "scp")
		c["scp"] = scp[strings.LastIndexByte(scp, ' ')+1:]
	}}},
	{flaw: "a token with many groups causes an internal error", kills: "valid-groups", mutation: mutation{breaksOn: func(raw string) bool { return len(raw) > 8<<10 && len(raw) < 32<<10 }}},
	{flaw: "a token without the list of groups causes an internal error", kills: "valid-groups", mutation: breaksOnClaims(func(c map[string]any) bool { return c["_claim_names"] != nil })},
	{flaw: "the API refuses a token whose groups it cannot fetch", kills: "valid-groups", mutation: refusesClaims(func(c map[string]any) bool { return c["hasgroups"] == true })},
	{flaw: "the API refuses guests from another tenant", kills: "valid-guest", mutation: refusesClaims(func(c map[string]any) bool { return strings.HasPrefix(text(c, "idp"), "https://sts.windows.net/") })},
	{flaw: "the API refuses users from another domain", kills: "valid-guest", mutation: refusesClaims(func(c map[string]any) bool { return strings.HasSuffix(text(c, "email"), "@partner.example") })},
	{flaw: "#EXT# in upn causes an internal error", kills: "valid-guest", mutation: breaksOnClaims(func(c map[string]any) bool { return strings.Contains(text(c, "upn"), "#EXT#") })},
}

func text(c map[string]any, name string) string { s, _ := c[name].(string); return s }

func breaksOnClaims(on func(map[string]any) bool) mutation {
	return mutation{breaksOn: func(raw string) bool {
		segments := strings.Split(raw, ".")
		var claims map[string]any
		return len(segments) == 3 && unmarshal(segments[1], &claims) && claims["scp"] != nil && on(claims)
	}}
}

// refusesClaims removes the roles from tokens whose claims match on.
func refusesClaims(on func(map[string]any) bool) mutation {
	return mutation{reads: func(c map[string]any) {
		if on(c) {
			c["roles"] = []string{}
		}
	}}
}

// idtyp is in every token of an application if the registration has it as an optional
// claim. An API may then require it.
func TestIdtypOfTheRegistrationStays(t *testing.T) {
	t.Parallel()
	for _, claims := range [][]string{nil, {"idtyp"}} {
		suite := &Suite{Resource: Resource{OptionalClaims: claims}, Clock: time.Now}
		all := differentClaims(endpoint{}, &baselineToken{claims: claimSet{"idtyp": "app"}, run: &runState{Suite: suite}})
		if _, removed := all[0].changes["idtyp"]; removed == (claims != nil) {
			t.Errorf("with optional claims %v: removed is %t", claims, removed)
		}
	}
}
