package referenceapi

import (
	"net/http"
	"strings"
)

// Challenges of RFC 6750, section 3. Without a token there is no error to
// speak of; a description is the same for every fault of a token.
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

// bearer takes the token out of the Authorization header, the only place
// where it is looked for. The scheme's case does not matter (RFC 9110, 11.1).
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
