// Package login is the authorization server of Entra ID tenants: metadata and
// keys, the authorize endpoint with its sign-in page, the token endpoint,
// UserInfo and logout. It reads the registrations from the directory and writes
// nothing there but its own keys, the record of used codes, devices that wait for
// a sign-in and the consent that users give.
//
// # Invariants
//
//   - The registrations decide: what a token says, who gets one and who is
//     refused follow from the directory at the moment of the request.
//   - No state in memory: codes, refresh tokens, sign-in pages and sessions are
//     sealed text that carries what it stands for, and devices that wait are in
//     the directory, so a restart loses none.
//   - A code is redeemed once, ever, by whichever process is first.
//   - A call is to one tenant, determined by its path or else by who signs in; what
//     was looked up before that is looked up again.
//   - A session and a refresh token are those of the account in its own tenant.
//   - The resource chooses the version of its access tokens; the endpoint
//     chooses the version of ID tokens and the shape of the answer.
//   - scp is everything granted or pre-authorized, whatever was asked for.
//   - Issuers and URLs come from authority alone; errors from errorTable alone.
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
// The answer is a redirect (302) or, with response_mode=form_post, a page with
// a form to the client; or the same page again with status 200 and the error,
// which begins with its AADSTS code, in the element with the id error; or an
// error page (400) with the same element where no client may be told.
// Where consent is missing, the answer is the consent page (status 200): its form
// has the hidden field ctx and two buttons named decision, accept and cancel;
// an administrator also has the box everybody, unless the request is for
// everybody by itself. Where only an administrator
// could accept, the page says so with AADSTS90094 in the element with the id
// error. The meta element PageID names the kind of every page as Entra's do:
// ConvergedSignIn, ConvergedConsent, ConvergedError.
//
// A device's user opens /{tenant}/deviceauth and types the code into the field
// otc; the sign-in page follows, with a button decision=cancel, and at the end a
// page (200) that says so.
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
