package token

import "errors"

// Each check of Verify has one of these; errors.Is finds out which of them failed.
var (
	ErrMalformed    = errors.New("malformed token")                // not a JWS in compact form with a JSON object of well-typed claims
	ErrAlgorithm    = errors.New("algorithm not accepted")         // alg is not RS256, or crit asks for an extension
	ErrUnknownKey   = errors.New("unknown signing key")            // kid is missing or not in the tenant's key set
	ErrSignature    = errors.New("signature does not match")       // header, payload or signature were changed, or another key signed
	ErrIssuer       = errors.New("issuer not accepted")            // iss
	ErrTenant       = errors.New("tenant not accepted")            // tid
	ErrVersion      = errors.New("version contradicts issuer")     // ver
	ErrAudience     = errors.New("audience not accepted")          // aud
	ErrExpired      = errors.New("token expired")                  // exp
	ErrNotYetValid  = errors.New("token not yet valid")            // nbf, iat, or iat
	ErrNotAccess    = errors.New("not an access token")            // typ, nonce, or neither scp nor an application's token
	ErrKeysNotKnown = errors.New("signing keys are not available") // the key set was never fetched; the token may be valid
)
