package conformance

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// headerMutants trust headers that only a proxy may set.
var headerMutants = []mutant{
	// The path.
	{flaw: "requests with X-Original-URL of a public route need no token", kills: "header-path", mutation: skips(headerBegins("X-Original-URL", "/health"))},
	{flaw: "requests with X-Rewrite-URL of a public route need no token", kills: "header-path", mutation: skips(headerBegins("X-Rewrite-URL", "/health"))},
	{flaw: "requests with X-Forwarded-Uri of a public route need no token", kills: "header-path", mutation: skips(func(r *http.Request) bool { return strings.Contains(r.Header.Get("X-Forwarded-Uri"), "health") })},
	{flaw: "requests with X-Forwarded-Prefix of a public route need no role", kills: "header-path", mutation: entitles(headerBegins("X-Forwarded-Prefix", "/health"))},
	{flaw: "requests of the page of the documentation need no token", kills: "header-client", mutation: skips(func(r *http.Request) bool { return strings.Contains(r.Header.Get("Referer"), "/swagger") })},
	{flaw: "requests with Referer of a public route need no token", kills: "header-path", mutation: skips(func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("Referer"), "/health") })},
	{flaw: "the API selects the route by X-Original-URL after the check", kills: "header-path", mutation: mutation{
		serves: func(r *http.Request) string {
			if path := r.Header.Get("X-Original-URL"); path != "" && r.URL.Path == "/" {
				return path
			}
			return r.URL.Path
		},
		skips: func(r *http.Request) bool { return r.URL.Path == "/" },
	}},
	// The method.
	{flaw: "requests with an override to OPTIONS need no token", kills: "header-method", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-HTTP-Method-Override") == "OPTIONS" })},
	{flaw: "requests with X-Original-Method HEAD need no token", kills: "header-method", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-Original-Method") == "HEAD" })},
	{flaw: "the API applies _method of the query after the check", kills: "header-method", mutation: mutation{routes: func(r *http.Request) bool {
		return r.Method == "POST" && r.URL.Path == "/secure" && r.URL.Query().Get("_method") == "GET"
	}}},
	{flaw: "the API applies _method of a form after the check", kills: "header-method", mutation: mutation{routes: func(r *http.Request) bool {
		return r.Method == "POST" && r.URL.Path == "/secure" && r.PostFormValue("_method") == "GET"
	}}},
	// The host.
	{flaw: "requests with Host localhost need no token", kills: "header-host", mutation: skips(func(r *http.Request) bool { return r.Host == "localhost" })},
	{flaw: "requests with X-Forwarded-Host localhost need no token", kills: "header-host", mutation: skips(headerBegins("X-Forwarded-Host", "localhost"))},
	{flaw: "requests with an internal X-Forwarded-Host need no role", kills: "header-host", mutation: entitles(func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("X-Forwarded-Host"), ".internal") })},
	{flaw: "requests with X-Forwarded-Proto http need no token", kills: "header-host", mutation: skips(headerBegins("X-Forwarded-Proto", "http"))},
	{flaw: "requests with Forwarded host=localhost need no token", kills: "header-host", mutation: skips(func(r *http.Request) bool { return strings.Contains(r.Header.Get("Forwarded"), "host=localhost") })},
	{flaw: "requests with X-Forwarded-Port 8080 need no token", kills: "header-host", mutation: skips(headerBegins("X-Forwarded-Port", "8080"))},
	// The address.
	{flaw: "requests with X-Forwarded-For 127.0.0.1 need no token", kills: "header-address", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-Forwarded-For") == "127.0.0.1" })},
	{flaw: "requests with X-Forwarded-For of a private network need no token", kills: "header-address", mutation: skips(func(r *http.Request) bool {
		address, err := netip.ParseAddr(strings.TrimSpace(strings.Split(r.Header.Get("X-Forwarded-For"), ",")[0]))
		return err == nil && address.IsPrivate()
	})},
	{flaw: "the API trusts the last address in X-Forwarded-For", kills: "header-address", mutation: skips(func(r *http.Request) bool {
		hops := strings.Split(r.Header.Get("X-Forwarded-For"), ", ")
		return len(hops) > 1 && strings.HasPrefix(hops[len(hops)-1], "10.")
	})},
	{flaw: "requests with X-Real-IP ::1 need no token", kills: "header-address", mutation: skips(headerBegins("X-Real-IP", "::1"))},
	{flaw: "requests with a loopback True-Client-IP need no role", kills: "header-address", mutation: entitles(func(r *http.Request) bool { return net.ParseIP(r.Header.Get("True-Client-IP")).IsLoopback() })},
	{flaw: "requests with Forwarded for a private address need no token", kills: "header-address", mutation: skips(func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Forwarded"), "for=192.168.") })},
	{flaw: "requests with X-Azure-ClientIP of the platform need no token", kills: "header-address", mutation: skips(headerBegins("X-Azure-ClientIP", "168.63.129.16"))},
	{flaw: "requests with REMOTE_ADDR need no token", kills: "header-address", mutation: skips(func(r *http.Request) bool { return len(r.Header["Remote_addr"]) > 0 })},
	{flaw: "the API trusts an address header if there is only one", kills: "header-address", mutation: skips(func(r *http.Request) bool {
		return r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" && r.Header.Get("X-Client-IP") == "127.0.0.1"
	})},
	// Health checks.
	{flaw: "health probes need no token", kills: "header-probe", mutation: skips(func(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "kube-probe/") })},
	{flaw: "requests with Origin null need no token", kills: "header-client", mutation: skips(headerBegins("Origin", "null"))},
	{flaw: "requests with Access-Control-Request-Method need no token", kills: "header-client", mutation: skips(hasHeader("Access-Control-Request-Method"))},
	{flaw: "requests for an upgrade need no token", kills: "header-client", mutation: skips(headerBegins("Upgrade", "websocket"))},
	{flaw: "requests for pages need no token", kills: "header-client", mutation: skips(headerContains("Accept", "text/html"))},
	{flaw: "requests for anything but JSON need no token", kills: "header-client", mutation: skips(func(r *http.Request) bool { return !strings.Contains(r.Header.Get("Accept"), "json") })},
	{flaw: "the page of a record is for everybody", kills: "header-client", mutation: mutation{answers: withPage("<h1>quarterly figures</h1>")}},
	{flaw: "event streams need no token", kills: "header-client", mutation: skips(headerBegins("Accept", "text/event-stream"))},
	{flaw: "browsers need no token", kills: "header-client", mutation: skips(headerBegins("User-Agent", "Mozilla/"))},
	{flaw: "search engines need no token", kills: "header-client", mutation: skips(headerContains("User-Agent", "Googlebot"))},
	{flaw: "scripts need no role", kills: "header-client", mutation: entitles(headerBegins("X-Requested-With", "XMLHttpRequest"))},
	{flaw: "prefetches need no token", kills: "header-client", mutation: skips(func(r *http.Request) bool {
		return r.Header.Get("Purpose") == "prefetch" || r.Header.Get("Sec-Purpose") == "prefetch"
	})},
	{flaw: "forms need no token", kills: "header-client", mutation: skips(headerBegins("Content-Type", "application/x-www-form-urlencoded"))},
	{flaw: "conditional requests need no token", kills: "header-client", mutation: skips(hasHeader("If-None-Match"))},
	{flaw: "range requests need no token", kills: "header-client", mutation: skips(headerBegins("Range", "bytes="))},
	{flaw: "requests with the API's own Origin need no token", kills: "header-client", mutation: skips(func(r *http.Request) bool { return r.Header.Get("Origin") == "http://"+r.Host })},
	{flaw: "requests with the Host of a cluster need no token", kills: "header-host", mutation: skips(func(r *http.Request) bool { return strings.HasSuffix(r.Host, ".svc.cluster.local") })},
	{flaw: "the API accepts Bearer dev", kills: "header-default", mutation: skips(func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer dev" })},
	{flaw: "the API accepts a default user and password", kills: "header-default", mutation: skips(func(r *http.Request) bool {
		name, password, _ := r.BasicAuth()
		return name == "admin" && password == "password"
	})},
	{flaw: "the API accepts a default key", kills: "header-default", mutation: skips(headerBegins("X-Api-Key", "changeme"))},
	{flaw: "requests with X-Internal-Request need no token", kills: "header-probe", mutation: skips(headerBegins("X-Internal-Request", "true"))},
	{flaw: "health probes of Front Door need no token", kills: "header-probe", mutation: skips(headerBegins("X-Fd-Healthprobe", "1"))},
	{flaw: "requests with X-Azure-FDID need no token", kills: "header-probe", mutation: skips(hasHeader("X-Azure-Fdid"))},
	{flaw: "the API does not verify the tokens of requests with X-Debug", kills: "header-probe", mutation: skips(func(r *http.Request) bool {
		return hasHeader("X-Debug")(r) && carriesToken("Authorization", "Bearer ")(r)
	})},
	{flaw: "requests with X-Admin need no role", kills: "header-probe", mutation: entitles(headerBegins("X-Admin", "1"))},
	// The identity of the caller.
	{flaw: "the API trusts X-MS-CLIENT-PRINCIPAL", kills: "header-identity", mutation: skips(clientPrincipalHas("roles", "Admin"))},
	{flaw: "the API trusts X-MS-CLIENT-PRINCIPAL with WS-Federation claims", kills: "header-identity", mutation: skips(clientPrincipalHas("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "Admin"))},
	{flaw: "the API trusts the object id in X-MS-CLIENT-PRINCIPAL", kills: "header-identity", mutation: skips(clientPrincipalHas("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid-ada"))},
	{flaw: "the API reads the roles of a valid token from X-MS-CLIENT-PRINCIPAL", kills: "header-identity", mutation: entitles(clientPrincipalHas("roles", "Admin"))},
	{flaw: "the API trusts X-MS-CLIENT-PRINCIPAL of Static Web Apps", kills: "header-identity", mutation: skips(func(r *http.Request) bool {
		var p struct{ UserRoles []string }
		b, _ := base64.StdEncoding.DecodeString(r.Header.Get("X-MS-CLIENT-PRINCIPAL"))
		return json.Unmarshal(b, &p) == nil && slices.Contains(p.UserRoles, "Admin")
	})},
	{flaw: "the API trusts X-MS-CLIENT-PRINCIPAL-ID", kills: "header-identity", mutation: skips(hasHeader("X-MS-CLIENT-PRINCIPAL-ID"))},
	{flaw: "the API trusts X-MS-CLIENT-PRINCIPAL-NAME", kills: "header-identity", mutation: skips(headerBegins("X-MS-CLIENT-PRINCIPAL-NAME", "ada@"))},
	{flaw: "the API trusts X-Forwarded-User", kills: "header-identity", mutation: skips(hasHeader("X-Forwarded-User"))},
	{flaw: "the API trusts X-Forwarded-User with groups", kills: "header-identity", mutation: skips(func(r *http.Request) bool {
		return r.Header.Get("X-Forwarded-User") != "" && slices.Contains(strings.Split(r.Header.Get("X-Forwarded-Groups"), ","), "Admin")
	})},
	{flaw: "the API reads the roles of a valid token from X-Forwarded-Groups", kills: "header-identity", mutation: entitles(func(r *http.Request) bool {
		return slices.Contains(strings.Split(r.Header.Get("X-Forwarded-Groups"), ","), "Admin")
	})},
	{flaw: "the API trusts X-Auth-Request-Email", kills: "header-identity", mutation: skips(headerBegins("X-Auth-Request-Email", "ada@contoso.example"))},
	{flaw: "the API trusts X-User admin", kills: "header-identity", mutation: skips(func(r *http.Request) bool { return r.Header.Get("X-User") == "admin" })},
	{flaw: "the API trusts Remote-User", kills: "header-identity", mutation: skips(hasHeader("Remote-User"))},
	{flaw: "the API trusts OIDC_CLAIM_preferred_username", kills: "header-identity", mutation: skips(func(r *http.Request) bool { return r.Header["Oidc_claim_preferred_username"] != nil })},
	{flaw: "the API reads the role of a valid token from X-Hasura-Role", kills: "header-identity", mutation: entitles(headerBegins("X-Hasura-Role", "Admin"))},
	{flaw: "the API trusts REMOTE_USER", kills: "header-identity", mutation: skips(func(r *http.Request) bool { return len(r.Header["Remote_user"]) > 0 })},
	{flaw: "the API trusts x-jwt-payload", kills: "header-identity", mutation: skips(payloadHas("X-Jwt-Payload", base64.RawURLEncoding))},
	{flaw: "the API trusts x-endpoint-api-userinfo", kills: "header-identity", mutation: skips(func(r *http.Request) bool {
		var p struct{ ID, Email string }
		b, _ := base64.RawURLEncoding.DecodeString(r.Header.Get("X-Endpoint-Api-Userinfo"))
		return json.Unmarshal(b, &p) == nil && p.ID == "oid-ada"
	})},
	{flaw: "the API trusts X-Userinfo", kills: "header-identity", mutation: skips(payloadHas("X-Userinfo", base64.StdEncoding))},
	{flaw: "the API reads the role from the query", kills: "header-identity", mutation: entitles(func(r *http.Request) bool { return r.URL.Query().Get("role") == "Admin" })},
	{flaw: "the API reads the role from a cookie", kills: "header-identity", mutation: entitles(func(r *http.Request) bool {
		c, err := r.Cookie("role")
		return err == nil && c.Value == "Admin"
	})},
	{flaw: "the API reads the roles from X-User-Claims", kills: "header-identity", mutation: entitles(func(r *http.Request) bool {
		return strings.Contains(r.Header.Get("X-User-Claims"), `"roles":["Admin"]`)
	})},
	{flaw: "the API trusts the user name of Basic", kills: "header-default", mutation: skips(func(r *http.Request) bool {
		name, _, _ := r.BasicAuth()
		return strings.HasPrefix(name, "ada@")
	})},
	{flaw: "the API reads the roles from X-Consumer-Groups", kills: "header-identity", mutation: entitles(headerBegins("X-Consumer-Groups", "Admin"))},
	{flaw: "the API reads the scopes from X-Authenticated-Scope", kills: "header-identity", mutation: entitles(headerBegins("X-Authenticated-Scope", "read_data"))},
	{flaw: "the API trusts Cf-Access-Authenticated-User-Email", kills: "header-identity", mutation: skips(hasHeader("Cf-Access-Authenticated-User-Email"))},
	{flaw: "the API trusts X-Amzn-Oidc-Identity", kills: "header-identity", mutation: skips(hasHeader("X-Amzn-Oidc-Identity"))},
	{flaw: "the API trusts X-Goog-Authenticated-User-Email", kills: "header-identity", mutation: skips(headerBegins("X-Goog-Authenticated-User-Email", "accounts.google.com:ada@"))},
	{flaw: "the API trusts Tailscale-User-Login", kills: "header-identity", mutation: skips(hasHeader("Tailscale-User-Login"))},
	{flaw: "an invalid X-MS-CLIENT-PRINCIPAL causes an internal error", kills: "header-identity", mutation: mutation{answers: func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get("X-Authenticated-Userid") == "admin" {
			w.WriteHeader(500)
			return true
		}
		return false
	}}},
	{flaw: "the API reads the caller of a valid token from X-Forwarded-Email", kills: "header-caller", mutation: greets("X-Forwarded-Email")},
	{flaw: "the API reads the caller of a valid token from X-MS-CLIENT-PRINCIPAL-ID", kills: "header-caller", mutation: greets("X-MS-CLIENT-PRINCIPAL-ID")},
	{flaw: "the API reads the caller of a valid token from Remote-User", kills: "header-caller", mutation: greets("Remote-User")},
	// Tokens.
	{flaw: "the API does not verify the token in X-MS-TOKEN-AAD-ACCESS-TOKEN", kills: "header-token", mutation: skips(carriesToken("X-MS-TOKEN-AAD-ACCESS-TOKEN", ""))},
	{flaw: "the API does not verify the token in X-Forwarded-Access-Token", kills: "header-token", mutation: skips(carriesToken("X-Forwarded-Access-Token", ""))},
	{flaw: "the API does not verify the token in X-Amzn-Oidc-Data", kills: "header-token", mutation: skips(carriesToken("X-Amzn-Oidc-Data", ""))},
	{flaw: "the API does not verify the token in X-Forwarded-Authorization", kills: "header-token", mutation: skips(carriesToken("X-Forwarded-Authorization", "Bearer "))},
	{flaw: "the API reads the roles from the unverified token in Cf-Access-Jwt-Assertion", kills: "header-token", mutation: entitles(carriesToken("Cf-Access-Jwt-Assertion", ""))},
	// Certificates.
	{flaw: "the API does not verify the certificate in X-ARR-ClientCert", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		b, err := base64.StdEncoding.DecodeString(r.Header.Get("X-ARR-ClientCert"))
		return err == nil && len(b) > 0
	})},
	{flaw: "the API trusts the service in X-Forwarded-Client-Cert", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		return strings.Contains(r.Header.Get("X-Forwarded-Client-Cert"), "URI=spiffe://")
	})},
	{flaw: "the API does not verify the certificate in X-SSL-Client-Cert", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		text, _ := url.PathUnescape(r.Header.Get("X-SSL-Client-Cert"))
		block, _ := pem.Decode([]byte(text))
		return block != nil
	})},
	{flaw: "the API trusts X-SSL-Client-Verify", kills: "header-certificate", mutation: skips(headerBegins("X-SSL-Client-Verify", "SUCCESS"))},
	{flaw: "the API trusts X-SSL-Client-Verify of HAProxy", kills: "header-certificate", mutation: skips(headerBegins("X-SSL-Client-Verify", "0"))},
	{flaw: "the API trusts the subject in X-Forwarded-Tls-Client-Cert-Info", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		info, _ := url.QueryUnescape(r.Header.Get("X-Forwarded-Tls-Client-Cert-Info"))
		return strings.HasPrefix(info, `Subject="CN=`)
	})},
	{flaw: "the API trusts ssl-client-subject-dn", kills: "header-certificate", mutation: entitles(hasHeader("Ssl-Client-Subject-Dn"))},
	{flaw: "the API does not verify the certificate in Client-Cert", kills: "header-certificate", mutation: skips(func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Client-Cert"), ":") && strings.HasSuffix(r.Header.Get("Client-Cert"), ":")
	})},
}

func skips(when func(*http.Request) bool) mutation    { return mutation{skips: when} }
func entitles(when func(*http.Request) bool) mutation { return mutation{entitles: when} }

// withPage answers a record, and everybody a page that asks for one.
func withPage(page string) func(w http.ResponseWriter, r *http.Request, status int) bool {
	return func(w http.ResponseWriter, r *http.Request, status int) bool {
		switch {
		case r.URL.Path == "/secure" && strings.HasPrefix(r.Header.Get("Accept"), "text/html"):
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, page)
		case status == 200:
			answer(w, 200, map[string]any{"status": "ok", "title": "quarterly figures"})
		default:
			return false
		}
		return true
	}
}

// greets answers the name in a header.
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

func headerContains(name, text string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.Header.Get(name), text) }
}

func headerBegins(name, beginning string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get(name), beginning) }
}

// clientPrincipalHas reads the header as the documentation of App Service shows.
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

// carriesToken reads the claims of a token without checking its signature.
func carriesToken(name, scheme string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		raw, ok := strings.CutPrefix(r.Header.Get(name), scheme)
		segments := strings.Split(raw, ".")
		var claims struct{ Roles []string }
		return ok && len(segments) == 3 && unmarshal(segments[1], &claims) && slices.Contains(claims.Roles, "Admin")
	}
}
