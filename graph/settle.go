package graph

import (
	"context"
	"time"
)

// Settle calls write until it returns nil or an error that is no lag, with
// growing pauses, for as long as patience. A write that follows another one
// needs it: Entra acknowledges before it shows itself what it has written.
func Settle(ctx context.Context, patience time.Duration, write func() error) error {
	deadline := time.Now().Add(patience)
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 8*time.Second) {
		err := write()
		if err == nil || !Lag(err) || time.Now().Add(pause).After(deadline) {
			return err
		}
		if sleep(ctx, pause) != nil {
			return err
		}
	}
}
