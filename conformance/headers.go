package conformance

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// headerCheck is a family of headers that only a proxy may set: one case for
// each endpoint.
type headerCheck struct {
	name                      string
	means                     CauseID
	sends, gain, flaw, source string
	disguises                 func(headerFacts) ([]disguise, error)
}

// headerFacts are the inputs for the values of such headers.
type headerFacts struct {
	baselineToken *baselineToken
	who           principal
	publics       []string // paths that need no token
	methods       []string // other methods that the document has for the path
}

var headerChecks = []headerCheck{
	{
		name:      "header-path",
		means:     CauseHeaderPath,
		sends:     "headers in which a proxy passes the original path: with the path of a public route, and, at a public route, with the endpoint's path",
		gain:      "anybody can call the endpoint, with one header",
		flaw:      "the API checks or routes the path of a header that the caller sets",
		source:    "CVE-2018-14773; CWE-290; OWASP: Authorization Testing, Bypassing Authorization Schema",
		disguises: pathHeaders,
	},
	{
		name:      "header-method",
		means:     CauseHeaderMethod,
		sends:     "headers, a query and a form that name a different method from the request's",
		gain:      "anybody can call the endpoint, with one header",
		flaw:      "the API checks one method and runs another: it applies the override after the check, or only the check uses it",
		source:    "OWASP: Test HTTP Methods; CWE-650; CWE-436",
		disguises: methodHeaders,
	},
	{
		name:      "header-host",
		means:     CauseHeaderHost,
		sends:     "headers in which a proxy passes the original host, scheme and port, each with values of an internal request",
		gain:      "anybody can call the endpoint, with one header",
		flaw:      "the API does not check the token of requests that name an internal host or another scheme",
		source:    "CWE-290; CWE-644; OWASP: Testing for Host Header Injection",
		disguises: hostHeaders,
	},
	{
		name:      "header-address",
		means:     CauseHeaderAddress,
		sends:     "headers in which a proxy passes the client's address, each with addresses of the machine itself and of internal networks",
		gain:      "anybody can call the endpoint, with one header",
		flaw:      "the API does not check the token for some client addresses, and takes the address from a header that the caller sets",
		source:    "CWE-348; CWE-290; RFC 7239, section 8.1; OWASP: Authorization Testing, Bypassing Authorization Schema",
		disguises: addressHeaders,
	},
	{
		name:      "header-probe",
		means:     CauseHeaderProbe,
		sends:     "headers of health probes, of internal calls and of tests",
		gain:      "anybody can call the endpoint, with one header",
		flaw:      "the API does not check the token of requests that claim to be internal",
		source:    "CWE-290; CWE-807",
		disguises: probeHeaders,
	},
	{
		name:      "header-client",
		means:     CauseHeaderClient,
		sends:     "headers that describe the client or the request: Accept and User-Agent of a browser, other content types, headers of scripts, prefetch, preflight, upgrade, conditional and range requests",
		gain:      "anybody can call the endpoint, with one header",
		flaw:      "the API does not check the token of some kinds of clients or requests, such as those of browsers",
		source:    "CWE-290; CWE-807; OWASP: Authorization Testing, Bypassing Authorization Schema",
		disguises: clientHeaders,
	},
	{
		name:      "header-default",
		means:     CauseDefaultCredential,
		sends:     "default tokens, passwords and keys of developers: Bearer test, Basic admin:admin, X-Api-Key: test",
		gain:      "anybody can call the endpoint with a text that is easy to guess",
		flaw:      "the API accepts a default token, password or key of developers",
		source:    "CWE-798; CWE-1392; OWASP: Testing for Default Credentials",
		disguises: defaultCredentials,
	},
	{
		name:      "header-identity",
		means:     CauseHeaderIdentity,
		sends:     "headers in which a proxy passes the authenticated caller, a query and cookies, each with the name, roles and scopes of an authorized caller",
		gain:      "anybody can call the endpoint as any user, with one header",
		flaw:      "the API takes the caller or their roles from the request instead of the token",
		source:    "Microsoft: App Service, Work with user identities; oauth2-proxy and nginx: auth_request; CWE-290; CWE-807",
		disguises: identityHeaders,
	},
	{
		name:      "header-token",
		means:     CauseHeaderToken,
		sends:     "headers in which a proxy passes the caller's token, each with a token that is not signed by the issuer",
		gain:      "anybody can make tokens, without any key",
		flaw:      "the API reads a token from a header of a proxy and does not verify it",
		source:    "Microsoft: App Service, Work with OAuth tokens; AWS: Application Load Balancer, Authenticate users; CWE-347",
		disguises: tokenHeaders,
	},
	{
		name:      "header-certificate",
		means:     CauseHeaderCertificate,
		sends:     "headers in which a proxy passes the client's certificate, each with a self-made certificate",
		gain:      "anybody can call the endpoint, with any certificate",
		flaw:      "the API trusts a client certificate in a header, or a header that claims that the certificate was verified",
		source:    "RFC 9440, section 4; Microsoft: App Service, Configure TLS mutual authentication; Envoy: x-forwarded-client-cert; CWE-290",
		disguises: certificateHeaders,
	},
}

// headerCases send headers that only a proxy may set: each header alone at one endpoint of the
// API, and all headers of a kind together at the others.
func (s *Suite) headerCases(e endpoint) []Case {
	alone, ok := s.lifecycleEndpoint()
	var cases []Case
	for _, h := range headerChecks {
		c := Case{Name: h.name, Means: h.means, Group: Headers, Sends: h.sends, Gain: h.gain, Flaw: h.flaw, Source: h.source}
		cases = append(cases, inDisguise(e, c, ok && alone.id == e.id, func(g *baselineToken) ([]disguise, error) {
			return h.disguises(headerFacts{g, principalOf(e, g), s.publicPaths(), s.otherMethods(e)})
		}))
	}
	return cases
}

// otherMethods returns the methods of other endpoints of the document with the
// endpoint's path.
func (s *Suite) otherMethods(e endpoint) (methods []string) {
	own, path, _ := strings.Cut(e.request, " ")
	for _, stated := range s.Document.Endpoints {
		if method, other, _ := strings.Cut(stated.Request, " "); other == path && method != own && !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return methods
}

// publicPaths returns the paths of the document's public endpoints.
func (s *Suite) publicPaths() []string {
	var paths []string
	for _, stated := range s.Document.Endpoints {
		_, path, _ := strings.Cut(stated.Request, " ")
		path, _, _ = strings.Cut(path, "?")
		if stated.Public && !strings.ContainsAny(path, "{$") && len(path) > 1 && len(paths) < maxPublicRoutes {
			paths = append(paths, path)
		}
	}
	if paths == nil {
		return []string{"/health", "/public"}
	}
	return paths
}

// maxPublicRoutes is how many public routes are used as a disguise.
const maxPublicRoutes = 3

// together puts headers into one request, and each header alone into further requests.
func together(says string, headers ...http.Header) disguise {
	all := make(http.Header)
	d := disguise{says: says}
	for _, h := range headers {
		for name, values := range h {
			all[name] = values
		}
		d.single = append(d.single, oneHeader(h))
	}
	d.change = func(spoken) credential { return credential{header: all} }
	return d
}

func oneHeader(h http.Header) disguise {
	return disguise{says: sayHeader(h), change: func(spoken) credential { return credential{header: h} }}
}

func sayHeader(h http.Header) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		parts = append(parts, name+": "+short(h[name][0], 60))
	}
	return strings.Join(parts, ", ")
}

// each gives the same value to several headers.
func each(value string, names ...string) []http.Header {
	headers := make([]http.Header, len(names))
	for i, name := range names {
		headers[i] = http.Header{name: {value}}
	}
	return headers
}

// principal is an accepted caller, with the values that headers use for callers.
type principal struct {
	oid, name, tenant, client string
	roles, scopes             []string
	claims                    claimSet
}

// principalOf returns the caller of the valid token.
func principalOf(e endpoint, g *baselineToken) principal {
	p := principal{
		oid: cmp.Or(g.claims.text("oid"), g.claims.text("sub")), tenant: g.claims.text("tid"),
		name:   cmp.Or(g.claims.text("preferred_username"), g.claims.text("upn"), g.claims.text("unique_name"), g.claims.text("email"), "admin@contoso.example"),
		client: cmp.Or(g.claims.text("azp"), g.claims.text("appid")),
		roles:  g.claims.roles(), scopes: g.claims.scopes(), claims: g.claims,
	}
	if len(e.groups) > 0 { // headers of roles and of groups have the same values
		p.roles = append(p.roles, g.claims.list("groups")...)
	}
	if len(p.roles) == 0 {
		p.roles = []string{"Admin"}
	}
	return p
}
