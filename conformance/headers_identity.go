package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// product contains the headers in which one proxy passes the authenticated caller.
type product struct {
	name    string
	headers func(principal) map[string]string
}

// products are gateways, proxies and platforms, by the headers of their
// documentation.
var products = []product{
	{"App Service", func(p principal) map[string]string {
		return map[string]string{
			"X-Ms-Client-Principal":    base64.StdEncoding.EncodeToString(p.clientPrincipal()),
			"X-Ms-Client-Principal-Id": p.oid, "X-Ms-Client-Principal-Name": p.name, "X-Ms-Client-Principal-Idp": "aad",
		}
	}},
	{"IIS", func(p principal) map[string]string {
		return map[string]string{"AUTH_USER": p.name, "LOGON_USER": p.name, "X-Iis-User": p.name, "X-Windows-User": p.name, "Auth-User": p.name, "Logon-User": p.name,
			"X-Iis-Windowsauthtoken": "0x1a4", "Ms-Aspnetcore-Winauthtoken": "1a4"} // a handle for the process in front of the API
	}},
	{"Envoy", func(p principal) map[string]string {
		return map[string]string{"X-Envoy-Peer-Metadata-Id": "sidecar~10.0.0.10~" + p.name + "~default.svc.cluster.local", "X-Envoy-Downstream-Service-Cluster": p.name, "X-Envoy-Downstream-Service-Node": p.name}
	}},
	{"oauth2-proxy", func(p principal) map[string]string {
		return map[string]string{"X-Forwarded-User": p.oid, "X-Forwarded-Email": p.name, "X-Forwarded-Preferred-Username": p.name,
			"X-Forwarded-Groups": p.list(), "X-Forwarded-Roles": p.list()}
	}},
	{"oauth2-proxy with auth_request", func(p principal) map[string]string {
		return map[string]string{"X-Auth-Request-User": p.oid, "X-Auth-Request-Email": p.name, "X-Auth-Request-Preferred-Username": p.name,
			"X-Auth-Request-Groups": p.list(), "X-Auth-Request-Roles": p.list()}
	}},
	{"nginx auth_request", func(p principal) map[string]string {
		return map[string]string{"X-User": p.name, "X-Username": p.name, "X-User-Name": p.name, "X-User-Id": p.oid, "X-Userid": p.oid, "X-User-Email": p.name, "X-Email": p.name,
			"X-User-Roles": p.list(), "X-User-Role": p.roles[0], "X-User-Groups": p.list(), "X-Roles": p.list(), "X-Role": p.roles[0], "X-Groups": p.list(), "X-Group": p.roles[0],
			"X-Scope": p.scope(), "X-Scopes": p.scope(), "X-User-Scopes": p.scope(), "X-Permissions": p.list()}
	}},
	{"basic authentication of a proxy", func(p principal) map[string]string {
		return map[string]string{"Remote-User": p.name, "REMOTE_USER": p.name, "Remote-Email": p.name, "Remote-Name": p.name, "Remote-Groups": p.list(),
			"X-Remote-User": p.name, "X-Remote-Email": p.name, "X-Remote-Group": p.roles[0], "X-Remote-Groups": p.list(), "X-Webauth-User": p.name, "X-Webauth-Roles": p.list(), "X-Proxy-User": p.name, "X-Proxy-Remote-User": p.name}
	}},
	{"authentication of a gateway", func(p principal) map[string]string {
		return map[string]string{"X-Authenticated-User": p.name, "X-Authenticated-Email": p.name, "X-Authenticated-Groups": p.list(), "X-Authenticated-Roles": p.list(),
			"X-Auth-User": p.name, "X-Auth-Username": p.name, "X-Auth-Email": p.name, "X-Auth-User-Id": p.oid, "X-Auth-Subject": p.oid, "X-Auth-Roles": p.list(), "X-Auth-Groups": p.list(), "X-Auth-Scopes": p.scope(),
			"X-Current-User": p.name, "X-Account": p.name, "X-Subject": p.oid, "X-Principal": p.name, "X-Identity": p.name, "X-Oid": p.oid, "X-Object-Id": p.oid, "X-Tenant-Id": p.tenant, "X-Client-Id": p.client}
	}},
	{"Istio", func(p principal) map[string]string {
		headers := map[string]string{"X-Jwt-Payload": base64.RawURLEncoding.EncodeToString(encodeJSON(p.claims)), "X-Jwt-Claims": string(encodeJSON(p.claims)),
			"X-Jwt-Claim-Sub": p.oid, "X-Jwt-Claim-Oid": p.oid, "X-Jwt-Claim-Roles": p.list(), "X-Jwt-Claim-Scp": p.scope(), "X-Jwt-Sub": p.oid}
		return headers
	}},
	{"Extensible Service Proxy", func(p principal) map[string]string {
		info := base64.RawURLEncoding.EncodeToString(encodeJSON(map[string]any{"issuer": p.claims.text("iss"), "id": p.oid, "email": p.name, "audiences": []string{p.claims.text("aud")}, "claims": p.claims}))
		return map[string]string{"X-Endpoint-Api-Userinfo": info}
	}},
	{"API Gateway", func(p principal) map[string]string {
		return map[string]string{"X-Apigateway-Api-Userinfo": base64.RawURLEncoding.EncodeToString(encodeJSON(p.claims))}
	}},
	{"claims of a gateway", func(p principal) map[string]string {
		claims := string(encodeJSON(p.claims))
		return map[string]string{"X-User-Claims": claims, "X-Claims": claims, "X-User-Info": claims, "X-Token-Claims": claims,
			"X-Oauth-Scopes": p.scope(), "X-Token-Scopes": p.scope(), "X-Granted-Scopes": p.scope(), "X-Oauth-Roles": p.list()}
	}},
	{"Kong", func(p principal) map[string]string {
		return map[string]string{"X-Consumer-Id": p.oid, "X-Consumer-Custom-Id": p.oid, "X-Consumer-Username": p.name, "X-Consumer-Groups": p.list(), "X-Credential-Identifier": p.name,
			"X-Authenticated-Userid": p.oid, "X-Authenticated-Scope": p.scope(), "X-Authenticated-Consumer": p.name}
	}},
	{"Kong with OpenID Connect", func(p principal) map[string]string {
		return map[string]string{"X-Userinfo": base64.StdEncoding.EncodeToString(encodeJSON(p.claims))}
	}},
	{"Cloudflare Access", func(p principal) map[string]string {
		return map[string]string{"Cf-Access-Authenticated-User-Email": p.name, "Cf-Access-Client-Id": p.client}
	}},
	{"AWS", func(p principal) map[string]string {
		return map[string]string{"X-Amzn-Oidc-Identity": p.oid, "X-Amz-Cognito-Username": p.name, "X-Cognito-Groups": p.list()}
	}},
	{"Identity-Aware Proxy", func(p principal) map[string]string {
		return map[string]string{"X-Goog-Authenticated-User-Email": "accounts.google.com:" + p.name, "X-Goog-Authenticated-User-Id": "accounts.google.com:" + p.oid}
	}},
	{"Static Web Apps", func(p principal) map[string]string {
		return map[string]string{"X-Ms-Client-Principal": base64.StdEncoding.EncodeToString(encodeJSON(map[string]any{
			"identityProvider": "aad", "userId": p.oid, "userDetails": p.name, "userRoles": append([]string{"anonymous", "authenticated"}, p.roles...),
		}))}
	}},
	{"Tailscale", func(p principal) map[string]string {
		return map[string]string{"Tailscale-User-Login": p.name, "Tailscale-User-Name": p.name, "Tailscale-User": p.name}
	}},
	{"identity proxies", func(p principal) map[string]string {
		return map[string]string{"X-Pomerium-Claim-Email": p.name, "X-Pomerium-Claim-Groups": p.list(), "X-Authentik-Username": p.name, "X-Authentik-Email": p.name, "X-Authentik-Uid": p.oid, "X-Authentik-Groups": strings.Join(p.roles, "|"),
			"X-Vouch-User": p.name, "X-Vouch-Idp-Claims-Groups": p.list(), "X-Keycloak-Username": p.name, "X-Keycloak-Roles": p.list(), "Impersonate-User": p.name, "Impersonate-Group": "system:masters"}
	}},
	{"mod_auth_openidc", func(p principal) map[string]string {
		headers := make(map[string]string)
		for name, value := range map[string]string{"sub": p.oid, "oid": p.oid, "preferred_username": p.name, "email": p.name, "upn": p.name, "roles": p.list(), "groups": p.list(), "scp": p.scope()} {
			headers["OIDC_CLAIM_"+name] = value
			headers["Oidc-Claim-"+strings.ReplaceAll(titled(name), "_", "-")] = value // for servers that drop underscores
		}
		return headers
	}},
	{"Hasura", func(p principal) map[string]string {
		return map[string]string{"X-Hasura-User-Id": p.oid, "X-Hasura-Role": p.roles[0], "X-Hasura-Default-Role": p.roles[0], "X-Hasura-Allowed-Roles": p.list()}
	}},
	{"names of a login", func(p principal) map[string]string {
		return map[string]string{"X-Login": p.name, "X-Login-Name": p.name, "X-Logon-User": p.name, "X-Upn": p.name, "X-Session-User": p.name, "X-Caller-Id": p.oid, "X-Actor": p.name}
	}},
	{"web access managers", func(p principal) map[string]string {
		return map[string]string{"SM_USER": p.name, "SM_GROUPS": p.list(), "SM_USERGROUPS": p.list(), "OAM_REMOTE_USER": p.name, "PF_AUTH_SUBJECT": p.oid, "PA_USER": p.name, "Iv-User": p.name, "Iv-Groups": p.list(), "Eppn": p.name}
	}},
}

// clientPrincipal returns the JSON of X-MS-CLIENT-PRINCIPAL, with each claim under
// the names of both token versions.
func (p principal) clientPrincipal() []byte {
	const (
		xml  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
		ms   = "http://schemas.microsoft.com/identity/claims/"
		role = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
	)
	var claims []map[string]string
	add := func(value string, types ...string) {
		for _, t := range types {
			if value != "" {
				claims = append(claims, map[string]string{"typ": t, "val": value})
			}
		}
	}
	for _, name := range []string{"aud", "iss", "iat", "nbf", "exp", "ver", "azp"} {
		if value, ok := p.claims[name]; ok {
			add(fmt.Sprint(value), name)
		}
	}
	add(p.oid, "oid", ms+"objectidentifier", xml+"nameidentifier", "sub")
	add(p.tenant, "tid", ms+"tenantid")
	add(p.name, "preferred_username", "name", xml+"emailaddress", xml+"upn")
	add(p.scope(), "scp", "http://schemas.microsoft.com/identity/claims/scope")
	for _, value := range p.roles {
		add(value, "roles", role, "groups")
	}
	return encodeJSON(map[string]any{"auth_typ": "aad", "name_typ": xml + "emailaddress", "role_typ": role, "claims": claims})
}

func (p principal) list() string  { return strings.Join(p.roles, ",") }
func (p principal) scope() string { return strings.Join(p.scopes, " ") }

// administrator returns a principal that an API may accept without the tenant.
func (p principal) administrator() principal {
	p.oid, p.name = "admin", "admin"
	p.roles = append(slices.Clone(p.roles), "admin", "administrators")
	return p
}

// identityHeaders name the caller of the valid token, and an administrator.
func identityHeaders(f headerFacts) ([]disguise, error) {
	var all []disguise
	for i, who := range []principal{f.who, f.who.administrator()} {
		// As many headers in one request as servers accept.
		for batch := range slices.Chunk(products, 7) {
			d := disguise{says: "all headers of an authenticated caller (" + names(batch) + ") for " + who.name, together: i > 0, scopes: i == 0}
			header := make(http.Header)
			for _, p := range batch {
				own := make(http.Header)
				for name, value := range p.headers(who) {
					if value == "" {
						continue
					}
					h := http.Header{name: {value}}
					header[name], own[name] = h[name], h[name]
					d.single = append(d.single, oneHeader(h))
				}
				slices.SortFunc(d.single, func(a, b disguise) int { return strings.Compare(a.says, b.says) })
				d.sets = append(d.sets, disguise{says: "the headers of " + p.name, change: func(spoken) credential { return credential{header: own} }})
			}
			d.change = func(spoken) credential { return credential{header: header} }
			all = append(all, d)
		}
	}
	return append(all, elsewhereInRequest(f.who)...), nil
}

// elsewhereInRequest name the caller's roles and scopes in other parts of the request.
func elsewhereInRequest(who principal) []disguise {
	values := url.Values{"user": {who.name}, "user_id": {who.oid}, "isAdmin": {"true"}}
	members := map[string]any{"isAdmin": true}
	members["user"] = map[string]any{"id": who.oid, "oid": who.oid, "name": who.name, "role": who.roles[0], "roles": who.roles, "groups": who.roles, "scp": who.scope()}
	for _, name := range []string{"role", "user_role", "userRole", "permission"} {
		values.Set(name, who.roles[0])
		members[name] = who.roles[0]
	}
	group := who.roles[len(who.roles)-1] // groups come last
	values.Set("group", group)
	members["group"] = group
	for _, name := range []string{"roles", "groups", "permissions"} {
		values[name], members[name] = who.roles, who.roles
	}
	for _, name := range []string{"scope", "scopes", "scp"} {
		values.Set(name, who.scope())
		members[name] = who.scope()
	}
	return []disguise{
		{says: "a query that names the caller's roles and scopes", change: func(spoken) credential { return credential{query: values.Encode()} }},
		{says: "cookies that name the caller's roles and scopes", change: func(spoken) credential {
			var pairs []string
			for _, name := range slices.Sorted(maps.Keys(values)) {
				pairs = append(pairs, name+"="+values.Get(name))
			}
			return credential{header: http.Header{"Cookie": {strings.Join(pairs, "; ")}}}
		}},
		{says: "a body that names the caller's roles and scopes", change: func(r spoken) credential {
			body, _ := withMembers(r.body, members)
			if body == nil || len(r.body) == 0 {
				return credential{}
			}
			return jsonBody(string(body))
		}},
	}
}

func names(products []product) string {
	all := make([]string, len(products))
	for i, p := range products {
		all[i] = p.name
	}
	return strings.Join(all, ", ")
}

var tokenNames = []string{
	"X-Ms-Token-Aad-Access-Token", "X-Ms-Token-Aad-Id-Token", "X-Zumo-Auth", "X-Forwarded-Access-Token", "X-Forwarded-Id-Token", "X-Auth-Request-Access-Token", "X-Forwarded-Authorization",
	"X-Original-Authorization", "X-Authorization", "Proxy-Authorization", "X-Amzn-Oidc-Accesstoken", "X-Amzn-Oidc-Data", "X-Goog-Iap-Jwt-Assertion", "Cf-Access-Jwt-Assertion",
	"X-Pomerium-Jwt-Assertion", "X-Jwt-Assertion", "X-Access-Token", "X-Id-Token", "X-Auth-Token", "X-Token", "X-Jwt", "X-Jwt-Token", "X-User-Token", "Teleport-Jwt-Assertion", "Access-Token", "Id-Token", "Token", "Jwt",
}

// tokenHeaders contain a token that the issuer has not signed, and a token that belongs
// to no user.
func tokenHeaders(f headerFacts) ([]disguise, error) {
	foreign, err := f.baselineToken.token.SignedByAttacker()
	if err != nil {
		return nil, err
	}
	var all []disguise
	for _, bad := range []struct{ what, raw string }{
		{"a token signed with an attacker's key", foreign.String()}, {"an unsigned token", f.baselineToken.token.Unsigned("none").String()},
	} {
		what, raw := bad.what, bad.raw
		carry := func(names ...string) func(spoken) credential {
			return func(spoken) credential {
				c := credential{header: make(http.Header), secrets: []string{raw}}
				for _, name := range names {
					c.header[name] = []string{raw}
					if strings.HasSuffix(name, "Authorization") {
						c.header[name] = []string{"Bearer " + raw}
					}
				}
				return c
			}
		}
		for batch := range slices.Chunk(tokenNames, 9) { // tokens are long
			d := disguise{says: "all headers of a token with " + what, change: carry(batch...)}
			for _, name := range batch {
				d.single = append(d.single, disguise{says: name + " with " + what, change: carry(name)})
			}
			all = append(all, d)
		}
	}
	return all, nil
}

func encodeJSON(value any) []byte {
	b, _ := json.Marshal(value) // of texts, numbers, lists and maps
	return b
}
