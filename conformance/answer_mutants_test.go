package conformance

import "net/http"

// answerMutants say too much to those whom they refuse.
var answerMutants = []mutant{
	{flaw: "the answer echoes", kills: "answer-token", mutation: says(401, func(r *http.Request) string { return `{"got":"` + r.Header.Get("Authorization") + `"}` })},
	{flaw: "the answer has a stack trace", kills: "answer-trace", mutation: says(401, func(*http.Request) string { return "Traceback (most recent call last):\n  File \"x.py\", line 3" })},
	{flaw: "the answer is no JSON", kills: "answer-json", mutation: says(401, func(*http.Request) string { return "no" })},
	{flaw: "a 401 without a challenge", kills: "answer-challenge", strict: true, mutation: mutation{answers: func(w http.ResponseWriter, _ *http.Request, status int) bool {
		w.Header().Del("WWW-Authenticate")
		return false
	}}},
	{flaw: "a 401 that caches keep", kills: "answer-cache", strict: true, mutation: mutation{answers: func(w http.ResponseWriter, _ *http.Request, status int) bool {
		w.Header().Set("Cache-Control", "public, max-age=60")
		return false
	}}},
	{flaw: "the library's words", kills: "answer-library", strict: true, mutation: says(401, func(*http.Request) string { return `{"detail":"Signature verification failed"}` })},
	{flaw: "what is for debugging", kills: "answer-library", mutation: says(401, func(*http.Request) string { return `{"code":"InvalidClaims","debug":"no such key"}` })},
	{flaw: "the 403 echoes", kills: "forbidden-token", mutation: says(403, func(r *http.Request) string { return `{"got":"` + r.Header.Get("Authorization") + `"}` })},
	{flaw: "the 403 has a stack trace", kills: "forbidden-trace", mutation: says(403, func(*http.Request) string { return "panic: no role\n\ngoroutine 7 [running]:" })},
	{flaw: "the 403 lists the roles", kills: "forbidden-reveals", mutation: says(403, func(*http.Request) string { return `{"detail":"one of Admin, DevOps is needed"}` })},
	{flaw: "the 403 quotes a role", kills: "forbidden-reveals", mutation: says(403, func(*http.Request) string { return `{"detail":"role 'Admin' is needed"}` })},
	{flaw: "the 403 has a role's word", kills: "forbidden-reveals", strict: true, mutation: says(403, func(*http.Request) string { return `{"detail":"You are no Admin here"}` })},
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
