package referenceapi

import (
	"net/http"
	"slices"
)

// crossOrigin lets scripts of the API's own pages call it (the Fetch standard's CORS
// protocol). It reports whether the request was a preflight, which it answers itself,
// because a preflight has no token. Callers authenticate with a token, so cookies are
// never used.
func (a *api) crossOrigin(w http.ResponseWriter, r *http.Request) (preflight bool) {
	if len(a.origins) == 0 {
		return false
	}
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(a.origins, origin) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	methods, ok := a.find(r)
	if !ok {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", allow(methods))
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
