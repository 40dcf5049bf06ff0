package graph

import "time"

// LagPause returns the pause before a request is sent again after its n-th lag error,
// counted from 0.
func LagPause(n int) time.Duration {
	return min(time.Duration(200<<min(n, 6))*time.Millisecond, 8*time.Second)
}
