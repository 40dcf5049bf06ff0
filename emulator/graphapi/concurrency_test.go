package graphapi

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestUpsertsAtOnce sends the same upserts from many clients: exactly one of them creates each
// object.
func TestUpsertsAtOnce(t *testing.T) {
	t.Parallel()
	tt := start(t)
	const clients, objects = 8, 10
	var made, failed atomic.Int32
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := range objects {
				r := tt.send("admin", "PATCH", fmt.Sprintf("/v1.0/applications(uniqueName='s.a%d')", i),
					fmt.Sprintf(`{"displayName":"a%d"}`, i), "Prefer: create-if-missing")
				switch r.StatusCode {
				case 201:
					made.Add(1)
				case 204:
				default:
					failed.Add(1)
				}
				tt.send("admin", "GET", "/v1.0/applications?$filter=startswith(uniqueName,'s.')", "")
			}
		})
	}
	group.Wait()
	if made.Load() != objects || failed.Load() != 0 {
		t.Errorf("%d objects were made and %d requests failed, want %d and none", made.Load(), failed.Load(), objects)
	}
}
