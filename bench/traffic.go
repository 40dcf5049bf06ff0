package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// traffic counts the requests of a command to the tenant.
type traffic struct {
	requests   int // HTTP requests, including the sign-in
	items      int // requests inside of batches
	roundTrips int // on the critical path: the longest chain of requests that each began after the previous one had ended
}

// readTraffic reads lines of a request log.
func readTraffic(log []byte) (t traffic, err error) {
	type span struct{ began, ended time.Time }
	var spans []span
	for line := range bytes.Lines(log) {
		var l struct {
			Time       time.Time
			DurationMS float64
			BatchSize  int
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return t, err
		}
		t.requests++
		t.items += l.BatchSize
		spans = append(spans, span{l.Time, l.Time.Add(time.Duration(l.DurationMS * float64(time.Millisecond)))})
	}
	slices.SortFunc(spans, func(a, b span) int { return a.ended.Compare(b.ended) })
	var last time.Time
	for _, s := range spans { // the span that ends first leaves the most room for others
		if !s.began.Before(last) {
			t.roundTrips++
			last = s.ended
		}
	}
	return t, nil
}
