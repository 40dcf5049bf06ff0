package sinktest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// KeyVault is an Azure Key Vault with soft delete, for Azure's own client.
// Source: learn.microsoft.com/rest/api/keyvault/secrets.
type KeyVault struct {
	*httptest.Server
	Tenant string // the tenant in the challenge to clients

	mu           sync.Mutex
	secrets      map[string]bundle
	deleted      map[string]bundle
	hidesDeleted bool

	refuses int // status of every answer; 0 means that requests succeed
	writes  int
}

// bundle is a version of a secret.
type bundle struct {
	Value       string            `json:"value,omitempty"`
	ID          string            `json:"id"`
	ContentType string            `json:"contentType,omitempty"`
	Attributes  attributes        `json:"attributes"`
	Tags        map[string]string `json:"tags,omitempty"`
}

type attributes struct {
	Enabled *bool `json:"enabled,omitempty"`
	Expires int64 `json:"exp,omitempty"` // seconds since 1970
}

// NewKeyVault serves a vault until the test ends.
func NewKeyVault(t testing.TB) *KeyVault {
	t.Helper()
	v := &KeyVault{Tenant: "tenant", secrets: map[string]bundle{}, deleted: map[string]bundle{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /secrets/{name}/{$}", v.get)
	mux.HandleFunc("PUT /secrets/{name}", v.set)
	mux.HandleFunc("DELETE /secrets/{name}", v.remove)
	mux.HandleFunc("GET /deletedsecrets/{name}", v.getDeleted)
	mux.HandleFunc("POST /deletedsecrets/{name}/recover", v.recover)
	v.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		switch {
		case r.Header.Get("Authorization") == "": // the client reads from this challenge where to get a token
			w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/`+v.Tenant+`", resource="https://vault.azure.net"`)
			w.WriteHeader(http.StatusUnauthorized)
		case v.refuses != 0:
			fail(w, v.refuses, "Forbidden")
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(v.Close)
	return v
}

// Credential signs in to the vault.
func (v *KeyVault) Credential() (azcore.TokenCredential, error) { return token{}, nil }

type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "a-token-of-the-vault"}, nil
}

// Options let Azure's client trust the vault.
func (v *KeyVault) Options() *azsecrets.ClientOptions {
	return &azsecrets.ClientOptions{
		ClientOptions:                        azcore.ClientOptions{Transport: v.Client(), Retry: policy.RetryOptions{MaxRetries: -1}},
		DisableChallengeResourceVerification: true, // this vault is on loopback
	}
}

// Secret returns the value of a secret and its tags. ok is false if there is none.
func (v *KeyVault) Secret(name string) (text string, tags map[string]string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.secrets[name]
	return s.Value, maps.Clone(s.Tags), ok
}

// Expires returns the expiry date of a secret, in seconds since 1970.
func (v *KeyVault) Expires(name string) int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.secrets[name].Attributes.Expires
}

// Put stores a secret that provision did not write.
func (v *KeyVault) Put(name, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets[name] = bundle{Value: text, ID: v.URL + "/secrets/" + name + "/0"}
}

// Delete moves a secret to the recycle bin.
func (v *KeyVault) Delete(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deleted[name] = v.secrets[name]
	delete(v.secrets, name)
}

// HideDeleted refuses to show deleted secrets, as to a caller without that permission.
func (v *KeyVault) HideDeleted() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hidesDeleted = true
}

// Refuse answers every request with a status; 0 stops this.
func (v *KeyVault) Refuse(status int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refuses = status
}

func fail(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": "refused"}})
}

func (v *KeyVault) get(w http.ResponseWriter, r *http.Request) {
	s, ok := v.secrets[r.PathValue("name")]
	if !ok {
		fail(w, http.StatusNotFound, "SecretNotFound")
		return
	}
	answer(w, http.StatusOK, s)
}

func (v *KeyVault) getDeleted(w http.ResponseWriter, r *http.Request) {
	s, ok := v.deleted[r.PathValue("name")]
	switch {
	case v.hidesDeleted:
		fail(w, http.StatusForbidden, "Forbidden")
	case !ok:
		fail(w, http.StatusNotFound, "SecretNotFound")
	default:
		s.Value = "" // only a recovered secret shows it
		answer(w, http.StatusOK, s)
	}
}

func (v *KeyVault) set(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if _, gone := v.deleted[name]; gone {
		answer(w, http.StatusConflict, map[string]any{"error": map[string]any{"code": "Conflict", "message": "refused",
			"innererror": map[string]any{"code": "ObjectIsDeletedButRecoverable"}}})
		return
	}
	var s bundle
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil || s.Value == "" || len(s.Tags) > 15 {
		fail(w, http.StatusBadRequest, "BadParameter")
		return
	}
	v.writes++
	s.ID = fmt.Sprintf("%s/secrets/%s/%d", v.URL, name, v.writes)
	v.secrets[name] = s
	answer(w, http.StatusOK, s)
}

func (v *KeyVault) remove(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s, ok := v.secrets[name]
	if !ok {
		fail(w, http.StatusNotFound, "SecretNotFound")
		return
	}
	v.deleted[name] = s
	delete(v.secrets, name)
	answer(w, http.StatusOK, s)
}

func (v *KeyVault) recover(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s, ok := v.deleted[name]
	if !ok {
		fail(w, http.StatusNotFound, "SecretNotFound")
		return
	}
	v.secrets[name] = s
	delete(v.deleted, name)
	answer(w, http.StatusOK, s)
}
