package graphapi

import "net/http"

// Scripts on pages of any origin may call Graph, because it is protected by the token
// and not by a cookie. Source: the headers of Graph's answers, and the Fetch standard
// (CORS protocol).

// allowBrowsers lets scripts read an answer and Graph's headers.
func allowBrowsers(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "ETag, Location, Preference-Applied, Content-Range, request-id, client-request-id")
}

// preflight permits the request that the preflight of a browser describes.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
		h.Set("Vary", "Access-Control-Request-Headers")
	}
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusOK)
}
