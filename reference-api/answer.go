package referenceapi

import (
	"context"
	"encoding/json"
	"net/http"

	"provision/reference-api/token"
)

type claimsKey struct{}

// Claims returns the verified claims of the caller whom a Route's Handler
// answers, or nil on a public route.
func Claims(ctx context.Context) *token.Claims {
	claims, _ := ctx.Value(claimsKey{}).(*token.Claims)
	return claims
}

// Status answers {"status":"ok"} and, on a protected route, who was admitted: user
// holds the username, or application the client's id.
func Status(w http.ResponseWriter, r *http.Request) {
	body := struct {
		User        string `json:"user,omitempty"`
		Application string `json:"application,omitempty"`
		Status      string `json:"status"`
	}{Status: "ok"}
	if claims := Claims(r.Context()); claims != nil {
		if claims.AppOnly {
			body.Application = claims.ClientID
		} else {
			body.User = claims.Username
		}
	}
	WriteJSON(w, http.StatusOK, body)
}

// WriteJSON answers with a JSON body.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only when the caller has gone
}
