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
// Every request except /healthz requires the management key. Errors are
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
// Tenants: GET lists them, the home tenant first, each with the credentials of its
// administrator application. POST creates another tenant and requires only the domain.
// The issuer of the tenant contains its tenantId, and users of every tenant can use
// the multi-tenant applications of the others:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"domain":"fabrikam.onmicrosoft.com","displayName":"Fabrikam"}' \
//	     $PROVISION_MANAGEMENT_URL/tenants         # {"tenantId":"…","domain":"…","displayName":"…","clientId":"…","clientSecret":"…"}
//
// Export the directory by natural keys (the same content gives the same bytes), or
// with ids:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" $PROVISION_MANAGEMENT_URL/snapshot
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" "$PROVISION_MANAGEMENT_URL/snapshot?format=full"
//
// Both export the home tenant, unless ?tenant= selects another by id or domain.
//
// Create a managed identity, if it does not exist. The answer contains the variables
// that App Service sets for a program with this identity. With publicHosts, its tokens
// have the names of a cloud: of the cloud in "cloud" (public, usgov, usgov-dod,
// china), or else of the cloud that the requested resource belongs to:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" -d '{"name":"orders"}' \
//	     $PROVISION_MANAGEMENT_URL/managed-identities
//	curl -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" \
//	     "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://graph.microsoft.com"
//
// PUT restores a full snapshot completely or not at all. POST /reset restores the
// initial content:
//
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" --data-binary @tenant.json \
//	     $PROVISION_MANAGEMENT_URL/snapshot
//
// GET /sign-ins is the sign-in log, as Graph's signIn resources.
//
// POST /credentials returns which passwords and client secrets are valid, without a
// sign-in:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '[{"userPrincipalName":"ada@contoso.onmicrosoft.com","password":"…"},{"appId":"…","secret":"…"}]' \
//	     $PROVISION_MANAGEMENT_URL/credentials
//
// Faults (package faults): GET lists the rules with the number of times that each
// applied, POST adds rules, DELETE removes all rules, and DELETE /faults/NAME removes
// the rules with this name:
//
//	curl -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '[{"path":"/v1.0/*","method":"write","status":429,"retryAfter":"2s","next":3}]' \
//	     $PROVISION_MANAGEMENT_URL/faults
//
// Set the replication lag and Graph's quotas (small, medium or large; "" turns them
// off):
//
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"lag":"5s"}' $PROVISION_MANAGEMENT_URL/replication-lag
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"lag":"2s","jitter":"500ms","readYourWrites":true}' $PROVISION_MANAGEMENT_URL/replication-lag
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"tenant":"small"}' $PROVISION_MANAGEMENT_URL/quotas
//
// Set the tenant's clock ahead of or behind the clock of the machine:
//
//	curl -X PUT -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" \
//	     -d '{"offset":"25h"}' $PROVISION_MANAGEMENT_URL/clock
//
// Signing keys: GET /keys lists them. POST /keys publishes the next key (with
// ?another=true an additional next key, with ?tenant=ID a key of that tenant;
// &owner=NAME names the program that removes this key). POST /keys/rotate makes the
// next key the signing key. DELETE /keys/KID removes a key that does not sign:
//
//	curl -X POST -H "Authorization: Bearer $PROVISION_MANAGEMENT_KEY" $PROVISION_MANAGEMENT_URL/keys/rotate
package emulator
