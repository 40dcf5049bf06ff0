package conformance

import (
	"net/http"
	"strings"
)

// browser is the User-Agent of a browser.
const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"

// clientHeaders are headers that describe the client, the form of the content or the kind of the
// request. An API that treats pages, previews, scripts or preflights differently may forget the
// token of such requests.
func clientHeaders(f headerFacts) ([]disguise, error) {
	own := strings.TrimSuffix(f.baselineToken.run.Target.URL, "/")
	all := []disguise{
		together("all headers of a browser",
			http.Header{"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}, http.Header{"User-Agent": {browser}},
			http.Header{"Sec-Fetch-Mode": {"navigate"}}, http.Header{"Sec-Fetch-Dest": {"document"}}, http.Header{"Upgrade-Insecure-Requests": {"1"}}, http.Header{"Accept-Language": {"en"}}),
		together("all headers of a script",
			http.Header{"X-Requested-With": {"XMLHttpRequest"}}, http.Header{"Sec-Fetch-Site": {"same-origin"}}, http.Header{"Hx-Request": {"true"}}, http.Header{"X-Pjax": {"true"}},
			http.Header{"Turbo-Frame": {"main"}}, http.Header{"Origin": {own}, "Referer": {own + "/"}}, http.Header{"Accept": {"*/*"}}),
		together("all headers of a prefetch or preflight",
			http.Header{"Purpose": {"prefetch"}}, http.Header{"Sec-Purpose": {"prefetch"}}, http.Header{"X-Moz": {"prefetch"}}, http.Header{"X-Purpose": {"preview"}},
			http.Header{"Origin": {own}, "Access-Control-Request-Method": {"GET"}}, http.Header{"Access-Control-Request-Method": {"GET"}}, http.Header{"Access-Control-Request-Headers": {"authorization"}}),
	}
	add := func(name string, values ...string) {
		for _, value := range values {
			d := oneHeader(http.Header{name: {value}})
			// Servers may fail on unknown values, and a cache answers 504 to
			// only-if-cached (RFC 9111, 5.2.1.7).
			d.rare, d.mayBreak = true, name == "Upgrade" || name == "Content-Type" || name == "Cache-Control"
			all = append(all, d)
		}
	}
	add("Accept", "text/html", "text/plain", "text/event-stream", "text/csv", "application/xml", "application/problem+json", "image/*", "application/pdf")
	add("Content-Type", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml", "application/grpc", "application/csp-report")
	add("User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Slackbot-LinkExpanding 1.0", "curl/8.9.1", "PostmanRuntime/7.42.0", "Swagger-Codegen/1.0.0/java", "axios/1.7.9")
	add("Upgrade", "websocket", "h2c")
	add("Origin", "null")
	add("Referer", own+"/swagger/index.html", own+"/swagger-ui/index.html", own+"/docs", own+"/graphiql")
	add("If-None-Match", "*", `"1"`)
	add("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")
	add("Range", "bytes=0-")
	add("Cache-Control", "only-if-cached")
	all = append(all, disguise{says: "a request for a WebSocket", rare: true, mayBreak: true, change: func(spoken) credential {
		return credential{header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}}
	}})
	for i := range all { // pages that are the same for everybody are no leak
		all[i].page = true
		for j := range all[i].single {
			all[i].single[j].page = true
		}
	}
	return all, nil
}
