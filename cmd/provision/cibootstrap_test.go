package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"provision/reconcile/sink"
)

// TestCreateEnvironmentKeepsProtection: a PUT replaces the protection rules of an
// environment, so bootstrap sends none for an existing environment.
func TestCreateEnvironmentKeepsProtection(t *testing.T) {
	t.Parallel()
	exists, created := false, 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/contoso/orders/environments/production", func(w http.ResponseWriter, _ *http.Request) {
		if !exists {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	mux.HandleFunc("PUT /repos/contoso/orders/environments/production", func(http.ResponseWriter, *http.Request) { exists = true; created++ })
	server := httptest.NewServer(mux)
	defer server.Close()
	hub := gitHub{api: sink.GitHub{URL: server.URL, Token: "token", HTTPClient: server.Client()}, repository: "contoso/orders"}
	for range 2 {
		if err := hub.createEnvironment(t.Context(), "production"); err != nil {
			t.Fatal(err)
		}
	}
	if created != 1 {
		t.Errorf("the environment was created %d times", created)
	}
}
