package login

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"provision/emulator/directory"
)

// GraphToken contains the claims of a valid access token for Microsoft Graph about its bearer.
type GraphToken struct {
	TenantID string   // tid
	AppID    string   // appid: the client
	ObjectID string   // oid: the user or, in a token of the client's own, its service principal
	UPN      string   // upn, of a user
	Subject  string   // sub
	AppOnly  bool     // the client acts for itself: Roles applies, not Scopes
	Roles    []string // application permissions that were granted
	Scopes   []string // delegated permissions that were granted
}

// The errors of VerifyGraphToken.
var (
	ErrMalformed = errors.New("token is not a compact JWS signed with RS256")
	ErrSignature = errors.New("token is not signed with a key of this tenant")
	ErrIssuer    = errors.New("token is of another issuer")
	ErrCloud     = errors.New("token is of another cloud")
	ErrAudience  = errors.New("token is not for this resource")
	ErrExpired   = errors.New("token has expired")
	ErrNotYet    = errors.New("token is not valid yet")
)

// clockSkew is the tolerated clock skew for the times of a token.
const clockSkew = 5 * time.Minute

// VerifyGraphToken checks an access token (without "Bearer") like Microsoft Graph under
// a host, and returns its claims. A token of another cloud is refused: it has another
// issuer, or names another cloud in its claim aio. The error wraps one of the above.
func (l *Login) VerifyGraphToken(host, token string) (*GraphToken, error) {
	n := l.namesUnder(host)
	return l.verifyFor(n, append(n.graphNames(), directory.MicrosoftGraphAppID), token)
}

// VerifyManagementToken checks an access token (without "Bearer") like Azure Resource
// Manager under a host. The local tenant's own origin is also a name of it, because its
// metadata contains this origin. The error wraps one of the above.
func (l *Login) VerifyManagementToken(host, token string) (*GraphToken, error) {
	n := l.namesUnder(host)
	return l.verifyFor(n, append(n.cloud.ManagerNames(), managementAppID, n.local, n.local+"/"), token)
}

// verifyFor checks a v1 access token of one of the tenants for one of the audiences.
func (l *Login) verifyFor(n names, audiences []string, token string) (*GraphToken, error) {
	var claims struct {
		Issuer    string   `json:"iss"`
		Audience  string   `json:"aud"`
		Expires   int64    `json:"exp"`
		NotBefore int64    `json:"nbf"`
		Version   string   `json:"ver"`
		TenantID  string   `json:"tid"`
		AppID     string   `json:"appid"`
		ObjectID  string   `json:"oid"`
		Subject   string   `json:"sub"`
		UPN       string   `json:"upn"`
		IDType    string   `json:"idtyp"`
		Scope     string   `json:"scp"`
		Roles     []string `json:"roles"`
		AIO       string   `json:"aio"`
	}
	if err := l.verified(token, &claims); err != nil {
		return nil, err
	}
	_, known := l.tenants.Find(claims.TenantID)
	now := l.clock()
	switch {
	case !known || !slices.Contains(n.issuersV1Of(claims.TenantID), claims.Issuer):
		return nil, ErrIssuer
	case l.ofAnotherCloud(n, claims.AIO):
		return nil, ErrCloud
	case !slices.Contains(audiences, claims.Audience):
		return nil, ErrAudience
	case !now.Before(time.Unix(claims.Expires, 0).Add(clockSkew)):
		return nil, ErrExpired
	case now.Before(time.Unix(claims.NotBefore, 0).Add(-clockSkew)):
		return nil, ErrNotYet
	}
	return &GraphToken{
		TenantID: claims.TenantID, AppID: claims.AppID, ObjectID: claims.ObjectID, Subject: claims.Subject,
		UPN: claims.UPN, AppOnly: claims.IDType == "app", Roles: claims.Roles, Scopes: strings.Fields(claims.Scope),
	}, nil
}

// verified reads the claims of a token that was signed with one of the tenant's keys.
func (l *Login) verified(token string, claims any) error {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(parsed.Headers) != 1 {
		return ErrMalformed
	}
	key, found := l.keys.byID(parsed.Headers[0].KeyID)
	if !found || key.tenant != "" {
		return fmt.Errorf("%w: unknown kid", ErrSignature)
	}
	if err := parsed.Claims(&key.private.PublicKey, claims); err != nil {
		if errors.Is(err, jose.ErrCryptoFailure) {
			return ErrSignature
		}
		return ErrMalformed
	}
	return nil
}
