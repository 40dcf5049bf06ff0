package conformance

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// pathCheck is a family of spellings of an endpoint's request: one case for each
// endpoint.
type pathCheck struct {
	name, sends, flaw, source string
	spellings                 func(publics []string) []spelling
}

// spelling is another way to write the endpoint's path; a placeholder of the
// pattern is the path or a part of it.
type spelling struct {
	pattern string
	rare    bool // sent at one endpoint of the API only
}

var pathChecks = []pathCheck{
	{
		name:      "route-query",
		sends:     "the names of public routes, and the extensions of files that need no token, in the query",
		flaw:      "the check looks for the name of a public route anywhere in the URL, including the query",
		source:    "OWASP: Authorization Testing, Bypassing Authorization Schema; CWE-289; CWE-625",
		spellings: inQuery,
	},
	{
		name:      "route-switch",
		sends:     "the usual switches of developers in the query, such as debug=true and skipAuth=1",
		flaw:      "a parameter of the query, such as a switch for tests, turns the check off",
		source:    "CWE-489; CWE-639; OWASP: Authorization Testing, Bypassing Authorization Schema",
		spellings: inSwitches,
	},
	{
		name:      "route-parameter",
		sends:     "the names of public routes in parameters of the path, behind a semicolon",
		flaw:      "the check and the router do not agree on the meaning of a semicolon in a path",
		source:    "RFC 3986, section 3.3; CVE-2020-5410; CVE-2023-46604; OWASP: Authorization Testing, Bypassing Authorization Schema; CWE-289",
		spellings: inParameters,
	},
	{
		name:      "route-dots",
		sends:     "the endpoint's path behind a public route and dot segments, as they are, encoded once and twice, and with backslashes",
		flaw:      "the check uses the path before its dot segments are removed, or before it is decoded, and the router uses it afterwards",
		source:    "RFC 3986, sections 5.2.4 and 6.2.2; CVE-2021-41773; CVE-2021-42013; CWE-22; CWE-180",
		spellings: inDots,
	},
	{
		name:      "route-encoded",
		sends:     "the endpoint's path with characters that are encoded once and twice, or that a router may remove",
		flaw:      "the check compares the path before it is decoded, and the router afterwards",
		source:    "RFC 3986, section 6.2.2; CWE-177; CWE-174; CWE-289",
		spellings: inCode,
	},
	{
		name:      "route-spelling",
		sends:     "the endpoint's path in other case, with more slashes, with extensions, and with the names of public routes before it, behind it and behind #",
		flaw:      "the check depends on one spelling of the path, or on its beginning or end, and the router accepts other spellings too",
		source:    "OWASP: Authorization Testing, Bypassing Authorization Schema; CVE-2022-22978; CVE-2016-5007; CWE-178; CWE-289",
		spellings: inOtherWords,
	},
}

// disguiseCases request the endpoint with other spellings of its path, in particular spellings
// that look like public routes.
func (s *Suite) disguiseCases(e endpoint) []Case {
	_, stated, _ := strings.Cut(e.request, " ")
	stated, _, _ = strings.Cut(stated, "?")
	if len(stated) < 2 {
		return nil // the root has no other spelling
	}
	representative, ok := s.lifecycleEndpoint()
	publics := s.publicPaths()
	slices.SortStableFunc(publics, func(a, b string) int { return shared(b, stated) - shared(a, stated) })
	var cases []Case
	for _, check := range pathChecks {
		c := Case{
			Name: check.name, Means: CauseRoutePath, Group: Routes, Sends: check.sends, Flaw: check.flaw, Source: check.source,
			Gain: "anybody can call the endpoint, with another spelling of its path",
		}
		cases = append(cases, inDisguise(e, c, ok && representative.id == e.id, func(*baselineToken) ([]disguise, error) {
			var all []disguise
			for _, one := range check.spellings(publics) {
				all = append(all, one.disguise(stated))
			}
			return all, nil
		}))
	}
	return cases
}

// shared counts the segments that two paths begin with.
func shared(a, b string) int {
	n := 0
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// disguise sends the spelling. It compares the answer with the answer of a route that does not
// exist; if the path ends with a value, this route is unlike any path of the API.
func (s spelling) disguise(stated string) disguise {
	return disguise{
		says: s.pattern, mayBreak: true, rare: s.rare, likeAdmitted: below.MatchString(s.pattern),
		change: func(r spoken) credential {
			return credential{target: r.base + s.spell(r)}
		},
		control: func(r spoken) spoken {
			r.path = noSuchRoute
			if end := stated[strings.LastIndexByte(stated, '/')+1:]; !strings.ContainsAny(end, "{$") {
				r.path = stated[:len(stated)-len(end)] + "provision-verify-" + end
			}
			return r
		},
	}
}

// below are patterns of a route below the endpoint's, which may exist.
var below = regexp.MustCompile(`\{path\}/+[^/.%]+[^/]*$`)

// spell writes a path according to a pattern: P is the path, Q its query with the
// leading separator, and the other letters are the path with a change.
func (s spelling) spell(r spoken) string {
	query := ""
	if r.query != "" {
		query = "?" + r.query
	}
	and := "?"
	if r.query != "" {
		and = query + "&"
	}
	first, rest := cutSegment(r.path)
	replaced := strings.NewReplacer(
		"{path?}", r.path+and,
		"{path}", r.path,
		"{rest}", strings.TrimPrefix(r.path, "/"),
		"{first}", first, "{others}", rest,
		"{PATH}", otherCase(r.path),
		"{Path}", titleCase(r.path),
		"{encoded}", encodeLetters(r.path, "%%%02x"),
		"{encoded twice}", encodeLetters(r.path, "%%25%02x"),
		"{letter}", encodeFirst(r.path, "%%%02x"),
		"{letter twice}", encodeFirst(r.path, "%%25%02x"),
		"{last letter}", encodeLast(r.path, "%%%02x"),
		"{iis}", encodeFirst(r.path, "%%u00%02x"),
		"{slashes}", "/"+strings.ReplaceAll(strings.TrimPrefix(r.path, "/"), "/", "%2f"),
		"{folded}", foldLetters(r.path),
		"{wide}", wideLetter(r.path),
	).Replace(s.pattern)
	if strings.Contains(s.pattern, "{path?}") {
		return replaced
	}
	return replaced + query
}

// cutSegment splits a path after its first segment.
func cutSegment(path string) (first, rest string) {
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return path[:i+1], path[i+1:]
	}
	return path, ""
}

func titleCase(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if segment != "" {
			segments[i] = strings.ToUpper(segment[:1]) + segment[1:]
		}
	}
	if title := strings.Join(segments, "/"); title != path {
		return title
	}
	return strings.ToLower(path)
}

func encodeLetters(path, format string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if c == '/' || c == '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, format, c)
		}
	}
	if strings.Contains(path, "%") {
		return path
	}
	return b.String()
}

func encodeFirst(path, format string) string {
	return "/" + fmt.Sprintf(format, path[1]) + path[2:]
}

func encodeLast(path, format string) string {
	if strings.HasSuffix(path, "/") || strings.Contains(path[max(0, len(path)-3):], "%") {
		return path
	}
	return path[:len(path)-1] + fmt.Sprintf(format, path[len(path)-1])
}

// foldLetters replaces s and k by other letters that become s and k in upper or lower case.
func foldLetters(path string) string {
	return strings.NewReplacer("s", "%c5%bf", "S", "%c5%bf", "k", "%e2%84%aa", "K", "%e2%84%aa").Replace(path)
}

// wideLetter writes the first letter in full width, which Unicode normalization (NFKC)
// turns into the usual one.
func wideLetter(path string) string {
	if c := path[1]; c > ' ' && c < 0x7f && c != '%' {
		return "/" + url.PathEscape(string(rune(c)+0xfee0)) + path[2:]
	}
	return path
}

// usual are paths that need no token in many APIs.
var usual = []string{"/public", "/static", "/login", "/docs", "/swagger", "/favicon.ico", "/.well-known", "/metrics", "/assets", "/health"}

// extensions are extensions of files that need no token in many APIs.
var extensions = []string{".css", ".js", ".png", ".ico", ".html", ".svg", ".json", ".map", ".txt", ".woff2"}

func common(patterns ...string) []spelling { return spellings(false, patterns) }
func rare(patterns ...string) []spelling   { return spellings(true, patterns) }

func spellings(rare bool, patterns []string) []spelling {
	all := make([]spelling, len(patterns))
	for i, pattern := range patterns {
		all[i] = spelling{pattern, rare}
	}
	return all
}

// forEach writes a pattern for each value. The first value is the most common one.
func forEach(values []string, patterns ...string) []spelling {
	var all []spelling
	for i, value := range values {
		for j, pattern := range patterns {
			all = append(all, spelling{strings.ReplaceAll(pattern, "{}", value), i > 0 || j > 0})
		}
	}
	return all
}

func inQuery(publics []string) []spelling {
	var once, twice, bare []string
	for _, public := range publics {
		once, twice = append(once, strings.ReplaceAll(public, "/", "%2f")), append(twice, strings.ReplaceAll(public, "/", "%252f"))
		bare = append(bare, strings.TrimPrefix(public, "/"))
	}
	return slices.Concat(
		forEach(publics, "{path?}x={}", "{path?}{}", "{path?}x={}/", "{path?}path={}&url={}&uri={}&next={}&route={}&redirect={}&returnUrl={}", "{path?}file={}&page={}&resource={}&action={}&view={}&target={}&endpoint={}&p={}"),
		forEach(once, "{path?}x={}"), forEach(twice, "{path?}x={}"), rare("{path?}"+bare[0], "{path?}"+bare[0]+"=1", "{path?}x="+bare[0]),
		common("{path?}x="+strings.Join(usual, "")), forEach(usual, "{path?}x={}"),
		forEach(extensions, "{path?}x={}"), rare("{path?}.css", "{path?}/x.js"),
		rare("{path?}_format=json", "{path?}x=/../.."),
	)
}

func inSwitches([]string) []spelling {
	return rare("{path?}debug=true&test=true&dev=true&internal=true&admin=true", "{path?}debug=1&test=1&dev=1&internal=1&admin=1",
		"{path?}skipAuth=true&skip_auth=true&noAuth=true&noauth=true&no_auth=true&bypass=true&bypassAuth=true&auth=false", "{path?}skipAuth=1&skip_auth=1&noAuth=1&noauth=1&no_auth=1&bypass=1&bypassAuth=1&auth=0",
		"{path?}public=true&anonymous=true")
}

func inParameters(publics []string) []spelling {
	var bare, encoded []string
	for _, public := range publics {
		bare, encoded = append(bare, strings.TrimPrefix(public, "/")), append(encoded, strings.ReplaceAll(public, "/", "%2f"))
	}
	return slices.Concat(
		rare("{path};"+bare[0], "{path};x="+bare[0], "{path};x="+encoded[0]),
		forEach(publics, "{path};{}", "{}/..;/{rest}", "{path};x={}", "{};/../{rest}", "{};x=1/../{rest}", "{first};x={}{others}"),
		common("{path};x=1"), rare("{path};", "{path};.css"),
		forEach(extensions, "{path};x={}"), rare("{path};x.css"),
		rare("/;/{rest}", "/;x=1/{rest}", "{first};{others}", "{first};x=1{others}", "/x;/../{rest}", "/x/..;/{rest}", "/.;/{rest}", "{path}%3b", "{path}%3b.css", "{path}%3bx=1"),
	)
}

func inDots(publics []string) []spelling {
	return slices.Concat(
		forEach(publics, "{}/../{rest}", "{}/%2e%2e/{rest}", "{}/./../{rest}", "{}/x/../../{rest}", "{}/..%2f{rest}", "{}%2f..%2f{rest}", "{}%2f%2e%2e%2f{rest}",
			"{}/%252e%252e/{rest}", "{}/..%252f{rest}", "{}%252f..%252f{rest}", "{}/%2e%2e%2f{rest}", "{}/%252e%252e%252f{rest}", "{}/.%2e/{rest}", "{}/%2e./{rest}",
			`{}\..\{rest}`, `{}/..\{rest}`, "{}%5c..%5c{rest}", "{}/..%5c{rest}", "{}%255c..%255c{rest}", "/{}/..//{rest}", "{}//../{rest}", "{}/..//{rest}",
			"{path}{}/..", "{path}{}/%2e%2e", "{path}{}/../", "{}/%c0%ae%c0%ae/{rest}", "{}/..%c0%af{rest}", "/.{}/../{rest}", "/x/..{}/../{rest}"),
		forEach(usual[1:], "{}/../{rest}", "{path}{}/.."),
		common("/x/../{rest}"),
		rare("{path}/.", "/./{rest}", "/%2e/{rest}", "/.//{rest}", "/..{path}", "/../{rest}", "{path}/./", "{path}/x/..", "{path}/%2e", "/x/%2e%2e/{rest}", "/x/..%2f{rest}", `/x\..\{rest}`, `/.\{rest}`, "{first}/.{others}", "{first}/x/..{others}"),
	)
}

func inCode(publics []string) []spelling {
	return slices.Concat(
		common("{letter}", "{letter twice}"),
		rare("{encoded}", "{last letter}", "{encoded twice}", "{iis}", "{slashes}", "{folded}", "{wide}", "/%2f{rest}", "%2f{rest}", "{path}%2f", "{path}%252f", "{path}%20", "{path}%2520", "{path}%09", "{path}%0a", "{path}%0d", "{path}%0d%0a", "{path}%00",
			"{path}%00.css", "{path}%0a.css", "{path}%3f", "{path}%3f.css", "{path}%253f.css", "{path}%23", "{path}%23.css", "{path}%2e", "{path}%2e%2e", "{path}%5c", "{path}%26", "{path}%ef%bc%8f", "/%20{rest}", "{path}%c2%a0"),
		forEach(publics, "{path}%3f{}", "{path}%00{}", "{path}%23{}", "{path}%3fx={}", "{path}%253f{}"),
	)
}

func inOtherWords(publics []string) []spelling {
	return slices.Concat(
		common("{PATH}", "{path}/", "/{path}", "{path}.json"),
		rare("{path}.css", "{Path}", "{path}//", "//{path}", "{first}/{others}", `/\{rest}`, `{path}\`, "{path}.", "{path}..", "{path}/*", "{path}/x", "{path}/index.html", "{path}/index", "{path}/favicon.ico", "{path}:", "{path}~", "{path}*", "{path},", "{path}'", "{PATH}/", "{path}/.json"),
		forEach(extensions, "{path}{}", "{path}/x{}"),
		forEach(publics, "{path}{}", "{}{path}", "/{}/{path}", "{path}/{}", "{path}{}/", "{path}#{}", "{path?}#{}"),
		rare("{path}"+usual[0], usual[0]+"{path}", "{path}#"),
	)
}
