package conformance

import (
	"encoding/json"
	"strings"
	"time"
)

// claimMutants understand a claim otherwise than it is meant.
var claimMutants = []mutant{
	{"an old exp overflows", "expired-long-ago", reads("exp", func(v any) any { return later(number(v) < float64(time.Now().AddDate(-5, 0, 0).Unix()), v) })},
	{"an exp that is a string does not count", "exp-string", reads("exp", func(v any) any { _, text := v.(string); return later(text, v) })},
	{"an exp that is a float does not count", "exp-float", reads("exp", func(v any) any { n := number(v); return later(n != float64(int64(n)), v) })},
	{"a negative exp is unsigned", "exp-negative", reads("exp", func(v any) any { return later(number(v) < 0, v) })},
	{"a far nbf is forgotten", "not-yet-valid-far", reads("nbf", func(v any) any {
		if number(v) > float64(time.Now().AddDate(5, 0, 0).Unix()) {
			return 0
		}
		return v
	})},
	{"no aud is any", "audience-missing", reads("aud", func(v any) any { return ours(v == nil, v) })},
	{"an empty aud is any", "audience-empty", reads("aud", func(v any) any { return ours(v == "", v) })},
	{"a list of aud is any", "audience-list-without", reads("aud", func(v any) any { _, list := v.([]any); return ours(list, v) })},
	{"aud is the beginning", "audience-prefix", reads("aud", func(v any) any {
		text, _ := v.(string)
		return ours(text != "" && strings.HasPrefix(apiID, text), v)
	})},
	{"aud begins so", "audience-suffix", reads("aud", func(v any) any { text, _ := v.(string); return ours(strings.HasPrefix(text, apiID), v) })},
	{"aud ends so", "audience-within", reads("aud", func(v any) any { text, _ := v.(string); return ours(strings.HasSuffix(text, apiID), v) })},
	{"aud in any case", "audience-case", reads("aud", func(v any) any { text, _ := v.(string); return ours(strings.EqualFold(text, apiID), v) })},
	{"aud is the client", "audience-client", reads("aud", func(v any) any { return ours(v == "extension", v) })},
	{"no iss is any", "issuer-missing", issuer(func(iss, _ string) bool { return iss == "" })},
	{"iss is the beginning", "issuer-prefix", issuer(func(iss, right string) bool { return iss != "" && strings.HasPrefix(right, iss) })},
	{"iss begins so", "issuer-suffix", issuer(func(iss, right string) bool { return strings.HasPrefix(iss, right) })},
	{"iss holds it", "issuer-within", issuer(func(iss, right string) bool { return strings.Contains(iss, right) })},
	{"iss in any case", "issuer-case", issuer(strings.EqualFold)},
	{"iss of common", "issuer-common", issuer(func(iss, _ string) bool { return strings.Contains(iss, "/common/") })},
}

func reads(claim string, meaning func(any) any) mutation {
	return mutation{reads: func(claims map[string]any) { claims[claim] = meaning(claims[claim]) }}
}

// issuer believes an issuer that the comparison finds good.
func issuer(same func(iss, right string) bool) mutation {
	return mutation{readsFor: func(v validator, claims map[string]any) {
		if iss, _ := claims["iss"].(string); same(iss, v.issuer) {
			claims["iss"] = v.issuer
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
