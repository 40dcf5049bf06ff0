package conformance

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// headerMutants believe what only a proxy may say.
var headerMutants = []mutant{
	// The path.
	{flaw: "X-Original-URL of a public route needs no token", kills: "header-path", mutation: skips(headerBegins("X-Original-URL", "/health"))},
	{flaw: "X-Rewrite-URL of a public route needs no token", kills: "header-path", mutation: skips(headerBegins("X-Rewrite-URL", "/health"))},
	{flaw: "X-Forwarded-Uri of a public route needs no token", kills: "header-path", mutation: skips(func(r *http.Request) bool { return strings.Contains(r.Header.Get("X-Forwarded-Uri"), "health") })},
	{flaw: "X-Forwarded-Prefix of a public route needs no role", kills: "header-path", mutation: entitles(headerBegins("X-Forwarded-Prefix", "/health"))},
	{flaw: "Referer of a public route needs no token", kills: "header-path", mutation: skips(func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("Referer"), "/health") })},
	{flaw: "the route is that of X-Original-URL, after the check", kills: "header-path", mutation: mutation{
		serves: func(r *http.Request) string {
			if path := r.Header.Get("X-Original-URL"); path != "" && r.URL.Path == "/" {
				return path
			}
			return r.URL.Path
		},
		skips: func(r *http.Request) bool { return r.URL.Path == "/" },
	}},
	// The method.
	{flaw: "an override to OPTIONS needs no token", kills: "header-method", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-HTTP-Method-Override") == "OPTIONS" })},
	{flaw: "X-Original-Method HEAD needs no token", kills: "header-method", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-Original-Method") == "HEAD" })},
	{flaw: "_method of the query, after the check", kills: "header-method", mutation: mutation{routes: func(r *http.Request) bool {
		return r.Method == "POST" && r.URL.Path == "/secure" && r.URL.Query().Get("_method") == "GET"
	}}},
	{flaw: "_method of a form, after the check", kills: "header-method", mutation: mutation{routes: func(r *http.Request) bool {
		return r.Method == "POST" && r.URL.Path == "/secure" && r.PostFormValue("_method") == "GET"
	}}},
	// The host.
	{flaw: "Host localhost needs no token", kills: "header-host", mutation: skips(func(r *http.Request) bool { return r.Host == "localhost" })},
	{flaw: "X-Forwarded-Host localhost needs no token", kills: "header-host", mutation: skips(headerBegins("X-Forwarded-Host", "localhost"))},
	{flaw: "an internal X-Forwarded-Host needs no role", kills: "header-host", mutation: entitles(func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("X-Forwarded-Host"), ".internal") })},
	{flaw: "X-Forwarded-Proto http needs no token", kills: "header-host", mutation: skips(headerBegins("X-Forwarded-Proto", "http"))},
	{flaw: "Forwarded host needs no token", kills: "header-host", mutation: skips(func(r *http.Request) bool { return strings.Contains(r.Header.Get("Forwarded"), "host=localhost") })},
	{flaw: "X-Forwarded-Port 8080 needs no token", kills: "header-host", mutation: skips(headerBegins("X-Forwarded-Port", "8080"))},
	// The address.
	{flaw: "X-Forwarded-For 127.0.0.1 needs no token", kills: "header-address", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-Forwarded-For") == "127.0.0.1" })},
	{flaw: "X-Forwarded-For of a private network needs no token", kills: "header-address", mutation: skips(func(r *http.Request) bool {
		address, err := netip.ParseAddr(strings.TrimSpace(strings.Split(r.Header.Get("X-Forwarded-For"), ",")[0]))
		return err == nil && address.IsPrivate()
	})},
	{flaw: "the last X-Forwarded-For needs no token", kills: "header-address", mutation: skips(func(r *http.Request) bool {
		hops := strings.Split(r.Header.Get("X-Forwarded-For"), ", ")
		return len(hops) > 1 && strings.HasPrefix(hops[len(hops)-1], "10.")
	})},
	{flaw: "X-Real-IP ::1 needs no token", kills: "header-address", mutation: skips(headerBegins("X-Real-IP", "::1"))},
	{flaw: "a loopback True-Client-IP needs no role", kills: "header-address", mutation: entitles(func(r *http.Request) bool { return net.ParseIP(r.Header.Get("True-Client-IP")).IsLoopback() })},
	{flaw: "Forwarded for a private address needs no token", kills: "header-address", mutation: skips(func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Forwarded"), "for=192.168.") })},
	{flaw: "X-Azure-ClientIP of the platform needs no token", kills: "header-address", mutation: skips(headerBegins("X-Azure-ClientIP", "168.63.129.16"))},
	{flaw: "REMOTE_ADDR needs no token", kills: "header-address", mutation: skips(func(r *http.Request) bool { return len(r.Header["Remote_addr"]) > 0 })},
	{flaw: "an address alone, and no other header of it", kills: "header-address", mutation: skips(func(r *http.Request) bool {
		return r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" && r.Header.Get("X-Client-IP") == "127.0.0.1"
	})},
	// Probes.
	{flaw: "health probes need no token", kills: "header-probe", mutation: skips(func(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "kube-probe/") })},
	{flaw: "Origin null needs no token", kills: "header-host", mutation: skips(headerBegins("Origin", "null"))},
	{flaw: "a method that CORS asks for needs no token", kills: "header-host", mutation: skips(hasHeader("Access-Control-Request-Method"))},
	{flaw: "an upgrade needs no token", kills: "header-host", mutation: skips(headerBegins("Upgrade", "websocket"))},
	{flaw: "Host of the cluster needs no token", kills: "header-host", mutation: skips(func(r *http.Request) bool { return strings.HasSuffix(r.Host, ".svc.cluster.local") })},
	{flaw: "Bearer dev of development", kills: "header-default", mutation: skips(func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer dev" })},
	{flaw: "admin and password of a default", kills: "header-default", mutation: skips(func(r *http.Request) bool {
		name, password, _ := r.BasicAuth()
		return name == "admin" && password == "password"
	})},
	{flaw: "a built-in key", kills: "header-default", mutation: skips(headerBegins("X-Api-Key", "changeme"))},
	{flaw: "X-Internal needs no token", kills: "header-probe", mutation: skips(headerBegins("X-Internal-Request", "true"))},
	{flaw: "probes of Front Door need no token", kills: "header-probe", mutation: skips(headerBegins("X-Fd-Healthprobe", "1"))},
	{flaw: "any Front Door needs no token", kills: "header-probe", mutation: skips(hasHeader("X-Azure-Fdid"))},
	{flaw: "X-Admin needs no role", kills: "header-probe", mutation: entitles(headerBegins("X-Admin", "1"))},
	// Who it is.
	{flaw: "X-MS-CLIENT-PRINCIPAL is believed", kills: "header-identity", mutation: skips(clientPrincipalHas("roles", "Admin"))},
	{flaw: "X-MS-CLIENT-PRINCIPAL of the old claims is believed", kills: "header-identity", mutation: skips(clientPrincipalHas("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "Admin"))},
	{flaw: "X-MS-CLIENT-PRINCIPAL has the object id", kills: "header-identity", mutation: skips(clientPrincipalHas("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid-ada"))},
	{flaw: "X-MS-CLIENT-PRINCIPAL has the roles of a token", kills: "header-identity", mutation: entitles(clientPrincipalHas("roles", "Admin"))},
	{flaw: "X-MS-CLIENT-PRINCIPAL of Static Web Apps", kills: "header-identity", mutation: skips(func(r *http.Request) bool {
		var p struct{ UserRoles []string }
		b, _ := base64.StdEncoding.DecodeString(r.Header.Get("X-MS-CLIENT-PRINCIPAL"))
		return json.Unmarshal(b, &p) == nil && slices.Contains(p.UserRoles, "Admin")
	})},
	{flaw: "X-MS-CLIENT-PRINCIPAL-ID is enough", kills: "header-identity", mutation: skips(hasHeader("X-MS-CLIENT-PRINCIPAL-ID"))},
	{flaw: "X-MS-CLIENT-PRINCIPAL-NAME of a user", kills: "header-identity", mutation: skips(headerBegins("X-MS-CLIENT-PRINCIPAL-NAME", "ada@"))},
	{flaw: "X-Forwarded-User is enough", kills: "header-identity", mutation: skips(hasHeader("X-Forwarded-User"))},
	{flaw: "X-Forwarded-User and its groups", kills: "header-identity", mutation: skips(func(r *http.Request) bool {
		return r.Header.Get("X-Forwarded-User") != "" && slices.Contains(strings.Split(r.Header.Get("X-Forwarded-Groups"), ","), "Admin")
	})},
	{flaw: "X-Forwarded-Groups has the roles of a token", kills: "header-identity", mutation: entitles(func(r *http.Request) bool {
		return slices.Contains(strings.Split(r.Header.Get("X-Forwarded-Groups"), ","), "Admin")
	})},
	{flaw: "X-Auth-Request-Email is enough", kills: "header-identity", mutation: skips(headerBegins("X-Auth-Request-Email", "ada@contoso.example"))},
	{flaw: "X-User admin", kills: "header-identity", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-User") == "admin" })},
	{flaw: "Remote-User is enough", kills: "header-identity", mutation: skips(hasHeader("Remote-User"))},
	{flaw: "REMOTE_USER is enough", kills: "header-identity", mutation: skips(func(r *http.Request) bool { return len(r.Header["Remote_user"]) > 0 })},
	{flaw: "x-jwt-payload is believed", kills: "header-identity", mutation: skips(payloadHas("X-Jwt-Payload", base64.RawURLEncoding))},
	{flaw: "x-endpoint-api-userinfo is believed", kills: "header-identity", mutation: skips(func(r *http.Request) bool {
		var p struct{ ID, Email string }
		b, _ := base64.RawURLEncoding.DecodeString(r.Header.Get("X-Endpoint-Api-Userinfo"))
		return json.Unmarshal(b, &p) == nil && p.ID == "oid-ada"
	})},
	{flaw: "X-Userinfo is believed", kills: "header-identity", mutation: skips(payloadHas("X-Userinfo", base64.StdEncoding))},
	{flaw: "the query has the role", kills: "header-identity", mutation: entitles(func(r *http.Request) bool { return r.URL.Query().Get("role") == "Admin" })},
	{flaw: "a cookie has the role", kills: "header-identity", mutation: entitles(func(r *http.Request) bool {
		c, err := r.Cookie("role")
		return err == nil && c.Value == "Admin"
	})},
	{flaw: "X-User-Claims has the roles", kills: "header-identity", mutation: entitles(func(r *http.Request) bool {
		return strings.Contains(r.Header.Get("X-User-Claims"), `"roles":["Admin"]`)
	})},
	{flaw: "the name of Basic is the caller", kills: "header-default", mutation: skips(func(r *http.Request) bool {
		name, _, _ := r.BasicAuth()
		return strings.HasPrefix(name, "ada@")
	})},
	{flaw: "X-Consumer-Groups has the roles", kills: "header-identity", mutation: entitles(headerBegins("X-Consumer-Groups", "Admin"))},
	{flaw: "X-Authenticated-Scope has the scopes", kills: "header-identity", mutation: entitles(headerBegins("X-Authenticated-Scope", "read_data"))},
	{flaw: "Cf-Access-Authenticated-User-Email is enough", kills: "header-identity", mutation: skips(hasHeader("Cf-Access-Authenticated-User-Email"))},
	{flaw: "X-Amzn-Oidc-Identity is enough", kills: "header-identity", mutation: skips(hasHeader("X-Amzn-Oidc-Identity"))},
	{flaw: "X-Goog-Authenticated-User-Email is enough", kills: "header-identity", mutation: skips(headerBegins("X-Goog-Authenticated-User-Email", "accounts.google.com:ada@"))},
	{flaw: "Tailscale-User-Login is enough", kills: "header-identity", mutation: skips(hasHeader("Tailscale-User-Login"))},
	{flaw: "a principal that cannot be read breaks it", kills: "header-identity", mutation: mutation{answers: func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get("X-Authenticated-Userid") == "admin" {
			w.WriteHeader(500)
			return true
		}
		return false
	}}},
	{flaw: "X-Forwarded-Email is the caller of a valid token", kills: "header-caller", mutation: greets("X-Forwarded-Email")},
	{flaw: "X-MS-CLIENT-PRINCIPAL-ID is the caller of a valid token", kills: "header-caller", mutation: greets("X-MS-CLIENT-PRINCIPAL-ID")},
	{flaw: "Remote-User is the caller of a valid token", kills: "header-caller", mutation: greets("Remote-User")},
	// Tokens.
	{flaw: "the token of X-MS-TOKEN-AAD-ACCESS-TOKEN goes unchecked", kills: "header-token", mutation: skips(carriesToken("X-MS-TOKEN-AAD-ACCESS-TOKEN", ""))},
	{flaw: "the token of X-Forwarded-Access-Token goes unchecked", kills: "header-token", mutation: skips(carriesToken("X-Forwarded-Access-Token", ""))},
	{flaw: "the token of X-Amzn-Oidc-Data goes unchecked", kills: "header-token", mutation: skips(carriesToken("X-Amzn-Oidc-Data", ""))},
	{flaw: "the token of X-Forwarded-Authorization goes unchecked", kills: "header-token", mutation: skips(carriesToken("X-Forwarded-Authorization", "Bearer "))},
	{flaw: "the token of Cf-Access-Jwt-Assertion has the roles", kills: "header-token", mutation: entitles(carriesToken("Cf-Access-Jwt-Assertion", ""))},
	// Certificates.
	{flaw: "X-ARR-ClientCert goes unchecked", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		b, err := base64.StdEncoding.DecodeString(r.Header.Get("X-ARR-ClientCert"))
		return err == nil && len(b) > 0
	})},
	{flaw: "X-Forwarded-Client-Cert names a service", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		return strings.Contains(r.Header.Get("X-Forwarded-Client-Cert"), "URI=spiffe://")
	})},
	{flaw: "X-SSL-Client-Cert goes unchecked", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		text, _ := url.PathUnescape(r.Header.Get("X-SSL-Client-Cert"))
		block, _ := pem.Decode([]byte(text))
		return block != nil
	})},
	{flaw: "X-SSL-Client-Verify is believed", kills: "header-certificate", mutation: skips(headerBegins("X-SSL-Client-Verify", "SUCCESS"))},
	{flaw: "X-SSL-Client-Verify of HAProxy is believed", kills: "header-certificate", mutation: skips(headerBegins("X-SSL-Client-Verify", "0"))},
	{flaw: "the subject of X-Forwarded-Tls-Client-Cert-Info is believed", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		info, _ := url.QueryUnescape(r.Header.Get("X-Forwarded-Tls-Client-Cert-Info"))
		return strings.HasPrefix(info, `Subject="CN=`)
	})},
	{flaw: "ssl-client-subject-dn is believed", kills: "header-certificate", mutation: entitles(hasHeader("Ssl-Client-Subject-Dn"))},
	{flaw: "Client-Cert goes unchecked", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Client-Cert"), ":") && strings.HasSuffix(r.Header.Get("Client-Cert"), ":")
	})},
}

func skips(when func(*http.Request) bool) mutation    { return mutation{skips: when} }
func entitles(when func(*http.Request) bool) mutation { return mutation{entitles: when} }

// greets answers the name that a header holds.
func greets(name string) mutation {
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, status int) bool {
		if status != 200 || r.Header.Get(name) == "" {
			return false
		}
		answer(w, 200, map[string]any{"status": "ok", "user": r.Header.Get(name)})
		return true
	}}
}

func hasHeader(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Header.Get(name) != "" }
}

func headerBegins(name, beginning string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get(name), beginning) }
}

// clientPrincipalHas reads the header as App Service's documentation does.
func clientPrincipalHas(claim, value string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		var p struct {
			AuthTyp  string `json:"auth_typ"`
			NameTyp  string `json:"name_typ"`
			RoleTyp  string `json:"role_typ"`
			Claims   []struct{ Typ, Val string }
			Identity string
		}
		b, err := base64.StdEncoding.DecodeString(r.Header.Get("X-MS-CLIENT-PRINCIPAL"))
		if err != nil || json.Unmarshal(b, &p) != nil || p.AuthTyp != "aad" || p.RoleTyp == "" {
			return false
		}
		return slices.ContainsFunc(p.Claims, func(c struct{ Typ, Val string }) bool { return c.Typ == claim && c.Val == value })
	}
}

func payloadHas(name string, encoding *base64.Encoding) func(*http.Request) bool {
	return func(r *http.Request) bool {
		var claims struct {
			Oid   string
			Roles []string
		}
		b, err := encoding.DecodeString(r.Header.Get(name))
		return err == nil && json.Unmarshal(b, &claims) == nil && claims.Oid == "oid-ada" && slices.Contains(claims.Roles, "Admin")
	}
}

// carriesToken reads a token's claims and not its signature.
func carriesToken(name, scheme string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		raw, ok := strings.CutPrefix(r.Header.Get(name), scheme)
		segments := strings.Split(raw, ".")
		var claims struct{ Roles []string }
		return ok && len(segments) == 3 && unmarshal(segments[1], &claims) && slices.Contains(claims.Roles, "Admin")
	}
}
