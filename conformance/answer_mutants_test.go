package conformance

import (
	"net/http"
	"sync/atomic"
)

// answerMutants reveal too much to callers that they refuse.
var answerMutants = []mutant{
	{flaw: "the API caches answers by path", kills: "no-token-again", fresh: cachesAnswers},
	{flaw: "the answer contains the token", kills: "answer-token", mutation: says(401, func(r *http.Request) string { return `{"got":"` + r.Header.Get("Authorization") + `"}` })},
	{flaw: "the answer has a stack trace", kills: "answer-trace", mutation: says(401, func(*http.Request) string { return "Traceback (most recent call last):\n  File \"x.py\", line 3" })},
	{flaw: "the answer is Werkzeug's debugger", kills: "no-token", mutation: errorPage(401, werkzeugPage)},
	{flaw: "the answer is Django's debug page", kills: "answer-trace", mutation: errorPage(401, `<p>You're seeing this error because you have <code>DEBUG = True</code> in your settings</p>`)},
	{flaw: "the answer is Starlette's debug page", kills: "answer-trace", mutation: errorPage(500, `<html><head><title>Starlette Debugger</title>`)},
	{flaw: "the answer is Express's error page", kills: "answer-trace", mutation: errorPage(401, `<pre>UnauthorizedError: jwt malformed<br> &nbsp; &nbsp;at /app/node_modules/express-jwt/dist/index.js:107:32</pre>`)},
	{flaw: "the answer is ASP.NET Core's error page", kills: "answer-trace", mutation: errorPage(401, `<h1>An unhandled exception occurred while processing the request.</h1>`)},
	{flaw: "the answer has a Java stack trace", kills: "answer-trace", mutation: errorPage(401, `{"status":401,"trace":"org.springframework.security.oauth2.jwt.BadJwtException: x\n\tat org.x.Y.z(Y.java:12)"}`)},
	{flaw: "the answer claims to be JSON and is not", kills: "answer-json", mutation: says(401, func(*http.Request) string { return "no" })},
	{flaw: "the 401 has no challenge", kills: "answer-challenge", strict: true, mutation: mutation{answers: func(w http.ResponseWriter, _ *http.Request, status int) bool {
		w.Header().Del("WWW-Authenticate")
		return false
	}}},
	{flaw: "caches can store the 401", kills: "answer-cache", strict: true, mutation: mutation{answers: func(w http.ResponseWriter, _ *http.Request, status int) bool {
		w.Header().Set("Cache-Control", "public, max-age=60")
		return false
	}}},
	{flaw: "the answer has the library's message", kills: "answer-library", strict: true, mutation: says(401, func(*http.Request) string { return `{"detail":"Signature verification failed"}` })},
	{flaw: "the answer has debug output", kills: "answer-library", mutation: says(401, func(*http.Request) string { return `{"code":"InvalidClaims","debug":"no such key"}` })},
	{flaw: "the 403 contains the token", kills: "forbidden-token", mutation: says(403, func(r *http.Request) string { return `{"got":"` + r.Header.Get("Authorization") + `"}` })},
	{flaw: "the 403 has a stack trace", kills: "forbidden-trace", mutation: says(403, func(*http.Request) string { return "panic: no role\n\ngoroutine 7 [running]:" })},
	{flaw: "the 403 lists the roles", kills: "forbidden-reveals", mutation: says(403, func(*http.Request) string { return `{"detail":"one of Admin, DevOps is needed"}` })},
	{flaw: "the 403 quotes a role", kills: "forbidden-reveals", mutation: says(403, func(*http.Request) string { return `{"detail":"role 'Admin' is needed"}` })},
	{flaw: "the 403 contains the name of a role", kills: "forbidden-reveals", strict: true, mutation: says(403, func(*http.Request) string { return `{"detail":"You are no Admin here"}` })},
}

func cachesAnswers() mutation {
	var cached atomic.Bool
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, status int) bool {
		if r.URL.Path != "/secure" || r.Method != http.MethodGet {
			return false
		}
		if status == 200 {
			cached.Store(true)
		}
		if !cached.Load() {
			return false
		}
		answer(w, 200, map[string]any{"status": "ok"})
		return true
	}}
}

const werkzeugPage = `<script>var CONSOLE_MODE = false, EVALEX = true, EVALEX_TRUSTED = false, SECRET = "Kk3mZ0ZqQ1vXw9aBcDeF";</script><script src="?__debugger__=yes&amp;cmd=resource&amp;f=debugger.js&amp;s=Kk3mZ0ZqQ1vXw9aBcDeF"></script><h1>Werkzeug Debugger</h1>`

func errorPage(to int, html string) mutation {
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, status int) bool {
		if status != 401 {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(to)
		_, _ = w.Write([]byte(html))
		return true
	}}
}

func says(to int, body func(*http.Request) string) mutation {
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, status int) bool {
		if status != to {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body(r)))
		return true
	}}
}
