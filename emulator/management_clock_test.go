package emulator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func (s *station) manage(method, path, body string, want int) string {
	s.t.Helper()
	answer, text, err := s.send(method, s.tenant.ManagementURL+path, s.tenant.ManagementKey, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode != want {
		s.t.Fatalf("%s %s: %d %s, want %d", method, path, answer.StatusCode, text, want)
	}
	return text
}

func TestTokensExpireAfterClockChange(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	if answer, text := s.graph("GET", "/v1.0/organization", ""); answer.StatusCode != 200 {
		t.Fatalf("with a fresh token: %d %s", answer.StatusCode, text)
	}
	moved := s.manage("PUT", "/clock", `{"offset":"25h"}`, 200)
	var clock struct{ Now time.Time }
	if err := json.Unmarshal([]byte(moved), &clock); err != nil || time.Until(clock.Now) < 24*time.Hour {
		t.Errorf("the clock says %s, want a day ahead", moved)
	}
	if answer, text := s.graph("GET", "/v1.0/organization", ""); answer.StatusCode != 401 {
		t.Errorf("a day later: %d %s, want 401", answer.StatusCode, text)
	}
	s.manage("PUT", "/clock", `{"offset":"-5m"}`, 200)
	s.manage("PUT", "/clock", `{"offset":"soon"}`, 400)
	if text := s.manage("GET", "/clock", "", 200); !strings.Contains(text, `"offset":"-5m0s"`) {
		t.Errorf("the clock says %s, want what was set last", text)
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	signedWith := func() string {
		var signed struct{ Token string }
		text := s.manage("POST", "/sign", `{"claims":{"aud":"x"}}`, 200)
		if err := json.Unmarshal([]byte(text), &signed); err != nil {
			t.Fatal(err)
		}
		return strings.SplitN(signed.Token, ".", 2)[0]
	}
	published := func() int {
		_, text, err := s.send("GET", s.tenant.Origin+"/"+s.tenant.TenantID+"/discovery/v2.0/keys", "", "")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(text, `"kid"`)
	}
	first, keys := signedWith(), published()
	s.manage("POST", "/keys", "", 200)
	if signedWith() != first || published() != keys+1 {
		t.Errorf("a published key is used immediately, or is not in the key set")
	}
	s.manage("POST", "/keys/rotate", "", 200)
	if signedWith() == first {
		t.Errorf("after the rotation the old key still signs")
	}
	var list []struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	if err := json.Unmarshal([]byte(s.manage("GET", "/keys", "", 200)), &list); err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		switch k.State {
		case "current":
			s.manage("DELETE", "/keys/"+k.ID, "", 409)
		case "retired":
			s.manage("DELETE", "/keys/"+k.ID, "", 204)
		}
	}
	s.manage("DELETE", "/keys/none", "", 404)
	if published() != keys {
		t.Errorf("%d keys are published, want %d", published(), keys)
	}
}
