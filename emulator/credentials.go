package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"provision/emulator/directory"
)

// credential is a user's password or an application's client secret.
type credential struct {
	UserPrincipalName string `json:"userPrincipalName"`
	Password          string `json:"password"`
	AppID             string `json:"appId"`
	Secret            string `json:"secret"`
}

// checkCredentials returns which of a list of credentials are valid. It does not sign
// in: nothing is logged, and neither a client nor consent is needed.
func (e *Emulator) checkCredentials(w http.ResponseWriter, r *http.Request) {
	var asked []credential
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxManagementBody)).Decode(&asked); err != nil {
		managementError(w, http.StatusBadRequest, "read request: %v", err)
		return
	}
	d, found := e.tenantAsked(w, r)
	if !found {
		return
	}
	view, now := d.View(), e.clock.now()
	good := make([]bool, len(asked))
	var all sync.WaitGroup
	for i, c := range asked {
		all.Add(1)
		go func() {
			defer all.Done()
			good[i] = c.good(view, now)
		}()
	}
	all.Wait()
	managementAnswer(w, map[string]any{"good": good})
}

func (c credential) good(view directory.View, now time.Time) bool {
	if c.UserPrincipalName != "" {
		u, ok := view.UserByUPN(c.UserPrincipalName)
		return ok && u.CheckPassword(c.Password)
	}
	app, ok := view.ApplicationByAppID(strings.ToLower(c.AppID))
	if !ok {
		return false
	}
	for _, p := range app.PasswordCredentials {
		if p.Matches(c.Secret) && now.Before(p.EndDateTime) {
			return true
		}
	}
	return false
}
