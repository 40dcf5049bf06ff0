// Package referenceapi is an API that validates Entra ID access tokens correctly.
// Other APIs can copy its code, and the conformance suite must report no failure for
// it.
//
// Its routes are data: method, path, and what a token must carry to be admitted.
// Package token verifies a token; this package decides what the caller may do.
//
// Invariants:
//   - What no route states is denied: an unknown path is 404, an unknown
//     method 405, and a path is matched as it was sent, without cleaning,
//     decoding or redirects.
//   - 401 comes before 403: no claim of an unverified token is looked at.
//   - The token is taken from the one Authorization header, nowhere else.
//   - A refused caller learns the status, and at most the scope's name; the
//     reason goes to the log. A token goes nowhere.
//
// Sources: RFC 6750 (Bearer Token Usage), RFC 9110 (HTTP Semantics), and
// "Secure applications and APIs by validating claims" of the Microsoft
// identity platform.
package referenceapi
