package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"provision/emulator/graphapi"
)

func TestRequestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler := logRequests(&log, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0") {
			observe(r, graphapi.Observation{Client: "client-a", Batch: []graphapi.ObservedItem{{Method: "GET", Path: "/users", Status: 200}}})
			return
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	serve := func(method, target, body string, change func(*http.Request)) requestLine {
		log.Reset()
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if change != nil {
			change(r)
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if strings.Contains(log.String(), "hush") {
			t.Errorf("%s %s: the log holds a secret: %s", method, target, log.String())
		}
		var line requestLine
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Time.IsZero() || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s %s: %v in %q", method, target, err, log.String())
		}
		return line
	}
	line := serve("POST", "/v1.0/$batch", "", nil)
	if line.Status != 200 || line.Client != "client-a" || line.BatchSize != 1 || line.Batch[0].Path != "/users" {
		t.Errorf("the line of a batch is %+v", line)
	}
	line = serve("POST", "/t/oauth2/v2.0/token", "client_id=client-b&client_secret=hush", nil)
	if line.Status != 401 || line.Client != "client-b" || line.Path != "/t/oauth2/v2.0/token" {
		t.Errorf("the line of a token request is %+v", line)
	}
	line = serve("POST", "/t/oauth2/v2.0/token", "grant_type=x", func(r *http.Request) { r.SetBasicAuth("client-c", "hush") })
	if line.Client != "client-c" {
		t.Errorf("the line of a client that authenticates by header is %+v", line)
	}
	line = serve("GET", "/t/oauth2/v2.0/authorize?client_id=client-d&code=hush", "", nil)
	if line.Client != "client-d" || strings.Contains(line.Path, "?") {
		t.Errorf("the line of an authorize request is %+v", line)
	}
}
