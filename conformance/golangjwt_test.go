package conformance

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// A correct API that uses golang-jwt in the usual way: no case fails, and a strict run counts its
// differences.
func TestNoFalseAlarmOnGolangJWT(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
			answer(w, 200, map[string]any{"status": "ok"})
		case "/secure":
			status := golangJWT(s.issuer(), r.Header.Get("Authorization"))
			if status != 200 {
				answer(w, status, map[string]any{"error": http.StatusText(status)})
				return
			}
			answer(w, status, map[string]any{"status": "ok"})
		default:
			answer(w, 404, nil)
		}
	})))
	r := run(t, suite)
	if failed := r.ids(Fail); len(failed) > 0 || r.summary.Noted == 0 || !r.summary.OK() {
		t.Errorf("false alarms: %s; %+v", list(failed), r.summary)
	}
	suite.Strict = true
	if strict := run(t, suite); strict.summary.Failed+strict.summary.Blocked != r.summary.Noted || strict.summary.OK() {
		t.Errorf("strict: %+v", strict.summary)
	}
}

func golangJWT(issuer, authorization string) int {
	raw, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		return 401
	}
	var claims struct {
		jwt.RegisteredClaims
		Scp   string   `json:"scp"`
		Roles []string `json:"roles"`
	}
	_, err := jwt.ParseWithClaims(raw, &claims, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		if key := allKeys(kid); key != nil {
			return key, nil
		}
		return nil, jwt.ErrTokenUnverifiable
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer), jwt.WithAudience(apiID))
	switch {
	case err != nil:
		return 401
	case !slices.Contains(strings.Fields(claims.Scp), "read_data"):
		return 403
	case !slices.Contains(claims.Roles, "Admin") && !slices.Contains(claims.Roles, "DevOps"):
		return 403
	}
	return 200
}
