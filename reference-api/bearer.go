package referenceapi

import (
	"net/http"
	"strings"
)

// Challenges of RFC 6750, section 3. Without a token they contain no error. The
// description is the same for every invalid token.
const (
	noToken      = `Bearer realm="api"`
	invalidToken = `Bearer error="invalid_token", error_description="The access token is malformed, expired or not valid for this API"`
)

func insufficientScope(scope string) string {
	challenge := `Bearer error="insufficient_scope"`
	if scope != "" {
		challenge += `, scope="` + scope + `"`
	}
	return challenge
}

// bearer returns the token in the Authorization header. No other place is read. The
// scheme is not case-sensitive (RFC 9110, 11.1).
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", ErrNoHeader
	}
	if len(values) > 1 {
		return "", ErrTwoHeaders
	}
	scheme, raw, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrScheme
	}
	raw = strings.Trim(raw, " ")
	switch {
	case raw == "":
		return "", ErrNoToken
	case strings.Contains(raw, " "):
		return "", ErrTwoTokens
	}
	return raw, nil
}
