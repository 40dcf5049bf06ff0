package conformance

import "regexp"

// leftover is a sign that an API runs in development mode.
type leftover struct {
	name string
	mark *regexp.Regexp
}

// debugger matches a page on which every visitor can run code in the API:
// Werkzeug's debugger with EVALEX set to true (CWE-489).
var debugger = regexp.MustCompile(`EVALEX\s*=\s*true`)

// leftovers are stack traces and the error pages of frameworks.
var leftovers = []leftover{
	{"the page of Werkzeug's debugger", regexp.MustCompile(`Werkzeug Debugger|__debugger__=yes`)},
	{"the error page of Django's debug mode", regexp.MustCompile(`You&#x27;re seeing this error because you have <code>DEBUG = True|You're seeing this error because you have <code>DEBUG = True|Django Version:`)},
	{"the error page of Starlette's debug mode", regexp.MustCompile(`<title>Starlette Debugger</title>`)},
	{"the developer exception page of ASP.NET Core", regexp.MustCompile(`Microsoft\.AspNetCore\.Diagnostics|An unhandled exception occurred while processing the request`)},
	{"the error page of ASP.NET", regexp.MustCompile(`Server Error in '[^']*' Application`)},
	{"the error page of Spring Boot with a trace", regexp.MustCompile(`Whitelabel Error Page|"trace"\s*:\s*"[\w.$]+(Exception|Error)`)},
	{"the error page of Rails", regexp.MustCompile(`Action Controller: Exception caught|<title>(Routing|Action|ActionController)[\w: ]* (Error|Exception)`)},
	{"the error page of Laravel or Symfony", regexp.MustCompile(`Whoops, looks like something went wrong|Symfony Exception|Ignition|Whoops\\Handler`)},
	{"the error page of Express with a stack trace", regexp.MustCompile(`<pre>\w*Error: [^<]*<br> ?&nbsp; ?&nbsp;at |<pre>\w*Error[\s\S]{0,500}<br>\s*(&nbsp;)+\s*at `)},
	{"the error page of Phoenix", regexp.MustCompile(`Plug\.Debugger|phoenix_debug`)},
	{"the error page of Quarkus", regexp.MustCompile(`Error restarting Quarkus|Internal Server Error - Quarkus`)},
	{"a stack trace", regexp.MustCompile(`Traceback \(most recent call last\)|\n\s+at [\w$.<>/]+ ?\(|goroutine \d+ \[|File \\?"[^"]+\\?", line \d+|\.(js|ts|mjs):\d+:\d+|\bat [\w.$]+\([\w]+\.(java|kt|scala):\d+\)|   at [\w.` + "`" + `<>\[\], ]+\(.*\) in .*:line \d+|\.rb:\d+:in |#\d+ /[\w/.-]+\.php\(\d+\)|\.go:\d+ \+0x`)},
}

// debugMode describes the debug output in an answer, or returns "".
func debugMode(body []byte) string {
	for _, one := range leftovers {
		if one.mark.Match(body) {
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
