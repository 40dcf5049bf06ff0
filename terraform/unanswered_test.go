package terraform_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"provision/internal/nettest"
	"provision/terraform"
)

// TestBackendThatDoesNotAnswer: reading the outputs ends after the limit, and immediately if the command is
// interrupted.
func TestBackendThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	silent := func(t *testing.T, limit time.Duration) (terraform.Workspace, terraform.Configuration, <-chan struct{}) {
		t.Helper()
		w, c := workspace(t), plain(t, nil)
		backend, err := nettest.ListenSilently()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(backend.Close)
		w.AnswerLimit, c.Backend, c.BackendConfig = limit, "http", map[string]any{"address": "http://" + backend.Address}
		return w, c, backend.Accepted
	}
	t.Run("limit", func(t *testing.T) {
		t.Parallel()
		w, c, _ := silent(t, time.Second)
		_, err := w.Outputs(t.Context(), &c)
		if failed := (*terraform.Failure)(nil); !errors.As(err, &failed) || failed.Why != "the backend did not answer within 1s" {
			t.Errorf("%v, want a failure that names the limit", err)
		}
	})
	t.Run("interrupt", func(t *testing.T) {
		t.Parallel()
		w, c, accepted := silent(t, time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second) // less than Terraform has for the end of a change
		defer cancel()
		ended := make(chan error)
		go func() {
			_, err := w.Outputs(ctx, &c)
			ended <- err
		}()
		<-accepted
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want the interrupt", err)
			}
		case <-time.After(50 * time.Second):
			t.Error("Terraform did not end")
			<-ended
		}
	})
}
