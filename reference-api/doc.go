// Package referenceapi is an API that validates Entra ID access tokens correctly.
// Other APIs can copy its code, and the conformance suite must report no failure for
// it.
//
// Its routes are data: method, path, and the requirements for a token.
// Package token verifies a token; this package decides what the caller may do.
//
// Invariants:
//   - A request that matches no route is denied: an unknown path is 404, an unknown
//     method 405, and a path is matched as it was sent, without cleaning,
//     decoding or redirects.
//   - 401 comes before 403: no claim of an unverified token is read.
//   - The token comes from the only Authorization header, and from nowhere else.
//   - A refused caller learns the status, and at most the scope's name; the
//     reason is in the log. Tokens are neither logged nor passed on.
//
// Sources: RFC 6750 (Bearer Token Usage), RFC 9110 (HTTP Semantics), and
// "Secure applications and APIs by validating claims" of the Microsoft
// identity platform.
package referenceapi
