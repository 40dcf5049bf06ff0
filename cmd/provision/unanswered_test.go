package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/viper"

	"provision/localtenant"
	"provision/reconcile/sink"
)

// TestStoppedServerIsNamed: if the process that serves the tenant does not answer, the error of
// a command that uses this tenant names the process.
func TestStoppedServerIsNamed(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	silent := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}))
	defer silent.Close()
	plain := httptest.NewServer(silent.Config.Handler)
	defer plain.Close()
	defer close(ended)
	dir := localtenant.Folder(t.TempDir())
	release, ok, err := dir.Lock()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer release()
	served, err := json.Marshal(localtenant.Served{
		Origin: silent.URL, ManagementURL: plain.URL, ManagementKey: "key", PID: 4242,
		TenantID: "4b9f9a0e-3c5d-4c6b-8c1e-0d5a7b1f2e3c", ClientID: "5b9f9a0e-3c5d-4c6b-8c1e-0d5a7b1f2e3c", ClientSecret: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"serving.json": served,
		"ca.pem":       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: silent.Certificate().Raw}),
	} {
		if err := sink.WritePrivate(dir.File(name), content); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{config: viper.New()}
	a.config.Set("state", string(dir))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err = a.connectLocal(ctx); err == nil || !strings.Contains(err.Error(), "(pid 4242) does not answer") {
		t.Fatalf("error %v", err)
	}
	if want := "if it is stopped, continue it: `kill -CONT 4242`; else end it: `kill 4242`"; a.hintFor(err) != want {
		t.Errorf("hint %q, want %q", a.hintFor(err), want)
	}
}
