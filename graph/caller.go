package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Caller is the object id of who signs in: of a user, or of an application's
// service principal. Graph has no one request that answers this for both, and
// the access token says it; "" is a token that cannot be read.
// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference (oid).
func (c *Client) Caller(ctx context.Context) (string, error) {
	token, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.scope}, EnableCAE: true})
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	var claims struct{ OID string }
	if parts := strings.Split(token.Token, "."); len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(raw, &claims) == nil {
			return claims.OID, nil
		}
	}
	return "", nil
}
