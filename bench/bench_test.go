package main

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestRequests: the number of requests of each command is not above the recorded
// one. If two batches end at different moments, the requests that wait for them can
// need one more batch, so the smallest number of up to five runs counts. UPDATE=1 records the
// numbers of one run.
func TestRequests(t *testing.T) {
	t.Parallel()
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("runs commands over a local tenant")
	}
	const file = "requests.json"
	dir := t.TempDir()
	program, err := build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	requests := func(size string) map[string]int {
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		if err := measure(t.Context(), program, t.TempDir(), n, nil, func(r result) { got[r.command] = r.traffic.requests }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if os.Getenv("UPDATE") != "" {
		raw, err := json.MarshalIndent(map[string]map[string]int{"1": requests("1"), "10": requests("10")}, "", "  ")
		if err == nil {
			err = os.WriteFile(file, append(raw, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]map[string]int
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	for size, want := range recorded {
		least := requests(size)
		for range 4 {
			if notAbove(least, want) {
				break
			}
			for command, n := range requests(size) {
				least[command] = min(least[command], n)
			}
		}
		if !notAbove(least, want) {
			t.Errorf("requests for %s stacks: %v, recorded: %v", size, least, want)
		}
	}
}

// notAbove reports whether every command took at most the recorded requests.
func notAbove(got, recorded map[string]int) bool {
	for command, n := range got {
		if n > recorded[command] {
			return false
		}
	}
	return true
}

func TestRoundTripsCountSequentialRequests(t *testing.T) {
	t.Parallel()
	at := func(began, ended int) string {
		raw, _ := json.Marshal(map[string]any{"time": time.UnixMilli(int64(began)).UTC(), "durationMs": ended - began, "batchSize": 2})
		return string(raw) + "\n"
	}
	got, err := readTraffic([]byte(at(0, 10) + at(10, 20) + at(10, 40) + at(25, 30) + at(41, 50)))
	if want := (traffic{requests: 5, items: 10, roundTrips: 4}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}
