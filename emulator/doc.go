// Package emulator is the local tenant: Microsoft Graph and the authorization
// server of Entra ID on one HTTPS origin. A management API and a proxy have
// separate listeners. There is a home tenant, and there can be other tenants. The
// proxy serves programs that use Microsoft's public hosts; under these hosts the
// tenant answers as the public cloud does.
//
//	listeners, err := emulator.Listen("127.0.0.1:8443")
//	e, err := emulator.New(emulator.Config{Dir: ".provision/local", Origin: emulator.Origin(listeners)})
//	server, err := e.Serve(listeners)
//	…
//	err = server.Shutdown(ctx)
//	err = e.Close()
//
// # Invariants
//
//   - All listeners are on loopback, unless the caller passes other listeners.
//   - A write that was answered 2xx survives a killed process (see package directory).
//   - The certificate authority is created once in a state directory, and its key
//     never leaves that directory. Each process creates new server certificates
//     and replaces them before they expire.
//   - Certificates are issued only for localhost and MicrosoftHosts. They are valid
//     only for clients that trust the authority.
//   - Each process creates a new management key. Only the caller of New gets it.
//   - No secret, token or password reaches a log: the request log contains paths
//     without their queries, and no headers or bodies.
//
// # Management API
//
// Every request but /healthz carries the management key. Errors are
// {"error": "…"} with a 4xx status.
//
//	curl $PROVISION_MANAGEMENT_URL/healthz
//
// Sign a token with any claims and optional header fields, with the tenant's current
// key. No claims are added:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" -H "Content-Type: application/json" \
//	     -d '{"claims":{"aud":"api://x","exp":1},"header":{"typ":"at+jwt"}}' \
//	     $PROVISION_MANAGEMENT_URL/sign            # {"token":"…"}
//
// With {"payload":"…"} instead of claims, the payload is signed unchanged. It may
// contain a claim twice or not be JSON.
//
// The tenants, the home tenant first: GET lists them, each with the credentials of
// the application that may set it up; POST makes another, of which only the
// domain must be given. Its issuer has its tenantId, and a multi-tenant
// application of one may be used in the others:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"domain":"fabrikam.onmicrosoft.com","displayName":"Fabrikam"}' \
//	     $PROVISION_MANAGEMENT_URL/tenants         # {"tenantId":"…","domain":"…","displayName":"…","clientId":"…","clientSecret":"…"}
//
// The directory by natural keys, the same bytes for the same content; and the
// directory with ids:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" $PROVISION_MANAGEMENT_URL/snapshot
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" "$PROVISION_MANAGEMENT_URL/snapshot?format=full"
//
// Either is of the home tenant unless ?tenant= names another by id or domain.
//
// A managed identity, made where it is not there, and what App Service would set
// for a program that runs under it; with publicHosts its tokens have the names of
// a cloud: of the one in "cloud" (public, usgov, usgov-dod, china), or else of the
// one that the requested resource belongs to:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" -d '{"name":"orders"}' \
//	     $PROVISION_MANAGEMENT_URL/managed-identities
//	curl -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" \
//	     "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://graph.microsoft.com"
//
// A whole snapshot comes back, all or nothing, and POST /reset brings back what
// the tenant began with:
//
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" --data-binary @tenant.json \
//	     $PROVISION_MANAGEMENT_URL/snapshot
//
// GET /sign-ins is the sign-in log, as Graph's signIn resources.
//
// POST /credentials tells which passwords and client secrets are good, without a
// sign-in:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '[{"userPrincipalName":"ada@contoso.onmicrosoft.com","password":"…"},{"appId":"…","secret":"…"}]' \
//	     $PROVISION_MANAGEMENT_URL/credentials
//
// Faults (package faults): GET lists them with how often each was met, POST adds
// some, DELETE takes all away, and DELETE /faults/NAME those of a name:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '[{"path":"/v1.0/*","method":"write","status":429,"retryAfter":"2s","next":3}]' \
//	     $PROVISION_MANAGEMENT_URL/faults
//
// Replication lag and Graph's quotas (small, medium or large; "" is none):
//
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"lag":"5s"}' $PROVISION_MANAGEMENT_URL/replication-lag
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"lag":"2s","jitter":"500ms","readYourWrites":true}' $PROVISION_MANAGEMENT_URL/replication-lag
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"tenant":"small"}' $PROVISION_MANAGEMENT_URL/quotas
//
// The tenant's clock, ahead of the machine's or behind it:
//
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"offset":"25h"}' $PROVISION_MANAGEMENT_URL/clock
//
// The signing keys: GET /keys lists them, POST /keys publishes the next (with
// ?another=true one more beside it, with ?tenant=ID one of that tenant; &owner=NAME says who
// removes that key), POST /keys/rotate signs with it from now on,
// DELETE /keys/KID drops one that does not sign:
//
//	curl -X POST -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" $PROVISION_MANAGEMENT_URL/keys/rotate
package emulator
