package graphapi

import (
	"net/url"
	"testing"
)

// FuzzQueryOptions sends arbitrary query options: none causes an internal error of the emulator.
func FuzzQueryOptions(f *testing.F) {
	for _, seed := range [][2]string{
		{"$search", `"displayName:orders" AND "description:x"`}, {"$search", `"a:b" OR`}, {"$expand", "owners($select=id),federatedIdentityCredentials"},
		{"$expand", "owners((,)"}, {"$select", "id,web/redirectUris"}, {"$orderby", "displayName desc"}, {"$top", "5"}, {"$skiptoken", "e30"},
	} {
		f.Add(seed[0], seed[1])
	}
	tt := start(f)
	tt.newApplication(`{"displayName":"orders"}`)
	f.Fuzz(func(t *testing.T, option, value string) {
		tt := &tenant{TB: t, handler: tt.handler, directory: tt.directory, callers: tt.callers}
		for _, path := range []string{"/v1.0/applications", "/v1.0/applications/delta", "/v1.0/auditLogs/directoryAudits"} {
			query := url.Values{option: {value}, "$count": {"true"}}
			if r := tt.send("admin", "GET", path+"?"+query.Encode(), "", eventual); r.StatusCode >= 500 {
				t.Errorf("GET %s?%s: %s", path, query.Encode(), r.fault())
			}
		}
	})
}
