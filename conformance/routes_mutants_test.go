package conformance

import (
	"net/http"
)

// routeMutants admit requests without a token because of a property of the request.
var routeMutants = []mutant{
	{flaw: "HEAD needs no token", kills: "route-head", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "HEAD" }}},
	{flaw: "unknown methods need no token", kills: "route-unknown-method", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "PROVISION" }}},
	{flaw: "OPTIONS needs no token", kills: "route-options", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "OPTIONS" }}},
	{flaw: "OPTIONS with an origin needs no token", kills: "preflight", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "OPTIONS" && r.Header.Get("Origin") != "" }}},
	{flaw: "a preflight causes an internal error", kills: "preflight", mutation: preflighted(500, nil)},
	{flaw: "a preflight needs a token", kills: "preflight", strict: true, mutation: preflighted(401, nil)},
	{flaw: "the API allows every origin with credentials", kills: "preflight", strict: true, mutation: preflighted(204, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	})},
}

func preflighted(status int, with func(http.ResponseWriter, *http.Request)) mutation {
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method != "OPTIONS" || r.Header.Get("Origin") == "" {
			return false
		}
		if with != nil {
			with(w, r)
		}
		w.WriteHeader(status)
		return true
	}}
}
