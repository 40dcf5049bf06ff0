package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxManagementBody bounds the body of a request to the management API.
const maxManagementBody = 1 << 20

// managementHandler routes the management API: one line for each method and path.
func (e *Emulator) managementHandler() http.Handler {
	guarded := http.NewServeMux()
	guarded.HandleFunc("POST /sign", e.sign)
	guarded.HandleFunc("GET /snapshot", e.snapshot)
	guarded.HandleFunc("PUT /snapshot", e.takeSnapshotBack)
	guarded.HandleFunc("POST /reset", e.reset)
	guarded.HandleFunc("GET /sign-ins", e.signIns)
	guarded.HandleFunc("POST /credentials", e.checkCredentials)
	guarded.HandleFunc("GET /tenants", e.listTenants)
	guarded.HandleFunc("POST /tenants", e.makeTenant)
	guarded.HandleFunc("POST /managed-identities", e.makeManagedIdentity)
	guarded.HandleFunc("GET /faults", e.reportFaults)
	guarded.HandleFunc("POST /faults", e.setFaults)
	guarded.HandleFunc("DELETE /faults", e.resetFaults)
	guarded.HandleFunc("DELETE /faults/{name}", e.removeFault)
	guarded.HandleFunc("GET /replication-lag", e.readLag)
	guarded.HandleFunc("PUT /replication-lag", e.setLag)
	guarded.HandleFunc("GET /quotas", e.readQuotas)
	guarded.HandleFunc("PUT /quotas", e.setQuotas)
	guarded.HandleFunc("GET /clock", e.readClock)
	guarded.HandleFunc("PUT /clock", e.setClock)
	guarded.HandleFunc("GET /keys", e.listKeys)
	guarded.HandleFunc("POST /keys", e.publishKey)
	guarded.HandleFunc("POST /keys/rotate", e.rotateKey)
	guarded.HandleFunc("DELETE /keys/{id}", e.dropKey)
	guarded.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		managementError(w, http.StatusNotFound, "no such operation: %s %s", r.Method, r.URL.Path)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		managementAnswer(w, map[string]string{"status": "ok"})
	})
	// A program that runs under a managed identity sends the header of this identity
	// instead.
	mux.HandleFunc("GET /msi/token", e.identityToken(ownHost))
	mux.HandleFunc("GET /msi/public/token", e.identityToken(cloudHost))
	mux.HandleFunc("GET /msi/cloud/{cloud}/token", e.identityToken(cloudHost))
	mux.Handle("/", e.requireKey(guarded))
	return mux
}

// requireKey admits only requests with the management key.
func (e *Emulator) requireKey(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(e.key))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(key))) // hashes have the same length, which the comparison requires
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			managementError(w, http.StatusUnauthorized, "the management key is missing or wrong")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func managementAnswer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(value) // a client that has gone away needs no answer
}

func managementError(w http.ResponseWriter, status int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": fmt.Sprintf(format, args...)})
}

// managementBody reads a JSON object into v. Members that v does not have are an error.
func managementBody(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxManagementBody))
	decoder.DisallowUnknownFields()
	decoder.UseNumber() // claims keep their numbers as they were written
	err := decoder.Decode(into)
	if err == nil {
		if _, trailing := decoder.Token(); trailing != io.EOF {
			err = fmt.Errorf("something follows the JSON object")
		}
	}
	if err != nil {
		managementError(w, http.StatusBadRequest, "read request: %v", err)
		return false
	}
	return true
}

// sign signs a token with any claims, or a payload without changing it.
func (e *Emulator) sign(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Claims  map[string]any `json:"claims"`
		Payload *string        `json:"payload"`
		Header  map[string]any `json:"header"`
	}
	if !managementBody(w, r, &request) {
		return
	}
	if (request.Claims == nil) == (request.Payload == nil) {
		managementError(w, http.StatusBadRequest, "read request: either claims or payload is needed")
		return
	}
	var token string
	var err error
	if request.Payload != nil {
		token, err = e.login.SignPayload(request.Header, []byte(*request.Payload))
	} else {
		token, err = e.login.Sign(request.Header, request.Claims)
	}
	if err != nil {
		managementError(w, http.StatusBadRequest, "%v", err)
		return
	}
	managementAnswer(w, map[string]string{"token": token})
}
