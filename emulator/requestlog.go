package emulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"provision/emulator/graphapi"
)

// requestLine is a line of the request log.
type requestLine struct {
	Time       time.Time               `json:"time"`
	Method     string                  `json:"method"`
	Path       string                  `json:"path"` // without the query, which may hold secrets
	Status     int                     `json:"status"`
	DurationMS float64                 `json:"durationMs"`
	Client     string                  `json:"client,omitempty"` // the appId
	BatchSize  int                     `json:"batchSize,omitempty"`
	Batch      []graphapi.ObservedItem `json:"batch,omitempty"`
}

type lineKey struct{}

// observe records the properties of a request that only Graph knows.
func observe(r *http.Request, o graphapi.Observation) {
	if line, ok := r.Context().Value(lineKey{}).(*requestLine); ok {
		line.Client, line.Batch, line.BatchSize = o.Client, o.Batch, len(o.Batch)
	}
}

// logRequests writes a line for each request once it was answered. Durations
// are of this machine, not of a tenant's clock.
func logRequests(w io.Writer, next http.Handler) http.Handler {
	if w == nil {
		return next
	}
	var mu sync.Mutex
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		line := &requestLine{Time: begun.UTC(), Method: r.Method, Path: r.URL.Path}
		r = r.WithContext(context.WithValue(r.Context(), lineKey{}, line))
		recorder := &statusRecorder{ResponseWriter: rw, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		line.Status = recorder.status
		line.DurationMS = float64(time.Since(begun).Microseconds()) / 1000
		if line.Client == "" {
			line.Client = formClient(r)
		}
		mu.Lock()
		defer mu.Unlock()
		_ = encoder.Encode(line) // a log that cannot be written must not fail the request
	})
}

// formClient returns the client that a request to the authorization server names. The form,
// if there is one, has already been parsed.
func formClient(r *http.Request) string {
	if id := r.PostForm.Get("client_id"); id != "" {
		return id
	}
	if id, _, ok := r.BasicAuth(); ok {
		return id
	}
	return r.URL.Query().Get("client_id")
}

type statusRecorder struct {
	http.ResponseWriter
	status  int
	written bool
}

func (s *statusRecorder) WriteHeader(status int) {
	if !s.written {
		s.status, s.written = status, true
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) Write(data []byte) (int, error) {
	s.written = true
	return s.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
