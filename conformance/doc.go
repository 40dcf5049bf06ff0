// Package conformance verifies that an API answers 200, 401 and 403 exactly as its
// requirements state.
//
// A Conformance document states the requirements of each endpoint. [Expand] derives
// the cases from it and is a pure function. [Run] gets the tokens, sends the requests
// and streams a [Result] for each case to a [Handler]. The API is a black box: it can
// run anywhere and be written in any language.
//
// Invariants:
//   - Everything that the document does not permit must be refused: for each
//     permitted caller there are cases in which one requirement is missing.
//   - The request without a token comes first, then the request that must be
//     admitted. If the first is admitted, later 2xx answers prove nothing. If the second
//     is refused, later refusals prove nothing. The results report both.
//   - The suite checks a token before it uses it: a token without the property
//     that its case needs is an error of the setup, never a verdict on the API.
//   - A hostile token is the token that was admitted, with exactly one defect.
//   - Each case creates the object that it acts on, and deletes it afterwards,
//     whatever the result of the case.
//   - Cases that change the tenant come last, one after another. Each of them
//     undoes its change before the next one, even if the run is interrupted.
//   - A request that the target refuses because of its load (429) is repeated later
//     and is no verdict.
//   - A case that cannot be tried is skipped, with the reason and the line of
//     the manifest that would make it possible. Planned = run + skipped, and
//     a plan without cases is an error.
//   - No result contains a token, a signature or a secret.
//
// Adding a case: put an entry into the table of its family (authentication.go,
// signature.go, claims.go, answers.go, routes.go, headers.go, routes_disguise.go,
// signature_kid.go, users_valid.go, keyrollover.go). If the case depends on the roles,
// scopes or groups of a caller, derive it in authorization.go.
//
// Sources: RFC 6750 (Bearer Token Usage), RFC 7515 and 7519 (JWS, JWT), RFC
// 8725 (JWT best current practices), RFC 9068 (JWT access tokens), and "Access
// tokens" and "Secure applications and APIs by validating claims" of the
// Microsoft identity platform.
package conformance
