package referenceapi

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Limit answers 429 with Retry-After, in whole seconds, if all callers together exceed
// a number of requests per second. A burst may have as many requests. Limit is the
// first handler, so that refused requests cost little (RFC 6585, section 4).
func Limit(next http.Handler, perSecond float64) http.Handler {
	limiter := rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(perSecond))))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if limiter.Allow() {
			next.ServeHTTP(w, r)
			return
		}
		wait := time.Duration(float64(time.Second) / perSecond)
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
		WriteJSON(w, http.StatusTooManyRequests, map[string]string{"detail": "Too many requests"})
	})
}
