// Package token verifies the access tokens that Microsoft Entra ID issues for one API.
//
// A [Verifier] decides only whether a token is valid for this API. The code that uses
// it decides whether the caller is authorized (package referenceapi decides by scopes
// and roles).
//
// Invariants:
//   - RS256 and nothing else. The key is the one of the tenant's published set
//     that the token's kid names: never one that the token brings along.
//   - Every check has its own sentinel error, and every error of Verify
//     wraps exactly one of them. No error holds the token or its signature.
//   - A token is accepted in one spelling only: strict base64url, UTF-8, no
//     duplicate members, names matched in their own case.
//   - The key set is fetched over HTTPS, one fetch at a time and never more
//     often than the cool-down allows, whatever tokens arrive.
//
// Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7519 (JWT), RFC 8725 (JWT best
// current practices), and "Access tokens", "Access token claims reference" and
// "Secure applications and APIs by validating claims" of the Microsoft identity
// platform.
package token
