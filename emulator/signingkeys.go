package emulator

import (
	"errors"
	"net/http"

	"provision/emulator/login"
)

// listKeys answers the signing keys that the tenant publishes.
func (e *Emulator) listKeys(w http.ResponseWriter, _ *http.Request) {
	managementAnswer(w, e.login.Keys())
}

// publishKey publishes the next key before it is used; with another=true it publishes
// an additional next key, and with tenant=ID a key of that tenant. owner=NAME is listed
// with such a key.
func (e *Emulator) publishKey(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	publish := e.login.PublishKey
	if tenant := query.Get("tenant"); tenant != "" || query.Get("another") == "true" {
		publish = func() (login.Key, error) { return e.login.PublishAnotherKey(tenant, query.Get("owner")) }
	}
	key, err := publish()
	e.answerKey(w, key, err)
}

// rotateKey makes the next key the current one. The previous key stays published.
func (e *Emulator) rotateKey(w http.ResponseWriter, _ *http.Request) {
	key, err := e.login.Rotate()
	e.answerKey(w, key, err)
}

// dropKey removes a next or retired key from the published set.
func (e *Emulator) dropKey(w http.ResponseWriter, r *http.Request) {
	err := e.login.DropKey(r.PathValue("id"))
	switch {
	case errors.Is(err, login.ErrNoKey):
		managementError(w, http.StatusNotFound, "%v", err)
	case errors.Is(err, login.ErrKeyCurrent):
		managementError(w, http.StatusConflict, "%v", err)
	case err != nil:
		managementError(w, http.StatusInternalServerError, "%v", err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (e *Emulator) answerKey(w http.ResponseWriter, key login.Key, err error) {
	if err != nil {
		managementError(w, http.StatusInternalServerError, "%v", err)
		return
	}
	managementAnswer(w, key)
}
