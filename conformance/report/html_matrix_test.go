package report

import (
	"slices"
	"testing"

	"provision/conformance"
)

// Protected endpoints come first: a public one has no results in most rows.
func TestPublicEndpointsAreTheLastColumns(t *testing.T) {
	t.Parallel()
	result := func(endpoint, name string) Result {
		return Result{Case: conformance.Case{Endpoint: endpoint, Name: name}}
	}
	m := newMatrix(0, Run{Results: []Result{result("GET /health", "public"), result("GET /orders", "no-token"), result("GET /orders", "valid")}})
	if want := []string{"GET /orders", "GET /health"}; !slices.Equal(m.Endpoints, want) {
		t.Errorf("columns %q, want %q", m.Endpoints, want)
	}
	for _, row := range m.Groups[0].Rows {
		if public := row.Cells[1] != nil; public != (row.Name == "public") {
			t.Errorf("%s is in the wrong column", row.Name)
		}
	}
}
