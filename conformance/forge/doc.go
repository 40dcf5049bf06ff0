// Package forge makes hostile tokens: a valid token with exactly one thing
// wrong.
//
// It is one of three independent opinions on what a token is (the local tenant
// mints, reference-api/token verifies), so it assembles base64url and JSON from
// bytes with the standard library alone, and can write what no JOSE library
// would.
//
// Invariants:
//   - What is not changed keeps its bytes: segments, the order of members, the
//     spelling of numbers.
//   - A Token is a value; every method that changes something returns another.
//
// Source: RFC 7515 (JWS), the attacks of RFC 8725 (JWT best current practices).
package forge
