// Package conformance proves that an API answers 200, 401 and 403 exactly
// where its requirements say so.
//
// A Conformance document states what each endpoint requires. [Expand] derives
// the cases from it, which is pure; [Run] gets the tokens, sends the requests
// and streams a [Result] for each case to a [Handler]. The API is a black box:
// it may run anywhere and be written in any language.
//
// Invariants:
//   - Anything unstated is denied: for each way in that an endpoint states
//     there are the cases that just miss it.
//   - The request without a token comes first, then the one that must be let
//     in. Where the first is let in, a 200 proves nothing; where the second is
//     refused, no refusal does; the results say so.
//   - A token is looked at before it is used: one that lacks the property its
//     case needs is an error of the setup, never a verdict on the API.
//   - A hostile token starts from the token that was let in and has exactly
//     one defect.
//   - What an endpoint acts on is made for each case by itself, and taken away
//     after it, whatever became of the case.
//   - What changes the tenant comes last, one case after another, and is put
//     back before the next, also where the run is interrupted.
//   - A target that has no time (429) is asked again later; it is no verdict.
//   - A case that cannot be tried is skipped, with the reason and the line of
//     the manifest that would make it possible. Planned = run + skipped, and
//     no case at all is an error.
//   - No result holds a token, a signature or a secret.
//
// Adding a case: put an entry into the table of its family (authentication.go,
// signature.go, claims.go, answers.go, routes.go, headers.go, routes_disguise.go,
// signature_kid.go, users_valid.go, keyrollover.go), or derive it in authorization.go, where it depends
// on who holds what.
//
// Sources: RFC 6750 (Bearer Token Usage), RFC 7515 and 7519 (JWS, JWT), RFC
// 8725 (JWT best current practices), RFC 9068 (JWT access tokens), and "Access
// tokens" and "Secure applications and APIs by validating claims" of the
// Microsoft identity platform.
package conformance
