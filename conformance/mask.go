package conformance

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const masked = "[masked]"

// tokenLike finds what looks like a JWS or JWE, whoever's it is.
var tokenLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){0,3}`)

// mask takes the secrets, their parts and whatever looks like a token out of a
// text.
func mask(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, masked)
		for part := range strings.SplitSeq(secret, ".") {
			if len(part) > 20 {
				text = strings.ReplaceAll(text, part, masked)
			}
		}
	}
	return tokenLike.ReplaceAllString(text, masked)
}

// maskHeader masks every value, and a cookie's whole.
func maskHeader(h http.Header, secrets []string) http.Header {
	clean := make(http.Header, len(h))
	for name, values := range h {
		values = slices.Clone(values)
		for i := range values {
			values[i] = mask(values[i], secrets)
			if name == "Set-Cookie" {
				cookie, _, _ := strings.Cut(values[i], "=")
				values[i] = cookie + "=" + masked
			}
		}
		clean[name] = values
	}
	return clean
}
