// Package login is the authorization server of Entra ID tenants: metadata and keys,
// the authorize endpoint with its sign-in page, the token endpoint, UserInfo and
// logout. It reads the registrations from the directory and writes only its own keys,
// the record of used codes, devices that wait for a sign-in and the consent of users.
//
// # Invariants
//
//   - The registrations decide: the claims of a token, and whether a client gets
//     one, follow from the directory at the time of the request.
//   - No state is in memory only: codes, refresh tokens, sign-in pages and sessions
//     are sealed text that contains the state, and waiting devices are in the
//     directory, so a restart loses none of them.
//   - A code can be redeemed only once, by the first process that tries.
//   - The path or the user who signs in determines the tenant. Only a tenantCall has
//     one, so nothing reads a tenant that is not known yet. Objects that were looked up
//     before that are looked up again.
//   - A session and a refresh token belong to the account in its home tenant.
//   - The resource chooses the version of its access tokens; the endpoint
//     chooses the version of ID tokens and the shape of the answer.
//   - scp contains all granted and pre-authorized scopes, not only requested ones.
//   - Only authority creates issuers and URLs, and only errorTable contains errors.
//   - No secret, password, code or token is ever logged.
//
// # The sign-in form
//
// A client that drives the form without a browser gets the page from the
// authorize endpoint, keeps its cookies, and posts the form to its action (a
// path of the same origin) as application/x-www-form-urlencoded:
//
//	ctx       hidden: the sealed authorization request; send it back as it is
//	loginfmt  the user principal name (input id i0116)
//	passwd    the password (input id i0118)
//
// A successful answer is a redirect (302) or, with response_mode=form_post, a page
// with a form to the client. After a mistake in the form, the answer is the same page
// with status 200; the element with the id error contains the error, which begins with
// its AADSTS code. If the error must not be sent to the client, the answer is an error
// page (400) with the same element.
//
// If consent is missing, the answer is the consent page (status 200). Its form has the
// hidden field ctx and two buttons named decision, with the values accept and cancel.
// An administrator also gets the checkbox everybody, unless the request is already for
// all users. If only an administrator can consent, the page shows AADSTS90094 in the
// element with the id error. The meta element PageID names the type of every page with
// Entra's names: ConvergedSignIn, ConvergedConsent, ConvergedError.
//
// The user of a device opens /{tenant}/deviceauth and enters the code in the field
// otc. The sign-in page follows, with an additional button decision=cancel, and then a
// page (200) with the result.
//
// An invited guest signs in at /{tenant}/redeem?user=ID&rd=URL, or at any other
// sign-in page of that tenant.
//
// The cookie ESTSAUTH keeps the sign-in for prompt=none and for other clients.
//
// # Signing keys
//
// Keys, PublishKey, Rotate and DropKey manage the keys. A next key is published
// before it signs, and a retired key is published until it is dropped. The keys
// survive a restart.
//
// # Sources
//
// RFC 6749 (OAuth 2.0), 6750, 7517 (JWK), 7519 (JWT), 7521 and 7523 (assertions),
// 7636 (PKCE), 8252, 8628 (device authorization); OpenID Connect Core and
// Discovery 1.0; OAuth 2.0 Multiple Response Type Encoding Practices and Form Post
// Response Mode; and Microsoft's pages under learn.microsoft.com/entra:
// identity-platform/v2-oauth2-auth-code-flow, -client-creds-grant-flow,
// -device-code, -on-behalf-of-flow, -implicit-grant-flow, certificate-credentials,
// access-token-claims-reference, claims-challenge, id-token-claims-reference,
// permissions-consent-overview, v2-admin-consent, howto-convert-app-to-be-multi-tenant, optional-claims-reference, reply-url, scopes-oidc,
// reference-error-codes; workload-id/workload-identity-federation.
package login
