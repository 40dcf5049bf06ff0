package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// pathNames are headers by which proxies and frameworks name another path than
// the request's.
var pathNames = []string{
	"X-Original-Url", "X-Rewrite-Url", "X-Original-Uri", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Forwarded-Url",
	"X-Envoy-Original-Path", "X-Original-Path", "X-Script-Name", "X-Request-Uri", "X-Request-Path", "X-Http-Path-Override", "X-Http-Destinationurl",
	"X-Waws-Unencoded-Url", "X-Auth-Request-Redirect", "X-Replaced-Path", "X-Proxy-Url", "X-Path", "X-Route", "X-Uri", "X-Url", "Request-Uri", "Real-Uri", "Destination",
}

// pathHeaders send the path of a public route to the endpoint, and the endpoint's path to public
// routes, because an API may check one of the two paths and route by the other.
func pathHeaders(f headerFacts) ([]disguise, error) {
	var all []disguise
	for i, public := range f.publics {
		all = append(all, atPath("", func(spoken) string { return public }, i == 0))
	}
	for i, public := range f.publics {
		all = append(all, disguise{says: "Referer: " + public, rare: i > 0, change: func(spoken) credential {
			return credential{header: http.Header{"Referer": {strings.TrimSuffix(f.baselineToken.run.Target.URL, "/") + public}}}
		}})
	}
	own := spoken.whole
	for i, path := range append([]string{noSuchRoute, "/"}, f.publics...) {
		all = append(all, atPath(path, own, i == 0))
	}
	return all, nil
}

// atPath sends the headers with such a path to another one; "" is the
// endpoint's.
func atPath(path string, value func(spoken) string, first bool) disguise {
	with := func(names ...string) func(spoken) credential {
		return func(r spoken) credential {
			c := credential{path: path, header: make(http.Header)}
			for _, name := range names {
				c.header[name] = []string{r.base + value(r)}
			}
			return c
		}
	}
	says := func(name string) string {
		if path == "" {
			return name + " with " + value(spoken{})
		}
		return path + " and " + name + " with the endpoint's path"
	}
	d := disguise{says: says("all headers of the original path"), change: with(pathNames...), together: !first, rare: !first}
	for _, name := range pathNames {
		d.single = append(d.single, disguise{says: says(name), change: with(name)})
	}
	return d
}

var methodNames = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Forwarded-Method", "X-Original-Method", "X-Envoy-Original-Method", "X-Replaced-Method"}

// methodHeaders send the name of a harmless method with the endpoint's method, and the name of the
// endpoint's method with a method that may need no token or fewer permissions.
func methodHeaders(f headerFacts) ([]disguise, error) {
	const own = "the endpoint's method"
	pairs := []methodPair{{sent: own, said: "OPTIONS"}, {sent: "POST", said: own}}
	for _, method := range f.methods {
		pairs = append(pairs, methodPair{sent: method, said: own}, methodPair{sent: own, said: method})
	}
	for _, rare := range []methodPair{{sent: own, said: "HEAD"}, {sent: own, said: "GET"}, {sent: "GET", said: own}, {sent: "OPTIONS", said: own}} {
		rare.rare = true
		pairs = append(pairs, rare)
	}
	var all []disguise
	var seen []methodPair
	for _, pair := range pairs {
		if slices.ContainsFunc(seen, func(p methodPair) bool { return p.sent == pair.sent && p.said == pair.said }) {
			continue
		}
		seen = append(seen, pair)
		all = append(all, pair.disguises(own)...)
	}
	return all, nil
}

// methodPair is the method of the request and the method that a header names.
type methodPair struct {
	sent, said string
	rare       bool
}

func (p methodPair) disguises(own string) (all []disguise) {
	or := func(method, otherwise string) string {
		if method == own {
			return otherwise
		}
		return method
	}
	plain := func(r spoken) credential { return credential{method: or(p.sent, r.method), path: r.whole()} }
	query := func(r spoken) url.Values {
		method := or(p.said, r.method)
		return url.Values{"_method": {method}, "X-HTTP-Method-Override": {method}, "x-http-method": {method}}
	}
	add := func(d disguise) {
		d.likeAdmitted, d.without, d.beside = true, plain, true
		all = append(all, d)
	}
	with := func(names ...string) func(spoken) credential {
		return func(r spoken) credential {
			c := plain(r)
			c.header = make(http.Header)
			for _, name := range names {
				c.header[name] = []string{or(p.said, r.method)}
			}
			return c
		}
	}
	says := func(name string) string { return p.sent + " and " + name + ": " + p.said }
	d := disguise{says: says("all headers of the method"), change: with(methodNames...), together: p.rare, rare: p.rare}
	for _, name := range methodNames {
		d.single = append(d.single, disguise{says: says(name), change: with(name), likeAdmitted: true, without: plain, beside: true})
	}
	add(d)
	add(disguise{says: p.sent + " and _method=" + p.said + " in the query", rare: p.rare, change: func(r spoken) credential {
		c := plain(r)
		c.query = query(r).Encode()
		return c
	}})
	if p.sent != http.MethodPost {
		return all
	}
	add(disguise{says: "POST and _method in a form with " + p.said, change: func(r spoken) credential {
		c := formBody(query(r).Encode())
		c.method, c.path = p.sent, r.whole()
		return c
	}})
	add(disguise{says: "POST and _method in JSON with " + p.said, change: func(r spoken) credential {
		c := jsonBody(toJSON(map[string]string{"_method": or(p.said, r.method)}))
		c.method, c.path = p.sent, r.whole()
		return c
	}})
	return all
}

// hostHeaders returns the headers of a request to an internal host or with another scheme.
func hostHeaders(headerFacts) ([]disguise, error) {
	var all []disguise
	for i, host := range []string{"localhost", "127.0.0.1", "localhost:8080", "api.internal"} {
		headers := each(host, "X-Forwarded-Host", "X-Original-Host", "X-Host", "X-Forwarded-Server", "X-Http-Host-Override")
		headers = append(headers, http.Header{"Forwarded": {"host=" + host}})
		d := together("all headers of the host with "+host, headers...)
		d.together, d.rare = i > 0, i > 0
		all = append(all, d)
	}
	for _, alone := range []http.Header{{"Host": {"localhost"}}, {"Host": {"127.0.0.1"}}, {"Origin": {"http://localhost"}}} {
		all = append(all, oneHeader(alone))
	}
	for _, alone := range []http.Header{{"Host": {"api.internal"}}, {"Host": {"api.default.svc.cluster.local"}}, {"Host": {"localhost:8080"}}, {"Origin": {"http://localhost:3000"}}} {
		d := oneHeader(alone)
		d.rare = true
		all = append(all, d)
	}
	for _, scheme := range []struct{ name, port, ssl string }{{"https", "443", "on"}, {"http", "80", "off"}, {"http", "8080", "off"}} {
		headers := each(scheme.name, "X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Scheme", "X-Scheme", "X-Url-Scheme")
		headers = append(headers, each(scheme.ssl, "X-Forwarded-Ssl", "Front-End-Https", "X-Arr-Ssl")...)
		headers = append(headers, http.Header{"X-Forwarded-Port": {scheme.port}}, http.Header{"Forwarded": {"proto=" + scheme.name}})
		d := together("all headers of the scheme with "+scheme.name+" and port "+scheme.port, headers...)
		d.together, d.rare = scheme.port == "8080", scheme.port == "8080"
		all = append(all, d)
	}
	return all, nil
}

var addressNames = []string{
	"X-Forwarded-For", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Fastly-Client-Ip", "X-Cluster-Client-Ip",
	"X-Azure-Clientip", "X-Azure-Socketip", "X-Envoy-External-Address", "X-Appengine-User-Ip", "Fly-Client-Ip", "X-Nf-Client-Connection-Ip", "X-Original-Forwarded-For",
	"X-Original-For", "X-Originating-Ip", "X-Remote-Ip", "X-Remote-Addr", "X-Custom-Ip-Authorization", "X-Forwarded", "Forwarded-For",
	"Client-Ip", "X-Proxyuser-Ip", "Remote-Addr", "REMOTE_ADDR", "Wl-Proxy-Client-Ip", "Proxy-Client-Ip", "X-Host-Ip", "X-Forwarded-By",
}

// internalAddresses are addresses of the machine itself, of private networks, and of Azure's
// health probes.
var internalAddresses = []string{"127.0.0.1", "10.0.0.1", "192.168.0.1", "172.16.0.1", "::1", "localhost", "168.63.129.16", "fd00::1"}

func addressHeaders(headerFacts) ([]disguise, error) {
	var all []disguise
	for i, address := range internalAddresses {
		node := address
		if strings.Count(address, ":") > 1 {
			node = `"[` + address + `]"`
		}
		headers := append(each(address, addressNames...), http.Header{"Forwarded": {"for=" + node}})
		d := together("all headers of the client's address with "+address, headers...)
		d.together, d.rare = i > 0, i > 1
		all = append(all, d)
	}
	// Another proxy adds its own address to the list.
	const outside = "203.0.113.7"
	for _, list := range []string{"10.0.0.1, " + outside, outside + ", 127.0.0.1", outside + ", 10.0.0.1"} {
		d := oneHeader(http.Header{"X-Forwarded-For": {list}})
		d.rare = true
		all = append(all, d)
	}
	return all, nil
}

var internalNames = []string{
	"X-Internal", "X-Internal-Request", "X-Internal-Call", "X-Envoy-Internal", "X-Trusted", "X-Authenticated", "X-Auth-Verified", "X-Auth-Status", "X-Authorized", "X-Verified", "X-Admin", "X-Is-Admin",
	"X-Debug", "X-Test", "X-Testing", "X-Dev", "X-Bypass-Auth", "X-Skip-Auth", "X-No-Auth", "X-Healthcheck", "X-Health-Check", "X-Probe", "X-Gateway", "X-Via-Gateway", "X-Service-Call", "X-Ms-Auth-Internal-Noretry",
}

// probeHeaders are headers of callers that an API may trust, such as health probes.
func probeHeaders(f headerFacts) ([]disguise, error) {
	forged, err := f.baselineToken.token.SignedByAttacker()
	if err != nil {
		return nil, err
	}
	var all []disguise
	for i, agent := range []string{"kube-probe/1.31", "ELB-HealthChecker/2.0", "GoogleHC/1.0", "AlwaysOn", "HealthCheck/1.0", "Edge Health Probe", "Prometheus/3.0.0", "internal"} {
		d := oneHeader(http.Header{"User-Agent": {agent}})
		d.rare = i > 0
		all = append(all, d)
	}
	for i, yes := range []string{"true", "1"} {
		d := together("all headers of internal calls with "+yes, each(yes, internalNames...)...)
		d.together = i > 0
		all = append(all, d)
		// Code for tests may omit only the check of the signature.
		raw := forged.String()
		all = append(all, disguise{says: "a token signed with an attacker's key, and all headers of internal calls with " + yes, rare: true, without: func(spoken) credential { return bearer(raw) }, change: func(spoken) credential {
			c := bearer(raw)
			c.header, c.query = make(http.Header), "debug="+yes+"&test="+yes
			for _, name := range internalNames {
				c.header[name] = []string{yes}
			}
			return c
		}})
	}
	all = append(all, together("all headers that name the calling service",
		http.Header{"Via": {"1.1 gateway"}},
		http.Header{"X-Service": {"internal"}}, http.Header{"X-Caller": {"internal"}}, http.Header{"X-Service-Name": {"gateway"}}, http.Header{"Dapr-Caller-App-Id": {"gateway"}},
		http.Header{"X-Azure-Fdid": {"a1b2c3d4-0000-4000-8000-00000000f001"}}, http.Header{"X-Fd-Healthprobe": {"1"}},
		http.Header{"X-Forwarded-Authenticated": {"true"}}, http.Header{"X-Environment": {"development"}}, http.Header{"X-Env": {"test"}}))
	return all, nil
}
