package emulator

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"provision/emulator/faults"
	"provision/emulator/graphapi"
)

// maxFaults bounds the body of a request that sets faults.
const maxFaults = 1 << 20

// injectFaults applies the fault rules to the requests of the public origin.
func injectFaults(w *faults.Injector, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		v := w.Decide(faults.Request{Method: r.Method, Path: r.URL.Path, Client: bearerClient(r)})
		if v.Latency > 0 {
			select {
			case <-time.After(v.Latency):
			case <-v.Removed:
			case <-r.Context().Done():
				return
			}
		}
		if v.Status == 0 && !v.Drop {
			next.ServeHTTP(rw, r)
			return
		}
		if v.Done {
			next.ServeHTTP(&unheard{header: http.Header{}}, r)
		}
		if v.Drop {
			panic(http.ErrAbortHandler) // net/http closes the connection and logs nothing
		}
		answerFault(rw, r, v)
	})
}

// batchFaults applies the fault rules to the items of a $batch.
func batchFaults(w *faults.Injector) func(method, path, client string) graphapi.Interference {
	return func(method, path, client string) graphapi.Interference {
		v := w.Decide(faults.Request{Method: method, Path: path, Client: client})
		return graphapi.Interference{Status: v.Status, Code: v.Code, Message: v.Message, RetryAfter: v.RetryAfter, Done: v.Done, Body: v.Body, Drop: v.Drop}
	}
}

// unheard is a ResponseWriter that discards the answer.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u *unheard) WriteHeader(int)             {}

// answerFault answers as the service behind the path does: Graph in its error
// body, the authorization server in OAuth's.
func answerFault(w http.ResponseWriter, r *http.Request, v faults.Verdict) {
	if v.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(v.RetryAfter.Seconds()))))
	}
	if v.Body != "" {
		w.WriteHeader(v.Status)
		_, _ = io.WriteString(w, v.Body)
		return
	}
	now := time.Now().UTC()
	id := uuid.NewString()
	var body any = map[string]any{"error": map[string]any{"code": v.Code, "message": v.Message,
		"innerError": map[string]string{"date": now.Format("2006-01-02T15:04:05"), "request-id": id, "client-request-id": id}}}
	if !isGraph(r.URL.Path) {
		// AADSTS90033: a temporary failure of the service.
		body = map[string]any{"error": "temporarily_unavailable", "error_codes": []int{90033},
			"error_description": fmt.Sprintf("AADSTS90033: A transient error has occurred. Please try again. Trace ID: %s Correlation ID: %s Timestamp: %s", id, id, now.Format("2006-01-02 15:04:05Z")),
			"timestamp":         now.Format("2006-01-02 15:04:05Z"), "trace_id": id, "correlation_id": id}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("request-id", id)
	w.Header().Set("Access-Control-Allow-Origin", "*") // every answer of the public origin has this header
	w.WriteHeader(v.Status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away needs no answer
}

// isGraph reports whether a path is Graph's, not the authorization server's.
func isGraph(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.EqualFold(first, "v1.0") || strings.EqualFold(first, "beta")
}

// bearerClient is the appId in the access token of a request. The token is not
// verified, which is sufficient to choose a fault.
func bearerClient(r *http.Request) string {
	claims := unverified(r)
	return cmp.Or(claims.AppID, claims.AZP)
}

// tokenClaims are the claims that select the handler of a request before its token
// is verified.
type tokenClaims struct {
	AppID    string `json:"appid"`
	AZP      string `json:"azp"`
	TenantID string `json:"tid"`
}

func unverified(r *http.Request) (claims tokenClaims) {
	parts := strings.Split(bearer(r), ".")
	if len(parts) != 3 {
		return tokenClaims{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		return tokenClaims{}
	}
	return claims
}

// Faults returns the rules that are set, with the number of times that each applied.
func (e *Emulator) Faults() []faults.Fired { return e.faults.Report() }

// setFaults adds rules: a JSON list of faults.Rule.
func (e *Emulator) setFaults(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFaults))
	if err != nil {
		managementError(w, http.StatusBadRequest, "read request: %v", err)
		return
	}
	rules, err := faults.Parse(raw)
	if err != nil {
		managementError(w, http.StatusBadRequest, "%v", err)
		return
	}
	e.faults.Add(rules...)
	e.reportFaults(w, r)
}

// reportFaults answers the rules with the number of times that each applied.
func (e *Emulator) reportFaults(w http.ResponseWriter, _ *http.Request) {
	managementAnswer(w, e.faults.Report())
}

// removeFault removes the rules with a name.
func (e *Emulator) removeFault(w http.ResponseWriter, r *http.Request) {
	if !e.faults.Remove(r.PathValue("name")) {
		managementError(w, http.StatusNotFound, "no such fault: %q", r.PathValue("name"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// resetFaults removes all rules.
func (e *Emulator) resetFaults(w http.ResponseWriter, _ *http.Request) {
	e.faults.Reset()
	w.WriteHeader(http.StatusNoContent)
}
