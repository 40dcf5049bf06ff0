package graph

import "time"

// LagPause is how long to wait before a request is sent again whose answer was a
// lag for the n-th time, counted from 0.
func LagPause(n int) time.Duration {
	return min(time.Duration(200<<min(n, 6))*time.Millisecond, 8*time.Second)
}
