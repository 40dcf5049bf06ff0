package conformance

import (
	"bytes"
	"regexp"
	"slices"
)

// leftover is a sign that an API runs in development mode.
type leftover struct {
	name  string
	signs []string       // texts, one of which the answer contains: searching for a text is fast
	mark  *regexp.Regexp // matches the same output; nil: one of the texts is sufficient
}

// debugger matches a page on which every visitor can run code in the API:
// Werkzeug's debugger with EVALEX set to true (CWE-489).
var debugger = regexp.MustCompile(`EVALEX\s*=\s*true`)

const trace = "a stack trace"

// leftovers are stack traces and the error pages of frameworks.
var leftovers = []leftover{
	{"the page of Werkzeug's debugger", []string{"Werkzeug Debugger", "__debugger__=yes"}, nil},
	{"the error page of Django's debug mode", []string{"You&#x27;re seeing this error because you have <code>DEBUG = True", "You're seeing this error because you have <code>DEBUG = True", "Django Version:"}, nil},
	{"the error page of Starlette's debug mode", []string{"<title>Starlette Debugger</title>"}, nil},
	{"the developer exception page of ASP.NET Core", []string{"Microsoft.AspNetCore.Diagnostics", "An unhandled exception occurred while processing the request"}, nil},
	{"the error page of ASP.NET", []string{"Server Error in '"}, regexp.MustCompile(`Server Error in '[^']*' Application`)},
	{"the error page of Spring Boot with a trace", []string{"Whitelabel Error Page"}, nil},
	{"the error page of Spring Boot with a trace", []string{`"trace"`}, regexp.MustCompile(`"trace"\s*:\s*"[\w.$]+(Exception|Error)`)},
	{"the error page of Rails", []string{"Action Controller: Exception caught"}, nil},
	{"the error page of Rails", []string{"<title>Routing", "<title>Action"}, regexp.MustCompile(`<title>(Routing|Action|ActionController)[\w: ]* (Error|Exception)`)},
	{"the error page of Laravel or Symfony", []string{"Whoops, looks like something went wrong", "Symfony Exception", "Ignition", `Whoops\Handler`}, nil},
	{"the error page of Express with a stack trace", []string{"<pre>"}, regexp.MustCompile(`<pre>\w*Error: [^<]*<br> ?&nbsp; ?&nbsp;at |<pre>\w*Error[\s\S]{0,500}<br>\s*(&nbsp;)+\s*at `)},
	{"the error page of Phoenix", []string{"Plug.Debugger", "phoenix_debug"}, nil},
	{"the error page of Quarkus", []string{"Error restarting Quarkus", "Internal Server Error - Quarkus"}, nil},
	{trace, []string{"Traceback (most recent call last)"}, nil},
	{trace, []string{"at "}, regexp.MustCompile(`\n\s+at [\w$.<>/]+ ?\(`)},
	{trace, []string{".java:", ".kt:", ".scala:"}, regexp.MustCompile(`\bat [\w.$]+\([\w]+\.(java|kt|scala):\d+\)`)},
	{trace, []string{":line "}, regexp.MustCompile(`   at [\w.` + "`" + `<>\[\], ]+\(.*\) in .*:line \d+`)},
	{trace, []string{"goroutine "}, regexp.MustCompile(`goroutine \d+ \[`)},
	{trace, []string{`", line `}, regexp.MustCompile(`File \\?"[^"]+\\?", line \d+`)},
	{trace, []string{".js:", ".ts:", ".mjs:"}, regexp.MustCompile(`\.(js|ts|mjs):\d+:\d+`)},
	{trace, []string{".rb:"}, regexp.MustCompile(`\.rb:\d+:in `)},
	{trace, []string{".php("}, regexp.MustCompile(`#\d+ /[\w/.-]+\.php\(\d+\)`)},
	{trace, []string{".go:"}, regexp.MustCompile(`\.go:\d+ \+0x`)},
	{"the address of a line of source code", []string{".go:", ".py:", ".js:", ".mjs:", ".ts:", ".cs:", ".rb:", ".rs:", ".php:", ".java:", ".kt:"}, regexp.MustCompile(`[/\\][\w.-]+\.(go|py|m?js|ts|cs|rb|rs|php|java|kt):\d+`)},
}

// debugMode describes the debug output at the beginning of an answer, or returns "".
func debugMode(body []byte) string {
	body = searched(body)
	for _, one := range leftovers {
		if slices.ContainsFunc(one.signs, func(sign string) bool { return bytes.Contains(body, []byte(sign)) }) && (one.mark == nil || one.mark.Match(body)) {
			return one.name
		}
	}
	return ""
}

// sourceDebug is where the rule is written down.
const sourceDebug = "OWASP: Error Handling; CWE-489; CWE-209"

// debuggersSecret matches the secret of Werkzeug's debugger, in its page and in the
// addresses of the resources that the page loads.
var debuggersSecret = regexp.MustCompile(`(SECRET\s*=\s*["'])[^"']+|([?&](?:amp;)?s=)[A-Za-z0-9]{16,}|(\\?"?SECRET\\?"?\s*[:=]\s*\\?["'])[^"'\\]+`)
