package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"provision/emulator/emulatortest"
	"provision/emulator/faults"
)

// TestQuotas uses the whole read quota of an application in a small tenant for ten seconds, in
// batches, and then waits for the stated time.
func TestQuotas(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newStation(t, emulatortest.WithQuotas(faults.Small), emulatortest.WithClock(func() time.Time { return now }))
	var g struct{ ID string }
	if _, text := s.graph("POST", "/v1.0/groups", group); json.Unmarshal([]byte(text), &g) != nil {
		t.Fatal(text)
	}
	var items []string
	for i := range 20 {
		items = append(items, fmt.Sprintf(`{"id":"%d","method":"GET","url":"/groups/%s/transitiveMembers"}`, i, g.ID))
	}
	batch := `{"requests":[` + strings.Join(items, ",") + `]}`
	type response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
	send := func() (all []response) {
		answer, text := s.graph("POST", "/v1.0/$batch", batch)
		var body struct{ Responses []response }
		if err := json.Unmarshal([]byte(text), &body); err != nil || answer.StatusCode != 200 {
			t.Fatalf("batch: %d %s", answer.StatusCode, text)
		}
		return body.Responses
	}
	passed, warned := 0, 0
	var throttled *response
	for throttled == nil && passed < 1000 {
		for _, r := range send() {
			if r.Status == 429 {
				throttled = &r
				break
			}
			passed++
			if r.Headers["x-ms-resource-unit"] != "5" {
				t.Fatalf("an item costs %q units, want 5", r.Headers["x-ms-resource-unit"])
			}
			if used := r.Headers["x-ms-throttle-limit-percentage"]; used != "" {
				warned++
				if share, err := strconv.ParseFloat(used, 64); err != nil || share < 0.8 || share > 1 {
					t.Fatalf("x-ms-throttle-limit-percentage is %q", used)
				}
			}
		}
	}
	if passed != 699 || warned != 140 { // (3500 - 1) / 5, and those beyond 0.8
		t.Errorf("%d items passed, %d of them with a warning; want 699 and 140", passed, warned)
	}
	if throttled == nil {
		t.Fatal("nothing was throttled")
	}
	want := "Tenant_Application/ReadWrite/" + s.tenant.ClientID + "/" + s.tenant.TenantID
	if h := throttled.Headers; h["Retry-After"] != "1" || h["x-ms-throttle-scope"] != want || h["x-ms-throttle-information"] != "ResourceUnitLimitExceeded" {
		t.Errorf("the throttled item has headers %v", h)
	}
	if !strings.Contains(string(throttled.Body), `"code":"TooManyRequests"`) {
		t.Errorf("the throttled item says %s", throttled.Body)
	}
	s.manage("PUT", "/clock", `{"offset":"1s"}`, 200)
	if r := send()[0]; r.Status != 200 {
		t.Errorf("a second later: %d, want 200", r.Status)
	}
	s.manage("PUT", "/quotas", `{"tenant":"huge"}`, 400)
	if text := s.manage("PUT", "/quotas", `{"tenant":""}`, 200); strings.TrimSpace(text) != `{"tenant":""}` {
		t.Errorf("the quotas are %s, want none", text)
	}
	for range 60 {
		if r := send()[19]; r.Status != 200 {
			t.Fatalf("without quotas: %d, want 200", r.Status)
		}
	}
}

func TestRequestCost(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	for path, units := range map[string]string{
		"/v1.0/applications":                                "2",
		"/v1.0/applications?$select=id":                     "1",
		"/v1.0/applications?$expand=owners":                 "3",
		"/v1.0/applications?$top=5":                         "1",
		"/v1.0/applications?$top=50":                        "2",
		"/v1.0/groups?$select=id&$top=5":                    "1",
		"/v1.0/oauth2PermissionGrants":                      "2",
		"/v1.0/users/nobody@contoso.onmicrosoft.com":        "1",
		"/v1.0/servicePrincipals(appId='x')?$expand=owners": "2",
	} {
		answer, _ := s.graph(http.MethodGet, path, "")
		if got := answer.Header.Get("x-ms-resource-unit"); got != units {
			t.Errorf("GET %s costs %q units, want %s", path, got, units)
		}
	}
}
