package referenceapi

import (
	"net/http/httptest"
	"testing"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		perSecond float64
		burst     int
		retry     string
	}{{0.5, 1, "2"}, {0.01, 1, "100"}} {
		h := Limit(says("ok"), test.perSecond)
		for i := range test.burst + 1 {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			limited := i == test.burst
			if (w.Code == 429) != limited || limited && w.Header().Get("Retry-After") != test.retry {
				t.Errorf("%v a second: request %d: %d, retry after %q", test.perSecond, i+1, w.Code, w.Header().Get("Retry-After"))
			}
		}
	}
}
