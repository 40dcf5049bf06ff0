package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestManyApplicationsAreFoundByKey searches a tenant of 10,000 applications for one application
// by each indexed property.
func TestManyApplicationsAreFoundByKey(t *testing.T) {
	t.Parallel()
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("makes 10,000 applications")
	}
	s := newStation(t)
	var snapshot map[string][]map[string]any
	whole := map[string]json.RawMessage{}
	text := s.manage("GET", "/snapshot?format=full", "", 200)
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		t.Fatal(err)
	}
	tenant := whole["tenant"]
	delete(whole, "tenant")
	if raw, err := json.Marshal(whole); err != nil || json.Unmarshal(raw, &snapshot) != nil {
		t.Fatal(err)
	}
	var appIDs []string
	for i := range 10_000 {
		appID, name := uuid.NewString(), fmt.Sprintf("stack%d.api", i)
		appIDs = append(appIDs, appID)
		snapshot["applications"] = append(snapshot["applications"], map[string]any{"id": uuid.NewString(), "appId": appID,
			"displayName": name, "uniqueName": name, "signInAudience": "AzureADMyOrg", "identifierUris": []string{"api://" + name},
			"createdDateTime": "2026-01-01T00:00:00Z", "tags": []string{"stack=" + name}})
	}
	all := map[string]any{"tenant": tenant}
	for table, objects := range snapshot {
		all[table] = objects
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	s.manage("PUT", "/snapshot", string(raw), 204)
	for _, filter := range []string{
		"appId eq '" + appIDs[7777] + "'", "uniqueName eq 'stack7777.api'", "identifierUris/any(u:u eq 'api://stack7777.api')",
	} {
		fastest := func(filter string) time.Duration {
			best := time.Hour
			for range 21 {
				begun := time.Now()
				answer, text := s.graph("GET", "/v1.0/applications?$filter="+url.QueryEscape(filter), "")
				best = min(best, time.Since(begun))
				if answer.StatusCode != 200 || !strings.Contains(text, `"appId":"`+appIDs[7777]+`"`) {
					t.Fatalf("%s: %d %s", filter, answer.StatusCode, text)
				}
			}
			return best
		}
		// The speed of the machine is unknown, so the index is compared with a scan: in an
		// alternative, one filter without an index prevents the use of the index.
		indexed, scanned := fastest(filter), fastest("startswith(displayName,'none') or "+filter)
		t.Logf("%s: %v by index, %v by scan", filter, indexed, scanned)
		if indexed*3 > scanned {
			t.Errorf("%s takes %v, and a scan %v: it seems to scan", filter, indexed, scanned)
		}
	}
}
