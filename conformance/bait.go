package conformance

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"provision/conformance/forge"
)

// bait is the attacker's own web server, on loopback: it serves the key that
// hostile tokens name in their headers, and remembers who came for it. An API
// that fetches what a token tells it to is a tool in an attacker's hands, even
// if it refuses the token then.
type bait struct {
	origin string
	server *http.Server

	mu    sync.Mutex
	taken map[string]bool // paths that were asked for
}

func startBait() (*bait, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the attacker's keys: %w", err)
	}
	b := &bait{origin: "http://" + l.Addr().String(), taken: make(map[string]bool)}
	b.server = &http.Server{Handler: b}
	go func() { _ = b.server.Serve(l) }() // ends with Close, which is no error
	return b, nil
}

func (b *bait) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.taken[r.URL.Path] = true
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

func (b *bait) wasTaken(path string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken[path]
}

// lure is the session's bait, started when first needed.
func (s *session) lure() (*bait, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bait == nil {
		started, err := startBait()
		if err != nil {
			return nil, err
		}
		s.bait = started
	}
	return s.bait, nil
}

// close ends what the session has started.
func (s *session) close(ctx context.Context) {
	if s.published.withdraw != nil {
		_ = s.restoring(s.published.withdraw)(ctx) // what is left is a key that signs nothing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bait != nil {
		_ = s.bait.server.Close()
	}
}
