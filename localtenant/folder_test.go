package localtenant_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"provision/localtenant"
)

// TestUntilRemovedWithoutFolder: a tenant that other commands cannot find is served until the
// command ends.
func TestUntilRemovedWithoutFolder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := localtenant.Folder("").UntilRemoved(ctx); err != nil || ctx.Err() == nil {
			t.Errorf("ended with %v before the context did", err)
		}
	})
}

// TestUntilRemovedByAnotherTenant: the folder was removed, and another command has already created
// a tenant in a new one.
func TestUntilRemovedByAnotherTenant(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "local")
	publish := func(text string) {
		if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "serving.json"), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	publish("the first")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- localtenant.Folder(dir).UntilRemoved(ctx) }()
		time.Sleep(90 * time.Second)
		select {
		case err := <-ended:
			t.Fatalf("ended with %v while the tenant was there", err)
		default:
		}
		publish("the second")
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "was removed") {
			t.Errorf("ended with %v, want an error that the folder was removed", err)
		}
	})
}
