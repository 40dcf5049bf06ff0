package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Caller is the user or application that signs in.
type Caller struct {
	ID          string   // object id of the user, or of the application's service principal; "" if the token cannot be read
	Permissions []string // of the user's client (scp), or of the application (roles)

	User           string   // user principal name; "" for an application
	Application    string   // name of the application that signs in, or that a user signs in to
	AppID          string   // its appId
	DirectoryRoles []string // template ids of the user's directory roles
}

// Caller reads the claims of the access token: Graph has no request that returns them
// for users and applications. Source:
// learn.microsoft.com/entra/identity-platform/access-token-claims-reference (oid, scp,
// roles, upn, app_displayname, appid, wids).
func (c *Client) Caller(ctx context.Context) (Caller, error) {
	token, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.scope}, EnableCAE: true})
	if err != nil {
		return Caller{}, fmt.Errorf("sign in: %w", err)
	}
	var claims struct {
		OID, SCP, UPN, AppID string
		Application          string `json:"app_displayname"`
		Roles, WIDs          []string
	}
	if parts := strings.Split(token.Token, "."); len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(raw, &claims) == nil {
			return Caller{ID: claims.OID, Permissions: append(strings.Fields(claims.SCP), claims.Roles...),
				User: claims.UPN, Application: claims.Application, AppID: claims.AppID, DirectoryRoles: claims.WIDs}, nil
		}
	}
	return Caller{}, nil
}
