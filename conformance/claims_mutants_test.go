package conformance

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// claimMutants misinterpret a claim.
var claimMutants = []mutant{
	{flaw: "the API requires no scope in ID tokens", kills: "id-token-own", mutation: idTokens(func(c map[string]any) bool { return c["nonce"] != nil })},
	{flaw: "the API requires no scope in users' tokens without scp", kills: "id-token-own", mutation: idTokens(func(c map[string]any) bool { return c["scp"] == nil && c["oid"] != c["sub"] })},
	{flaw: "the API requires no scope in tokens without azp", kills: "id-token-own", mutation: idTokens(func(c map[string]any) bool { return c["azp"] == nil })},
	{flaw: "an old exp overflows and becomes a future date", kills: "expired-long-ago", mutation: reads("exp", func(v any) any { return later(number(v) < float64(time.Now().AddDate(-5, 0, 0).Unix()), v) })},
	{flaw: "the API ignores an exp that is a string", kills: "exp-string", mutation: reads("exp", func(v any) any { _, text := v.(string); return later(text, v) })},
	{flaw: "the API ignores an exp that is a float", kills: "exp-float", mutation: reads("exp", func(v any) any { n := number(v); return later(n != float64(int64(n)), v) })},
	{flaw: "the API reads a negative exp as unsigned", kills: "exp-negative", mutation: reads("exp", func(v any) any { return later(number(v) < 0, v) })},
	{flaw: "the API ignores an nbf in the far future", kills: "not-yet-valid-far", mutation: reads("nbf", func(v any) any {
		if number(v) > float64(time.Now().AddDate(5, 0, 0).Unix()) {
			return 0
		}
		return v
	})},
	{flaw: "the API accepts a missing aud", kills: "audience-missing", mutation: reads("aud", func(v any) any { return ours(v == nil, v) })},
	{flaw: "the API accepts an empty aud", kills: "audience-empty", mutation: reads("aud", func(v any) any { return ours(v == "", v) })},
	{flaw: "the API accepts every list of audiences", kills: "audience-list-without", mutation: reads("aud", func(v any) any { _, list := v.([]any); return ours(list, v) })},
	{flaw: "the API accepts a prefix of the audience", kills: "audience-prefix", mutation: reads("aud", func(v any) any {
		text, _ := v.(string)
		return ours(text != "" && strings.HasPrefix(apiID, text), v)
	})},
	{flaw: "the API compares only the beginning of aud", kills: "audience-suffix", mutation: reads("aud", func(v any) any { text, _ := v.(string); return ours(strings.HasPrefix(text, apiID), v) })},
	{flaw: "the API compares only the end of aud", kills: "audience-within", mutation: reads("aud", func(v any) any { text, _ := v.(string); return ours(strings.HasSuffix(text, apiID), v) })},
	{flaw: "the API ignores case in aud", kills: "audience-case", mutation: reads("aud", func(v any) any { text, _ := v.(string); return ours(strings.EqualFold(text, apiID), v) })},
	{flaw: "the API accepts the client's id as aud", kills: "audience-client", mutation: reads("aud", func(v any) any { return ours(v == "extension", v) })},
	{flaw: "the API accepts a missing iss", kills: "issuer-missing", mutation: issuer(func(iss, _ string) bool { return iss == "" })},
	{flaw: "the API accepts a prefix of the issuer", kills: "issuer-prefix", mutation: issuer(func(iss, right string) bool { return iss != "" && strings.HasPrefix(right, iss) })},
	{flaw: "the API compares only the beginning of iss", kills: "issuer-suffix", mutation: issuer(func(iss, right string) bool { return strings.HasPrefix(iss, right) })},
	{flaw: "the API accepts an iss that contains the issuer", kills: "issuer-within", mutation: issuer(func(iss, right string) bool { return strings.Contains(iss, right) })},
	{flaw: "the API ignores case in iss", kills: "issuer-case", mutation: issuer(strings.EqualFold)},
	{flaw: "the API accepts tokens for Microsoft Graph", kills: "graph-token", mutation: mutation{readsFor: func(v validator, c map[string]any) {
		if c["aud"] == anotherAudience {
			c["aud"], c["iss"] = apiID, v.issuer
		}
	}}},
	{flaw: "the API reads the first of two aud", kills: "twice-audience", mutation: mutation{parses: firstOfTwo}},
	{flaw: "the API reads the first of two iss", kills: "twice-issuer", mutation: mutation{parses: firstOfTwo}},
	{flaw: "the API reads the first of two exp", kills: "twice-expiry", mutation: mutation{parses: firstOfTwo}},
	{flaw: "the API accepts every issuer of version 1", kills: "issuer-public-v1", mutation: issuer(func(iss, _ string) bool { return strings.HasPrefix(iss, "https://sts.windows.net/") })},
	{flaw: "the API accepts every issuer of version 2", kills: "issuer-public-v2", mutation: issuer(func(iss, _ string) bool {
		return strings.HasPrefix(iss, "https://login.microsoftonline.com/") && strings.HasSuffix(iss, "/v2.0")
	})},
	{flaw: "the API accepts the issuer common", kills: "issuer-common", mutation: issuer(func(iss, _ string) bool { return strings.Contains(iss, "/common/") })},
}

// firstOfTwo keeps the first of two members with the same name.
func firstOfTwo(payload []byte) map[string]any {
	members := make(map[string]any)
	decoder := json.NewDecoder(bytes.NewReader(payload))
	_, _ = decoder.Token()
	for decoder.More() {
		name, err := decoder.Token()
		var value any
		if err != nil || decoder.Decode(&value) != nil {
			return nil
		}
		if _, twice := members[name.(string)]; !twice {
			members[name.(string)] = value
		}
	}
	return members
}

func reads(claim string, meaning func(any) any) mutation {
	return mutation{reads: func(claims map[string]any) { claims[claim] = meaning(claims[claim]) }}
}

// issuer accepts every issuer that the comparison accepts.
func issuer(same func(iss, right string) bool) mutation {
	return mutation{readsFor: func(v validator, claims map[string]any) {
		if iss, _ := claims["iss"].(string); same(iss, v.issuer) {
			claims["iss"], claims["tid"] = v.issuer, tenantID
		}
	}}
}

func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

func later(yes bool, v any) any {
	if yes {
		return json.Number("99999999999")
	}
	if n, ok := v.(float64); ok {
		return int64(n)
	}
	return v
}

func ours(yes bool, v any) any {
	if yes {
		return apiID
	}
	return v
}

// idTokens adds the scope to tokens without a scope.
func idTokens(which func(map[string]any) bool) mutation {
	return mutation{reads: func(c map[string]any) {
		if which(c) && c["scp"] == nil {
			c["scp"] = "read_data"
		}
	}}
}
