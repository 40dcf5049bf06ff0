package arm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Config configures the API.
type Config struct {
	Origin   string // of the local tenant: scheme, host and port
	TenantID string // the authorization server that a caller without a token is referred to
	// Authenticate verifies the request's access token for Azure Resource
	// Manager and returns the tenants that its bearer belongs to. Its error is
	// told to the caller, so it must not quote the token.
	Authenticate func(*http.Request) ([]Tenant, error)
}

// Tenant is an organization that a caller finds.
type Tenant struct {
	ID          string
	Domain      string
	DisplayName string
}

type service struct{ Config }

// New returns the handler of the paths that doc.go lists.
func New(config Config) http.Handler {
	config.Origin = strings.TrimSuffix(config.Origin, "/")
	s := service{config}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metadata/endpoints", versioned(s.metadata))
	mux.HandleFunc("GET /subscriptions", versioned(s.authorized(s.subscriptions)))
	mux.HandleFunc("GET /tenants", versioned(s.authorized(s.tenants)))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "NotFound", "The local tenant has no Azure resources: %s %s is not served.", r.Method, r.URL.Path)
	})
	return mux
}

// Serves reports whether a path belongs to Resource Manager, for an origin that it shares with
// other services.
func Serves(path string) bool {
	switch path {
	case "/metadata/endpoints", "/subscriptions", "/tenants":
		return true
	}
	return false
}

// versioned refuses a request without api-version.
func versioned(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("api-version") == "" {
			refuse(w, http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
			return
		}
		next(w, r)
	}
}

// authorized admits callers with a token for Azure Resource Manager.
func (s service) authorized(next func(http.ResponseWriter, []Tenant)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		challenge := `Bearer authorization_uri="` + s.under(r.Host).login + "/" + s.TenantID + `", error="invalid_token", error_description="The access token is missing or invalid."`
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", challenge)
			refuse(w, http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
			return
		}
		tenants, err := s.Authenticate(r)
		if err != nil {
			w.Header().Set("WWW-Authenticate", challenge)
			refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "The access token is invalid: %v.", err)
			return
		}
		next(w, tenants)
	}
}

// subscriptions answers an empty list.
func (s service) subscriptions(w http.ResponseWriter, _ []Tenant) {
	write(w, http.StatusOK, map[string]any{"value": []any{}, "count": map[string]any{"type": "Total", "value": 0}})
}

func (s service) tenants(w http.ResponseWriter, tenants []Tenant) {
	value := []any{}
	for _, t := range tenants {
		value = append(value, map[string]any{
			"id":             "/tenants/" + t.ID,
			"tenantId":       t.ID,
			"displayName":    t.DisplayName,
			"defaultDomain":  t.Domain,
			"domains":        []string{t.Domain},
			"tenantCategory": "Home",
			"tenantType":     "AAD",
		})
	}
	write(w, http.StatusOK, map[string]any{"value": value})
}

func refuse(w http.ResponseWriter, status int, code, format string, args ...any) {
	write(w, status, map[string]any{"error": map[string]string{"code": code, "message": fmt.Sprintf(format, args...)}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away needs no answer
}
