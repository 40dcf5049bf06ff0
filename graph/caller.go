package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Caller is who signs in.
type Caller struct {
	ID          string   // object id of the user, or of the application's service principal; "" where the token cannot be read
	Permissions []string // of the user's client (scp), or of the application (roles)
}

// Caller reads who signs in from the access token: Graph has no one request that
// answers this for users and applications.
// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference
// (oid, scp, roles).
func (c *Client) Caller(ctx context.Context) (Caller, error) {
	token, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.scope}, EnableCAE: true})
	if err != nil {
		return Caller{}, fmt.Errorf("sign in: %w", err)
	}
	var claims struct {
		OID, SCP string
		Roles    []string
	}
	if parts := strings.Split(token.Token, "."); len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(raw, &claims) == nil {
			return Caller{claims.OID, append(strings.Fields(claims.SCP), claims.Roles...)}, nil
		}
	}
	return Caller{}, nil
}
