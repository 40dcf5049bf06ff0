package conformance

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"

	"provision/conformance/forge"
)

// callbackListener is a web server of the attacker, on loopback: it serves the key that
// hostile tokens name in their headers, and remembers which paths were requested. An API
// that fetches an address from a token can be used by an attacker to send requests, even if
// it then refuses the token.
type callbackListener struct {
	origin string
	server *http.Server

	mu        sync.Mutex
	requested map[string]bool // by path
}

func startCallbackListener() (*callbackListener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the attacker's keys: %w", err)
	}
	b := &callbackListener{origin: "http://" + l.Addr().String(), requested: make(map[string]bool)}
	b.server = &http.Server{Handler: b, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = b.server.Serve(l) }() // ends with Close, which is no error
	return b, nil
}

func (b *callbackListener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.requested[r.URL.Path] = true
	b.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/public.pem"):
		_, _ = io.WriteString(w, attackersPEM())
		return
	case strings.HasSuffix(r.URL.Path, "/key.jwk"):
		w.Header().Set("Content-Type", "application/jwk+json")
		_, _ = io.WriteString(w, attackersJWK())
		return
	case strings.HasSuffix(r.URL.Path, "/secret.txt"):
		_, _ = io.WriteString(w, attackersSecret)
		return
	case strings.HasSuffix(r.URL.Path, ".pem"):
		certificate, _ := forge.AttackerCertificate() // made before, for the token
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: certificate})
		return
	}
	key, _ := forge.AttackerJWK(unknownKid)
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key}})
}

func (b *callbackListener) wasRequested(path string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requested[path]
}

// callbackListener returns the listener of the run and starts it at the first call.
func (s *runState) callbackListener() (*callbackListener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callbacks == nil {
		started, err := startCallbackListener()
		if err != nil {
			return nil, err
		}
		s.callbacks = started
	}
	return s.callbacks, nil
}

// close ends the listeners that the run has started.
func (s *runState) close(ctx context.Context) {
	if s.published.withdraw != nil {
		_ = s.restoring(s.published.withdraw)(ctx) // if this fails, the key stays published, but nothing is signed with it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callbacks != nil {
		_ = s.callbacks.server.Close()
	}
}
