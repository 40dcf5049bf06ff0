package localtenant_test

import (
	"context"
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
