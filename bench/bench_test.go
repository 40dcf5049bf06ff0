package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// TestRequests: the number of requests of each command is not above the recorded
// one. It does not depend on the machine. UPDATE=1 records it anew.
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
	got := map[string]map[string]int{}
	for name, n := range map[string]int{"1": 1, "10": 10} {
		got[name] = map[string]int{}
		if err := measure(t.Context(), program, dir+"/"+name, n, nil, func(r result) { got[name][r.command] = r.traffic.requests }); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("UPDATE") != "" {
		raw, err := json.MarshalIndent(got, "", "  ")
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
	for size, commands := range got {
		for command, n := range commands {
			if n > recorded[size][command] {
				t.Errorf("%s of %s stacks takes %d requests, %d are recorded", command, size, n, recorded[size][command])
			}
		}
	}
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
