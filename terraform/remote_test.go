package terraform_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"provision/terraform"
)

// stateServer stores a state like a server for Terraform's backend http, with a lock. Source:
// developer.hashicorp.com/terraform/language/backend/http.
type stateServer struct {
	mu    sync.Mutex
	state []byte
	lock  []byte // the holder of the lock
	locks int
}

func (s *stateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case http.MethodGet:
		if s.state == nil {
			w.WriteHeader(http.StatusNoContent)
		}
		_, _ = w.Write(s.state)
	case http.MethodPost:
		s.state = body
	case http.MethodDelete:
		s.state = nil
	case "LOCK":
		if s.lock != nil {
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(s.lock)
			return
		}
		s.lock, s.locks = body, s.locks+1
	case "UNLOCK":
		s.lock = nil
	}
}

// TestRemoteState: a machine that has applied nothing sees, changes and destroys what another
// machine has created. It waits for the lock of another process and names the holder.
func TestRemoteState(t *testing.T) {
	t.Parallel()
	state := &stateServer{}
	server := httptest.NewServer(state)
	t.Cleanup(server.Close)
	c := plain(t, map[string]any{"text": "kept elsewhere"})
	c.Backend = "http"
	c.BackendConfig = map[string]any{"address": server.URL, "lock_address": server.URL, "unlock_address": server.URL}
	one, other := workspace(t), workspace(t)
	outputs, err := one.Apply(t.Context(), c, anything)
	if err != nil {
		t.Fatal(err)
	}
	if left := holding(t, one.Dir, "kept elsewhere"); len(left) > 2 { // the configuration and the record
		t.Errorf("the state is also in %v", left)
	}
	if read, err := other.Outputs(t.Context(), &c); err != nil || read["id"] != outputs["id"] {
		t.Errorf("the other machine reads %v, %v", read, err)
	}
	if p, err := other.Plan(t.Context(), c); err != nil || len(p.Resources) > 0 || !p.Exists {
		t.Errorf("the other machine plans %+v, %v", p, err)
	}
	if state.locks == 0 {
		t.Error("the state was never locked")
	}

	state.mu.Lock()
	state.lock = []byte(`{"ID":"1","Operation":"OperationTypeApply","Who":"somebody@elsewhere"}`)
	state.mu.Unlock()
	other.LockTimeout = time.Second
	if _, err := other.Plan(t.Context(), c); err == nil || !strings.Contains(err.Error(), "state already locked: ID=1") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a locked state: %v", err)
	}
	state.mu.Lock()
	state.lock = nil
	state.mu.Unlock()

	if err := other.Destroy(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if p, err := one.Plan(t.Context(), c); err != nil || p.Exists {
		t.Errorf("after the destroy there is %+v, %v", p, err)
	}
}

// TestTerraformWorkspace: two workspaces of one state file do not see each other.
func TestTerraformWorkspace(t *testing.T) {
	t.Parallel()
	p := program(t)
	states := t.TempDir()
	of := func(name string) (terraform.Workspace, terraform.Configuration) {
		c := plain(t, map[string]any{"text": name})
		c.Backend, c.BackendConfig, c.Workspace = "local", map[string]any{"path": filepath.Join(states, "terraform.tfstate"), "workspace_dir": states}, name
		return terraform.Workspace{Dir: filepath.Join(t.TempDir(), "workspace"), Program: p}, c
	}
	w, staging := of("staging")
	if _, err := w.Apply(t.Context(), staging, anything); err != nil {
		t.Fatal(err)
	}
	v, production := of("production")
	if p, err := v.Plan(t.Context(), production); err != nil || p.Exists || len(p.Resources) == 0 {
		t.Errorf("the other workspace has %+v, %v", p, err)
	}
	if p, err := w.Plan(t.Context(), staging); err != nil || !p.Exists || len(p.Resources) > 0 {
		t.Errorf("its own workspace has %+v, %v", p, err)
	}
	if err := w.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Plan(t.Context(), staging); err != nil || p.Exists {
		t.Errorf("after the destroy there is %+v, %v", p, err)
	}
}
