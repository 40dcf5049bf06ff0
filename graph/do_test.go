package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"provision/graph"
)

func reads(n int) []graph.Read {
	all := make([]graph.Read, n)
	for i := range all {
		all[i] = graph.Read{Path: fmt.Sprintf("/users/%d", i)}
	}
	return all
}

// Each item is sent again alone, however many others were refused before.
func TestReadCountsRefusalsByItem(t *testing.T) {
	t.Parallel()
	s := newService(func(n int, i item) (int, map[string]string, any) {
		if n < 2 {
			return 429, nil, nil
		}
		return 200, nil, map[string]string{"id": strings.TrimPrefix(i.URL, "/users/")}
	})
	client := serve(t, s)
	results, err := client.Read(t.Context(), reads(90)...)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if want := fmt.Sprintf(`{"id":"%d"}`, i); string(r.Object) != want {
			t.Fatalf("result %d is %s, want %s", i, r.Object, want)
		}
	}
	if n := client.Requests(); n > 30 {
		t.Errorf("%d requests, want at most ten batches three times", n)
	}
}

// Two batches are in progress at the same time: the first is answered when the second has arrived.
func TestReadSendsBatchesSideBySide(t *testing.T) {
	t.Parallel()
	s := newService(func(_ int, i item) (int, map[string]string, any) { return 200, nil, map[string]string{"id": i.URL} })
	var arrived sync.WaitGroup
	arrived.Add(2)
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait()
		s.ServeHTTP(w, r)
	}))
	if _, err := client.Read(t.Context(), reads(40)...); err != nil {
		t.Fatal(err)
	}
}

// A batch that is not full waits for the answers in progress, because they may fill it.
func TestReadFillsItsBatches(t *testing.T) {
	t.Parallel()
	s := newService(func(_ int, i item) (int, map[string]string, any) { return 200, nil, map[string]string{"id": i.URL} })
	client := serve(t, s)
	if _, err := client.Read(t.Context(), reads(45)...); err != nil {
		t.Fatal(err)
	}
	sizes := map[int]int{}
	for _, b := range s.batches {
		sizes[len(b)]++
	}
	if len(s.batches) != 3 || sizes[20] != 2 || sizes[5] != 1 {
		t.Errorf("batches by size %v, want two of 20 and one of 5", sizes)
	}
}
