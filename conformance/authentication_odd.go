package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// misplaced are cases that send the valid token in places where an API must not read it.
var misplaced = []check{
	{
		name: "token-in-query", means: CausePlace, severity: Medium,
		sends:  "the valid token as access_token in the query",
		gain:   "tokens end up in logs, histories and Referer headers, where other people find them",
		flaw:   "the API accepts tokens from the query",
		source: "RFC 6750, section 2.3; RFC 9700, section 4.3.2", tolerates: []int{400},
		present: elsewhere(func(raw string) credential {
			return credential{query: url.Values{"access_token": {raw}, "token": {raw}}.Encode()}
		}),
	},
	{
		name: "token-in-form", means: CausePlace, severity: Medium, replacesBody: true, alsoBlockedBy: []CauseID{CauseHeaderClient}, // the type may be enough
		sends:  "the valid token as access_token in a form",
		gain:   "any web page can make a browser send a form",
		flaw:   "the API accepts tokens from forms",
		source: "RFC 6750, section 2.2", tolerates: []int{400, 415, 422},
		present: elsewhere(func(raw string) credential {
			return credential{body: url.Values{"access_token": {raw}}.Encode(), header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
		}),
	},
	{
		name: "token-in-cookie", means: CausePlace, severity: Medium,
		sends:  "the valid token in cookies",
		gain:   "any web page can make a browser call the API on behalf of its user (CSRF)",
		flaw:   "the API accepts tokens from cookies",
		source: "RFC 6750, section 5.2; OWASP: Cross-Site Request Forgery", tolerates: []int{400},
		present: elsewhere(func(raw string) credential {
			return credential{header: http.Header{"Cookie": {"access_token=" + raw + "; token=" + raw + "; jwt=" + raw}}}
		}),
	},
	{
		name: "token-in-header", means: CausePlace, severity: Low,
		sends:  "the valid token in X-Access-Token, X-Auth-Token and Token instead of Authorization",
		gain:   "nothing by itself: tools that monitor Authorization do not see it",
		flaw:   "the API accepts tokens from a non-standard header",
		source: "RFC 6750, section 2.1", tolerates: []int{400},
		present: inHeaders("", "X-Access-Token", "X-Auth-Token", "Token"),
	},
	// Servers limit the length of a line, so the other names are sent in a second
	// request.
	also(check{
		name: "token-in-query-other", means: CausePlace, severity: Medium,
		sends:  "the valid token as jwt, id_token and authorization in the query",
		gain:   "tokens end up in logs, histories and Referer headers, where other people find them",
		flaw:   "the API accepts tokens from the query",
		source: "RFC 6750, section 2.3; RFC 9700, section 4.3.2", tolerates: []int{400},
		present: elsewhere(func(raw string) credential {
			return credential{query: url.Values{"jwt": {raw}, "id_token": {raw}, "authorization": {"Bearer " + raw}}.Encode()}
		}),
	}, 413, 414, 431),
	also(check{
		name: "token-in-session-cookie", means: CausePlace, severity: Medium,
		sends:  "the valid token in the cookies session, id_token and Authorization",
		gain:   "any web page can make a browser call the API on behalf of its user (CSRF)",
		flaw:   "the API accepts tokens from cookies",
		source: "RFC 6750, section 5.2; OWASP: Cross-Site Request Forgery", tolerates: []int{400},
		present: elsewhere(func(raw string) credential {
			return credential{header: http.Header{"Cookie": {"session=" + raw + "; id_token=" + raw + "; Authorization=" + raw}}}
		}),
	}, 413, 431),
	also(check{
		name: "token-in-proxy-header", means: CausePlace, severity: Low,
		sends:  "the valid token in Proxy-Authorization, X-Authorization and X-Original-Authorization instead of Authorization",
		gain:   "nothing by itself: tools that monitor Authorization do not see it",
		flaw:   "the API accepts tokens from a header that is meant for a proxy",
		source: "RFC 6750, section 2.1", tolerates: []int{400},
		present: inHeaders("Bearer ", "Proxy-Authorization", "X-Authorization", "X-Original-Authorization"),
	}, 407, 413, 431),
	also(check{
		name: "token-in-websocket-protocol", means: CausePlace, severity: Low,
		sends:  "the valid token in Sec-WebSocket-Protocol",
		gain:   "nothing by itself: servers write this header to their logs",
		flaw:   "the API accepts tokens from Sec-WebSocket-Protocol",
		source: "RFC 6750, section 2.1; RFC 6455, section 11.3.4", tolerates: []int{400},
		present: inHeaders("bearer, ", "Sec-Websocket-Protocol"),
	}, 413, 431),
	{
		name: "token-in-json", means: CausePlace, severity: Low,
		sends:  "the valid token as access_token in a JSON body",
		gain:   "nothing by itself: bodies are logged and stored, and tools that monitor Authorization do not see the token",
		flaw:   "the API accepts tokens from JSON bodies",
		source: "RFC 6750, section 2", tolerates: []int{400, 413, 415, 422},
		present: elsewhere(func(raw string) credential {
			c := credential{secrets: []string{raw}}
			c.respell = func(r spoken) credential {
				sent := credential{path: r.whole(), secrets: c.secrets, header: http.Header{"Content-Type": {"application/json"}}}
				if body, _ := withMembers(r.body, map[string]string{"access_token": raw, "token": raw, "jwt": raw}); body != nil {
					sent.body = string(body)
				}
				return sent
			}
			return c
		}),
	},
}

// odd are cases with malformed Authorization headers.
var odd = []check{
	about(CauseOpen, authorization("empty-header", "an empty Authorization header", func(string) string { return "" })),
	about(CauseScheme, authorization("scheme-token", "the valid token with scheme Token instead of Bearer", func(raw string) string { return "Token " + raw })),
	about(CauseScheme, authorization("scheme-dpop", "the valid token with scheme DPoP and without a proof", func(raw string) string { return "DPoP " + raw })),
	about(CauseScheme, authorization("scheme-missing", "the valid token without a scheme", func(raw string) string { return raw })),
	authorization("two-segments", "the valid token without its last segment", func(raw string) string {
		return "Bearer " + raw[:strings.LastIndexByte(raw, '.')]
	}),
	authorization("four-segments", "the valid token with a fourth segment", func(raw string) string { return "Bearer " + raw + ".e30" }),
	authorization("five-segments", "a token with five segments, like an encrypted token", func(raw string) string { return "Bearer " + raw + ".e30.e30" }),
	authorization("empty-segments", "a token of two dots, without any characters in its segments", func(string) string { return "Bearer .." }),
	lenient(cut(authorization("non-utf8", "the valid token with trailing bytes that are not UTF-8", func(raw string) string { return "Bearer " + raw + "\xff\xfe" })),
		"correct APIs differ: decoders of some languages skip characters that are not base64"),
	authorization("header-no-json", "a token whose header is not JSON", func(raw string) string { return "Bearer bm90IGpzb24" + raw[strings.IndexByte(raw, '.'):] }),
	authorization("header-non-utf8", "a token whose header is not UTF-8", func(raw string) string {
		return "Bearer " + base64.RawURLEncoding.EncodeToString([]byte("{\"alg\":\"RS256\",\"kid\":\"\xff\xfe\"}")) + raw[strings.IndexByte(raw, '.'):]
	}),
	authorization("header-a-list", "a token whose header is a JSON list", func(raw string) string { return "Bearer W10" + raw[strings.IndexByte(raw, '.'):] }),
	cut(also(authorization("huge", "40 KB that begin with the valid token", func(raw string) string { return "Bearer " + raw + strings.Repeat("A", 40<<10) }), 400, 413, 414, 431)),
	allowed(authorization("two-headers", "the valid token in two Authorization headers", nil), "correct APIs differ: many check only the first header", func(raw string) credential {
		return credential{authorization: []string{"Bearer " + raw, "Bearer " + raw}}
	}),
	allowed(authorization("word-behind", "the valid token followed by a word", nil), "correct APIs differ: some ignore text after the token", func(raw string) credential {
		return credential{authorization: []string{"Bearer " + raw + " word"}}
	}),
	understood("lower-case-scheme", "the valid token as bearer, in lower case", "RFC 9110, section 11.1", func(raw string) string { return "bearer " + raw }),
	understood("two-spaces", "the valid token after two spaces", "RFC 6750, section 2.1", func(raw string) string { return "Bearer  " + raw }),
}

// inHeaders presents the valid token in other headers.
func inHeaders(before string, names ...string) func(context.Context, *baselineToken) (credential, error) {
	return elsewhere(func(raw string) credential {
		header := make(http.Header)
		for _, name := range names {
			header[name] = []string{before + raw}
		}
		return credential{header: header}
	})
}

// elsewhere presents the valid token by other means than its header.
func elsewhere(place func(raw string) credential) func(context.Context, *baselineToken) (credential, error) {
	return func(_ context.Context, g *baselineToken) (credential, error) {
		c := place(g.raw)
		for _, value := range c.authorization {
			// The changed token is masked first, because it may contain the token.
			if _, made, _ := strings.Cut(value, " "); len(made) > len(g.raw) {
				c.secrets = append(c.secrets, strings.TrimSpace(made))
			}
		}
		c.secrets = append(c.secrets, g.raw)
		return c, nil
	}
}

func authorization(name, sends string, value func(raw string) string) check {
	return check{
		name: name, means: CauseForm, severity: High, sends: sends,
		gain: "malformed bearer tokens are accepted", flaw: "the API does not check the form of the Authorization header, or of the token",
		source: "RFC 6750, section 2.1; RFC 7515, section 5.2", tolerates: []int{400},
		present: elsewhere(func(raw string) credential { return credential{authorization: []string{value(raw)}} }),
	}
}

// about sets the flaw that a failure shows.
func about(means CauseID, c check) check {
	c.means = means
	return c
}

func also(c check, statuses ...int) check {
	c.also = statuses
	return c
}

// cut allows the target to close the connection without an answer.
func cut(c check) check {
	present := c.present
	c.present = func(ctx context.Context, g *baselineToken) (credential, error) {
		sent, err := present(ctx, g)
		sent.mayCut = true
		return sent, err
	}
	return c
}

func allowed(c check, why string, place func(raw string) credential) check {
	c.severity = Low
	c.present = elsewhere(place)
	return lenient(c, why)
}

// understood are valid headers that many APIs do not accept.
func understood(name, sends, source string, value func(raw string) string) check {
	c := authorization(name, sends, value)
	c.means, c.severity, c.admits, c.tolerates = CauseSpelling, Low, true, []int{400, 401}
	c.gain, c.flaw, c.source = "", "the API accepts only one spelling of the header", source
	return c
}
