package emulator_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestSnapshotIsRestored(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	groups := func() int {
		t.Helper()
		answer, text := s.graph("GET", "/v1.0/groups", "")
		if answer.StatusCode != 200 {
			t.Fatalf("list groups: %d %s", answer.StatusCode, text)
		}
		return strings.Count(text, `"displayName":"G"`)
	}
	s.graph("POST", "/v1.0/groups", group)
	kept := s.manage("GET", "/snapshot?format=full", "", 200)
	s.graph("POST", "/v1.0/groups", group)
	if n := groups(); n != 2 {
		t.Fatalf("%d groups, want 2", n)
	}
	s.manage("PUT", "/snapshot", kept, 204)
	if n := groups(); n != 1 {
		t.Errorf("after the snapshot %d groups, want the one that was in it", n)
	}
	s.manage("PUT", "/snapshot", s.manage("GET", "/snapshot", "", 200), 400) // a dump by natural keys cannot be restored
	s.manage("PUT", "/snapshot", strings.ReplaceAll(kept, s.tenant.TenantID, "00000000-0000-0000-0000-00000000dead"), 409)
	if n := groups(); n != 1 {
		t.Errorf("after two that were refused %d groups, want 1", n)
	}
	s.manage("POST", "/reset", "", 204)
	if n := groups(); n != 0 {
		t.Errorf("after the reset %d groups, want none", n)
	}
}

func TestTheSignInLog(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	var log struct {
		Value []struct {
			AppID  string
			Status struct{ ErrorCode int }
		}
	}
	refused, err := s.client.PostForm(s.tenant.Origin+"/"+s.tenant.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.tenant.ClientID}, "client_secret": {"wrong"},
		"scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	refused.Body.Close()
	text := s.manage("GET", "/sign-ins", "", 200)
	if err := json.Unmarshal([]byte(text), &log); err != nil || len(log.Value) != 2 {
		t.Fatalf("the log is %s, %v; want two sign-ins", text, err)
	}
	for i, code := range []int{0, 7000215} {
		if e := log.Value[i]; e.AppID != s.tenant.ClientID || e.Status.ErrorCode != code {
			t.Errorf("entry %d is %+v, want the administrator's with code %d", i, e, code)
		}
	}
	if strings.Contains(text, s.tenant.ClientSecret) || strings.Contains(text, "wrong\"") {
		t.Error("the log holds a secret")
	}
}
