// Package sinktest has the services that store secrets, on loopback, for tests: they
// answer like GitHub and Azure Key Vault, over TLS.
package sinktest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/nacl/box"
)

// GitHub stores the secrets of one repository and of its environments. Source:
// docs.github.com/rest/actions/secrets.
type GitHub struct {
	*httptest.Server
	Token string // the accepted token

	mu      sync.Mutex
	public  *[32]byte
	private *[32]byte
	secrets map[string]string // path below /repos → text
	fail    map[string]int    // method → status of its next request
	writes  int
}

// NewGitHub serves a repository's secrets until the test ends. repository is
// OWNER/NAME, and environments are the environments of the repository.
func NewGitHub(t testing.TB, repository string, environments ...string) *GitHub {
	t.Helper()
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g := &GitHub{Token: "a-token-of-github", public: public, private: private, secrets: map[string]string{}, fail: map[string]int{}}
	mux := http.NewServeMux()
	under := []string{"/repos/" + repository + "/actions/secrets/"}
	for _, e := range environments {
		under = append(under, "/repos/"+repository+"/environments/"+e+"/secrets/")
	}
	for _, path := range under {
		mux.HandleFunc("GET "+path+"public-key", g.key)
		mux.HandleFunc("PUT "+path+"{name}", g.put)
		mux.HandleFunc("DELETE "+path+"{name}", g.remove)
	}
	root := "/repos/" + repository
	g.Server = httptest.NewTLSServer(g.allowed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// GitHub ignores the case of OWNER/NAME.
		if len(r.URL.Path) > len(root) && strings.EqualFold(r.URL.Path[:len(root)], root) {
			r.URL.Path = root + r.URL.Path[len(root):]
		}
		mux.ServeHTTP(w, r)
	})))
	t.Cleanup(g.Close)
	return g
}

// Secret returns the value of a secret of the repository or, if environment is set, of the
// environment. ok is false if there is none.
func (g *GitHub) Secret(environment, name string) (text string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for path, text := range g.secrets {
		if strings.HasSuffix(path, "/"+name) && (environment == "") == strings.Contains(path, "/actions/") &&
			strings.Contains(path, environment) {
			return text, true
		}
	}
	return "", false
}

// FailNext answers the next request of a method with a status.
func (g *GitHub) FailNext(method string, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fail[method] = status
}

// Writes returns the number of times that a secret was written.
func (g *GitHub) Writes() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.writes
}

func (g *GitHub) allowed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		status := g.fail[r.Method]
		delete(g.fail, r.Method)
		g.mu.Unlock()
		switch {
		case status != 0:
			refuse(w, status, "this one fails")
		case r.Header.Get("Authorization") != "Bearer "+g.Token:
			refuse(w, http.StatusUnauthorized, "Bad credentials")
		case r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") == "":
			refuse(w, http.StatusUnsupportedMediaType, "Accept and X-GitHub-Api-Version are expected")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"message": message})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (g *GitHub) key(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"key_id": "568250167242549743", "key": g.public[:]})
}

func (g *GitHub) put(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Sealed []byte `json:"encrypted_value"`
		KeyID  string `json:"key_id"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil || body.KeyID != "568250167242549743" {
		refuse(w, http.StatusUnprocessableEntity, "Invalid request")
		return
	}
	text, ok := box.OpenAnonymous(nil, body.Sealed, g.public, g.private)
	if !ok {
		refuse(w, http.StatusUnprocessableEntity, "Bad sealed box")
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	_, there := g.secrets[r.URL.Path]
	g.secrets[r.URL.Path] = string(text)
	g.writes++
	if there {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, http.StatusCreated, struct{}{})
}

func (g *GitHub) remove(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, there := g.secrets[r.URL.Path]; !there {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	delete(g.secrets, r.URL.Path)
	w.WriteHeader(http.StatusNoContent)
}
