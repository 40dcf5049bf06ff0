// Package forge makes hostile tokens: valid tokens with exactly one defect.
//
// It is one of three independent implementations of tokens (the local tenant issues
// them, reference-api/token verifies them). Therefore it assembles base64url and JSON
// from bytes, with only the standard library, and can write tokens that no JOSE
// library writes.
//
// Invariants:
//   - What is not changed keeps its bytes: segments, the order of members, the
//     spelling of numbers.
//   - A Token is a value; every method that changes something returns another.
//
// Source: RFC 7515 (JWS), the attacks of RFC 8725 (JWT best current practices).
package forge
