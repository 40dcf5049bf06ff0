package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// If an API returns what it received, the results contain no secret.
func TestResultsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer(), flaw: "role"}
	var mu sync.Mutex
	var sent []string
	r := run(t, quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		_, raw, _ := strings.Cut(authorization, " ")
		mu.Lock()
		sent = append(sent, raw)
		mu.Unlock()
		w.Header().Set("X-Echo", authorization)
		w.Header().Set("WWW-Authenticate", "Bearer error=\""+raw+"\"")
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "cookie-value"})
		status := api.status(authorization)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"status":"ok","got":"` + authorization + `","pad":"` + strings.Repeat("x", 1900) + `","again":"` + raw + `"}`))
	}))))
	all, err := json.Marshal(r.results)
	if err != nil {
		t.Fatal(err)
	}
	text := string(all)
	for _, raw := range sent {
		segments := strings.Split(raw, ".")
		if len(segments) != 3 || len(raw) < 20 {
			continue
		}
		for i, segment := range segments {
			if len(segment) > 20 && strings.Contains(text, segment[:20]) && i > 0 {
				t.Fatalf("segment %d of a token is in the results", i+1)
			}
		}
		if strings.Contains(text, raw) {
			t.Fatal("a token is in the results")
		}
	}
	for _, word := range []string{password, secret, "cookie-value"} {
		if strings.Contains(text, word) {
			t.Errorf("the results hold %q", word)
		}
	}
	// The results contain the request.
	shown := r.result(t, "GET /secure: no-role").Exchange
	if shown.Token == nil || !strings.Contains(string(shown.Token.Claims), "oid-nob") || shown.RequestHeader.Get("Authorization") != "Bearer [masked]" {
		t.Errorf("exchange %+v", shown)
	}
}

func TestMaskTruncatedSecrets(t *testing.T) {
	t.Parallel()
	part := strings.Repeat("abcdefghij", 5)
	for text, want := range map[string]string{
		part: masked, part[:21] + "…": masked + "…", part[:30] + " and " + part: masked + " and " + masked,
		part[:19]: part[:19], "x" + part + part + "y": "x" + masked + masked + "y", "": "",
	} {
		if got := mask(text, []string{"head." + part + ".tail"}); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
