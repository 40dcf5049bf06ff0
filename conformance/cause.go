package conformance

import "slices"

// CauseID names a flaw that an API can have. Failures of one cause are one
// finding.
type CauseID string

// The causes, in the order in which to fix them: only an earlier cause can block a
// later one.
const (
	CauseDown       CauseID = "down"
	CauseNoRoute    CauseID = "no-route"
	CauseRemembered CauseID = "remembered-decision"
	CauseRefused    CauseID = "refused"
	CausePublic     CauseID = "public"
	CauseAnswer     CauseID = "answer"
	CauseShared     CauseID = "shared-answer"
	CauseOpen       CauseID = "open"
	CauseAnyToken   CauseID = "any-token"
	CauseCrash      CauseID = "crash"
	CauseRedirect   CauseID = "redirect"
	CauseNot401     CauseID = "not-401"
	CauseNot403     CauseID = "not-403"

	CauseSignature CauseID = "signature"
	CauseAlgorithm CauseID = "algorithm"
	CauseKeySource CauseID = "key-source"
	CauseKid       CauseID = "kid"
	CauseHeader    CauseID = "header"
	CauseForm      CauseID = "form"
	CauseScheme    CauseID = "scheme"
	CausePlace     CauseID = "place"
	CauseSpelling  CauseID = "spelling"

	CauseClaims        CauseID = "claims"
	CauseExpiry        CauseID = "expiry"
	CauseNotBefore     CauseID = "not-before"
	CauseIssuedAt      CauseID = "issued-at"
	CauseIssuer        CauseID = "issuer"
	CauseTenant        CauseID = "tenant"
	CauseVersion       CauseID = "version"
	CauseTenantRefused CauseID = "tenant-refused"
	CauseAudience      CauseID = "audience"
	CauseIDToken       CauseID = "id-token"

	CauseRoleRefused        CauseID = "role-refused"
	CauseApplicationRefused CauseID = "application-refused"
	CauseScopeRefused       CauseID = "scope-refused"
	CauseGroupRefused       CauseID = "group-refused"
	CauseMembersRefused     CauseID = "members-refused"
	CauseValidClaims        CauseID = "valid-claims"
	CauseValidRoles         CauseID = "valid-roles"
	CauseValidScopes        CauseID = "valid-scopes"
	CauseValidGroups        CauseID = "valid-groups"
	CauseValidGuest         CauseID = "valid-guest"
	CauseGroup              CauseID = "group"
	CauseGroupCompare       CauseID = "group-compare"
	CauseGuests             CauseID = "guests"
	CauseAlternatives       CauseID = "alternatives"
	CauseOwner              CauseID = "owner"
	CauseOwnerClaimed       CauseID = "owner-claimed"
	CauseEither             CauseID = "either"
	CauseScope              CauseID = "scope"
	CauseOwnIDToken         CauseID = "own-id-token"
	CauseScopeCompare       CauseID = "scope-compare"
	CauseRole               CauseID = "role"
	CauseRolePart           CauseID = "role-part"
	CauseRoleCompare        CauseID = "role-compare"
	CauseCallers            CauseID = "callers"
	CauseOrder              CauseID = "order"
	CauseBeforeToken        CauseID = "before-token"
	CauseTwice              CauseID = "duplicate-claim"

	CauseRoutePath   CauseID = "route-path"
	CauseRouteMethod CauseID = "route-method"
	CausePreflight   CauseID = "preflight"
	CauseBody        CauseID = "body"

	CauseHeaderPath        CauseID = "header-path"
	CauseHeaderMethod      CauseID = "header-method"
	CauseHeaderHost        CauseID = "header-host"
	CauseHeaderAddress     CauseID = "header-address"
	CauseHeaderProbe       CauseID = "header-probe"
	CauseHeaderClient      CauseID = "header-client"
	CauseDefaultCredential CauseID = "default-credential"
	CauseHeaderIdentity    CauseID = "header-identity"
	CauseHeaderToken       CauseID = "header-token"
	CauseHeaderCertificate CauseID = "header-certificate"

	CauseEcho      CauseID = "echo"
	CauseDebugger  CauseID = "debugger"
	CauseDebug     CauseID = "debug"
	CauseSurplus   CauseID = "surplus"
	CauseReveals   CauseID = "reveals"
	CauseChallenge CauseID = "challenge"
	CauseMediaType CauseID = "media-type"
	CauseCaching   CauseID = "caching"

	CauseKeyRefresh CauseID = "key-refresh"
	CauseKeyRetired CauseID = "key-retired"
	CauseKeyTenant  CauseID = "key-tenant"
	CauseKeyOpen    CauseID = "key-open"
	CauseKeyCache   CauseID = "key-cache"
	CauseKeyFlood   CauseID = "key-flood"
	CauseKeyWait    CauseID = "key-wait"
	CauseKeyOutage  CauseID = "key-outage"
	CauseSkew       CauseID = "clock-skew"
	CauseStaleRoles CauseID = "stale-roles"
	CauseNotAsFound CauseID = "not-as-found"

	CauseWritten CauseID = "written"
)

// cause describes a flaw independently of its cases.
type cause struct {
	id    CauseID
	title string // the flaw, if the case does not describe it better
	// blockedBy are flaws that also make the cases of this flaw fail, whatever else the API
	// checks. If one of them is found, failures of this cause are blocked. A blocker of a blocker
	// blocks too, if the cases of the one between them failed or were not sent.
	blockedBy []CauseID
	severity  Severity // "": of the case
	gain      string   // the advantage of an attacker, if the case does not state it
	remedy    remedy   // the code that is probably missing
}

// causes are all causes, in the order in which to fix them.
var causes = []cause{
	{id: CauseDown, title: "the API does not answer any more", severity: High, gain: "anyone who sends this request stops the API for all callers", remedy: remedyErrors},
	{id: CauseNoRoute, title: "the API has no such route", severity: Low},
	{id: CauseRemembered, title: "the API remembers decisions about users or clients: its cache of decisions does not distinguish tokens", remedy: remedyDecision},
	{id: CauseValidClaims, title: "the API requires an optional claim, or cannot read a permitted value of a claim", blockedBy: []CauseID{CauseRemembered}, remedy: remedyOptional},
	{id: CauseValidRoles, title: "the API refuses callers who have another role too", blockedBy: []CauseID{CauseRemembered}, remedy: remedyRole},
	{id: CauseValidScopes, title: "the API refuses clients that have another scope too", blockedBy: []CauseID{CauseRemembered}, remedy: remedyScope},
	{id: CauseRefused, title: "the API refuses a valid token", blockedBy: []CauseID{CauseRemembered, CauseValidRoles, CauseValidScopes}, remedy: remedySettings},
	{id: CausePublic, title: "the API requires a token for a public endpoint", remedy: remedyPublic},
	{id: CauseAnswer, title: "the endpoint does not give the answer that the document expects", severity: Low},
	{id: CauseShared, title: "the API gives the answer for one caller to everybody: its cache does not distinguish callers", remedy: remedyCache},
	{id: CauseOpen, title: "the API does not require a token", blockedBy: []CauseID{CauseShared}, remedy: remedyRequire},
	{id: CauseAnyToken, title: "the API accepts any text as a token", blockedBy: []CauseID{CauseOpen}, remedy: remedySignature},
	{id: CauseDebugger, title: "the API runs in debug mode with an interactive debugger", gain: "anybody can run code on the machine of the API", remedy: remedyErrors},
	{id: CauseDebug, blockedBy: []CauseID{CauseDebugger}, title: "the API shows internal errors: debug output or messages of a library", remedy: remedyErrors},
	{id: CauseCrash, title: "the API fails on a request that it must refuse", blockedBy: []CauseID{CauseDebug}, severity: Medium, gain: "anybody can make the API fail with one request, and its internal errors hide attacks in the logs", remedy: remedyErrors},
	{id: CauseRedirect, title: "the API redirects where it must refuse", severity: Low, remedy: remedyStatus},
	{id: CauseNot401, title: "the API does not answer 401 to an unauthenticated caller", blockedBy: []CauseID{CauseRemembered}, severity: Low, gain: "nothing: clients are not told to sign in again", remedy: remedyStatus},
	{id: CauseNot403, title: "the API does not answer 403 to an authenticated caller", severity: Low, gain: "nothing: clients sign in again without success", remedy: remedyStatus},

	{id: CauseSignature, title: "the API does not check the signature", blockedBy: []CauseID{CauseAnyToken}, remedy: remedySignature},
	{id: CauseAlgorithm, title: "the token selects the verification algorithm", blockedBy: []CauseID{CauseSignature}, remedy: remedySignature},
	{id: CauseKeySource, title: "the token supplies the key that it is verified with", blockedBy: []CauseID{CauseSignature}, remedy: remedySignature},
	{id: CauseKid, title: "the API looks keys up by a name (kid) that it does not check", blockedBy: []CauseID{CauseSignature, CauseAlgorithm}, remedy: remedySignature},
	{id: CauseHeader, title: "the API does not check the header of the token", blockedBy: []CauseID{CauseSignature}, remedy: remedySignature},
	{id: CauseForm, title: "the API does not check the form of the token", blockedBy: []CauseID{CauseSignature}, remedy: remedySignature},
	{id: CauseScheme, title: "the API does not check the authentication scheme", blockedBy: []CauseID{CauseOpen}, remedy: remedyRequire},
	{id: CausePlace, title: "the API accepts tokens from other places than the Authorization header", blockedBy: []CauseID{CauseOpen}, remedy: remedyRequire},
	{id: CauseSpelling, title: "the API accepts only one spelling of the Authorization header", blockedBy: []CauseID{CauseRemembered}, remedy: remedyRequire},

	{id: CauseClaims, title: "the API checks the signature of a token but not its claims (iss, aud)", blockedBy: []CauseID{CauseSignature}, gain: "anybody with a token of any tenant or for any API can call the API", remedy: remedyIssuer},
	{id: CauseExpiry, title: "the API does not check the expiry (exp)", blockedBy: []CauseID{CauseClaims}, remedy: remedyDates},
	{id: CauseNotBefore, title: "the API does not check the start of validity (nbf)", blockedBy: []CauseID{CauseClaims}, remedy: remedyDates},
	{id: CauseIssuedAt, title: "the API does not check when the token was issued (iat)", blockedBy: []CauseID{CauseClaims}, remedy: remedyDates},
	{id: CauseIssuer, title: "the API does not check the issuer (iss)", blockedBy: []CauseID{CauseClaims}, remedy: remedyIssuer},
	{id: CauseTenant, title: "the API does not check the tenant (tid)", blockedBy: []CauseID{CauseIssuer}, remedy: remedyIssuer},
	{id: CauseTenantRefused, title: "the API refuses users of a tenant that the document admits", remedy: remedyIssuer},
	{id: CauseVersion, title: "the API does not check the version (ver)", blockedBy: []CauseID{CauseIssuer}, remedy: remedyIssuer},
	{id: CauseAudience, title: "the API does not check the audience (aud)", blockedBy: []CauseID{CauseClaims}, remedy: remedyAudience},
	{id: CauseIDToken, title: "the API accepts ID tokens", blockedBy: []CauseID{CauseAudience}, remedy: remedyAudience},

	{id: CauseRoleRefused, title: "the API refuses a role that the document accepts", blockedBy: []CauseID{CauseRemembered}, remedy: remedyRole},
	{id: CauseApplicationRefused, title: "the API refuses applications that the document accepts", blockedBy: []CauseID{CauseRemembered, CauseRefused}, remedy: remedyApplications},
	{id: CauseScopeRefused, title: "the API refuses a scope that the document accepts", blockedBy: []CauseID{CauseRemembered}, remedy: remedyScope},
	{id: CauseGroupRefused, title: "the API refuses members of a group that the document accepts", blockedBy: []CauseID{CauseRemembered}, remedy: remedyGroup},
	{id: CauseMembersRefused, title: "the API treats a member of the tenant as a guest", blockedBy: []CauseID{CauseRemembered}, remedy: remedyGuests},
	{id: CauseValidGroups, title: "the API refuses users who are in many groups", blockedBy: []CauseID{CauseRemembered}, remedy: remedyGroup},
	{id: CauseValidGuest, title: "the API refuses guests whom the document accepts", blockedBy: []CauseID{CauseRemembered, CauseValidClaims}, remedy: remedyOptional},
	{id: CauseEither, title: "the API accepts the scope or the role, and the document requires both", blockedBy: []CauseID{CauseRemembered, CauseAnyToken}, gain: "any client with the scope can act for a user without the role, and any user with the role can use a client without consent"},
	{id: CauseScope, title: "the API does not check the scope (scp)", blockedBy: []CauseID{CauseRemembered, CauseAnyToken, CauseEither}, remedy: remedyScope},
	{id: CauseRole, title: "the API does not check the role (roles)", blockedBy: []CauseID{CauseRemembered, CauseAnyToken, CauseEither}, remedy: remedyRole},
	{id: CauseStaleRoles, title: "the API does not take the roles of a user from the token (roles)", blockedBy: []CauseID{CauseRemembered, CauseRole}, remedy: remedyRole},
	{id: CauseCallers, title: "the API does not distinguish users from applications (idtyp, scp)", blockedBy: []CauseID{CauseRemembered, CauseAnyToken, CauseEither, CauseScope}, remedy: remedyCallers},
	{id: CauseOwnIDToken, title: "the API accepts an ID token for its own registration as an access token", blockedBy: []CauseID{CauseIDToken, CauseScope, CauseCallers}, remedy: remedyScope},
	{id: CauseGroup, title: "the API does not check the group (groups)", blockedBy: []CauseID{CauseRemembered, CauseAnyToken}, remedy: remedyGroup},
	{id: CauseGuests, title: "the API does not refuse guests (acct)", blockedBy: []CauseID{CauseRemembered, CauseAnyToken}, remedy: remedyGuests},
	{id: CauseAlternatives, title: "the API combines parts of different alternatives", blockedBy: []CauseID{CauseRemembered, CauseScope, CauseRole, CauseGroup, CauseCallers}, remedy: remedyRole},
	{id: CauseOwner, title: "the API does not check who owns the object", blockedBy: []CauseID{CauseAnyToken}, remedy: remedyOwner},
	{id: CauseOwnerClaimed, title: "the API takes the owner of an object from the request, not from the token", blockedBy: []CauseID{CauseOwner}, remedy: remedyOwner},
	{id: CauseScopeCompare, title: "the API does not compare scopes (scp) as whole words of the right claim", blockedBy: []CauseID{CauseScope, CauseAlternatives}, remedy: remedyScope},
	{id: CauseRolePart, title: "the API does not check all of the roles (roles)", blockedBy: []CauseID{CauseRole, CauseAlternatives}, remedy: remedyRole},
	{id: CauseRoleCompare, title: "the API does not compare roles (roles) as whole words of the right claim", blockedBy: []CauseID{CauseRole, CauseStaleRoles, CauseAlternatives}, remedy: remedyRole},
	{id: CauseGroupCompare, title: "the API does not compare groups (groups) as whole values of the right claim", blockedBy: []CauseID{CauseGroup, CauseAlternatives}, remedy: remedyGroup},
	{id: CauseOrder, title: "the API checks scopes and roles before it has verified the token", blockedBy: []CauseID{CauseNot401}, remedy: remedyStatus},
	{id: CauseBeforeToken, title: "the API processes the body or the object before it checks the token", blockedBy: []CauseID{CauseOpen, CauseNot401}, remedy: remedyRequire},
	{id: CauseTwice, blockedBy: []CauseID{CauseRole, CauseCallers}, title: "the API uses the first of two claims with the same name, and other parsers use the last", remedy: remedySignature},

	{id: CauseRoutePath, title: "the check depends on the spelling of the path", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseRouteMethod, title: "the check depends on the method", blockedBy: []CauseID{CauseOpen}, remedy: remedyMethod},
	{id: CauseBody, title: "the API checks another operation than the one that it runs", blockedBy: []CauseID{CauseOpen}, remedy: remedyBody},
	{id: CausePreflight, title: "the answer to a CORS preflight is wrong", blockedBy: []CauseID{CauseRouteMethod}, remedy: remedyRoute},

	{id: CauseHeaderPath, title: "the API takes the path from a header that the caller sets", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderMethod, title: "the API takes the method from a header that the caller sets", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderHost, title: "the API does not check the token of requests that name an internal host", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderAddress, title: "the API does not check the token for some client addresses, and takes the address from a header", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderProbe, title: "the API does not check the token of requests that claim to be internal", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderClient, title: "the API does not check the token of some kinds of clients or requests, such as those of browsers", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseDefaultCredential, title: "the API accepts a default token, password or key of developers", blockedBy: []CauseID{CauseOpen}, remedy: remedyRequire},
	{id: CauseHeaderIdentity, title: "the API takes the caller from a header that the caller sets", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderToken, title: "the API does not verify the token of a header that a proxy sets", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},
	{id: CauseHeaderCertificate, title: "the API trusts a client certificate in a header", blockedBy: []CauseID{CauseOpen}, remedy: remedyRoute},

	{id: CauseEcho, title: "the API puts the token into its answer"},
	{id: CauseSurplus, title: "the API sends bytes after the end of its answer", remedy: remedyErrors},
	{id: CauseReveals, title: "the API tells refused callers which roles it accepts", remedy: remedyErrors},
	{id: CauseChallenge, title: "a 401 has no WWW-Authenticate: Bearer", remedy: remedyStatus},
	{id: CauseMediaType, title: "the answer is not of the type that it states", remedy: remedyErrors},
	{id: CauseCaching, title: "the API allows caches to store its 401", remedy: remedyErrors},

	{id: CauseKeyRefresh, title: "the API does not fetch the issuer's keys again", remedy: remedyKeys},
	{id: CauseKeyRetired, title: "the API accepts a key that the issuer has withdrawn", blockedBy: []CauseID{CauseSignature}, remedy: remedyKeys},
	{id: CauseKeyTenant, title: "the API accepts a key of one tenant for tokens of another", blockedBy: []CauseID{CauseSignature, CauseTenant}, remedy: remedyKeyTenant},
	{id: CauseKeyOpen, title: "the API accepts tokens that it cannot verify while the issuer's keys cannot be fetched", blockedBy: []CauseID{CauseAlgorithm, CauseSignature}, remedy: remedyKeys},
	{id: CauseKeyOutage, title: "the API forgets the issuer's keys when it cannot fetch them", remedy: remedyKeys},
	{id: CauseKeyCache, title: "the API fetches the issuer's keys for every request", remedy: remedyKeys},
	{id: CauseKeyWait, title: "the API lets all callers wait while it fetches the issuer's keys", blockedBy: []CauseID{CauseKeyOutage, CauseKeyCache}, remedy: remedyKeys},
	{id: CauseNotAsFound, title: "the API refuses a token that it accepted before", blockedBy: []CauseID{CauseRemembered}, remedy: remedyKeys},
	{id: CauseKeyFlood, title: "the API requests the issuer's keys for every token of an unknown key", blockedBy: []CauseID{CauseSignature, CauseKeyCache}, remedy: remedyKeys},
	{id: CauseSkew, title: "the API does not tolerate the stated clock skew", remedy: remedyDates},

	{id: CauseWritten, title: "the answer to a case of the document is not the declared one"},
}

// place returns the index of a cause in causes, or -1.
func (id CauseID) place() int {
	return slices.IndexFunc(causes, func(c cause) bool { return c.id == id })
}

// known returns the entry of the table for a cause.
func (id CauseID) known() cause {
	if i := id.place(); i >= 0 {
		return causes[i]
	}
	return cause{id: id, title: string(id)}
}

// blockers are the causes that block the given causes, each of them once, in the order in which
// to fix them. A blocker's own blockers are included if leads reports that its cases do not
// show that the API is right. A given cause is included only if it blocks another one.
func blockers(leads func(CauseID) bool, of ...CauseID) []CauseID {
	var all []CauseID
	var add func(id CauseID)
	add = func(id CauseID) {
		for _, earlier := range id.known().blockedBy {
			if slices.Contains(all, earlier) {
				continue
			}
			all = append(all, earlier)
			if leads(earlier) {
				add(earlier)
			}
		}
	}
	for _, id := range of {
		add(id)
	}
	slices.SortFunc(all, func(a, b CauseID) int { return a.place() - b.place() })
	return all
}

// Title describes the flaw independently of a case.
func (id CauseID) Title() string { return id.known().title }
