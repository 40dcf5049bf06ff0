package localtenant

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// issuer counts the tokens that it issues: token1, token2 and so on, each valid for an hour.
type issuer struct {
	mu  sync.Mutex
	n   int
	now time.Time
}

// signIn is the sign-in of one command. Like azidentity, it keeps its token.
type signIn struct {
	*issuer
	token azcore.AccessToken
}

func (s *signIn) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Token == "" {
		s.n++
		s.token = azcore.AccessToken{Token: fmt.Sprintf("token%d", s.n), ExpiresOn: s.now.Add(time.Hour)}
	}
	return s.token, nil
}

func TestStoredTokens(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	served := Served{Origin: "https://localhost:1", TenantID: "t", ClientID: "c", ClientSecret: "s"}
	for name, c := range map[string]struct {
		change func(Folder, *Served)
		after  time.Duration // since the first command
		want   string
	}{
		"the next command":    {want: "token1"},
		"shortly before exp":  {after: 54 * time.Minute, want: "token1"},
		"less than a margin":  {after: 56 * time.Minute, want: "token2"},
		"another tenant":      {change: func(_ Folder, s *Served) { s.TenantID = "u" }, want: "token2"},
		"another address":     {change: func(_ Folder, s *Served) { s.Origin = "https://localhost:2" }, want: "token2"},
		"another application": {change: func(_ Folder, s *Served) { s.ClientID = "d" }, want: "token2"},
		"another secret":      {change: func(_ Folder, s *Served) { s.ClientSecret = "r" }, want: "token2"},
		"a damaged token": {change: func(d Folder, _ *Served) {
			raw, _ := os.ReadFile(d.File("tokens.json"))
			os.WriteFile(d.File("tokens.json"), bytes.Replace(raw, []byte(`token1`), []byte(`token1\n`), 1), 0o600)
		}, want: "token2"},
		"readable by others": {change: func(d Folder, _ *Served) { os.Chmod(d.File("tokens.json"), 0o640) }, want: "token2"},
		"writable by others": {change: func(d Folder, _ *Served) { os.Chmod(d.File("tokens.json"), 0o622) }, want: "token2"},
		"a damaged file": {change: func(d Folder, _ *Served) { os.WriteFile(d.File("tokens.json"), []byte(`[{"key`), 0o600) },
			want: "token2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, served := Folder(t.TempDir()), served
			issuer := &issuer{now: start}
			get := func() string {
				token, err := d.Credential(served, &signIn{issuer: issuer}, func() time.Time { return issuer.now }).GetToken(t.Context(), policy.TokenRequestOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return token.Token
			}
			get()
			if info, err := os.Stat(d.File("tokens.json")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("tokens.json: %v, %v", info, err)
			}
			issuer.now = issuer.now.Add(c.after)
			if c.change != nil {
				c.change(d, &served)
			}
			if got := get(); got != c.want {
				t.Errorf("the second command has %s, want %s", got, c.want)
			}
			if got := get(); got != c.want {
				t.Errorf("the third command has %s, want %s", got, c.want)
			}
			if info, err := os.Stat(d.File("tokens.json")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("tokens.json afterwards: %v, %v", info, err)
			}
		})
	}
}

func TestRefusedStoredToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	refused := map[string]int{}
	tenant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); token != "token2" {
			mu.Lock()
			refused[token]++
			mu.Unlock()
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "%s %s", r.Method, body)
	}))
	defer tenant.Close()
	d, issuer := Folder(t.TempDir()), &issuer{now: time.Now()}
	send := func(c *Credential) (int, string) {
		token, err := c.GetToken(t.Context(), policy.TokenRequestOptions{})
		if err != nil {
			t.Error(err)
		}
		r, _ := http.NewRequest(http.MethodPost, tenant.URL, strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+token.Token)
		answer, err := c.Transport(http.DefaultTransport, "scope").RoundTrip(r)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(body)
	}
	command := func() *Credential {
		return d.Credential(Served{}, &signIn{issuer: issuer}, func() time.Time { return issuer.now })
	}

	// The tenant refuses a token that this command was given: signing in again is useless.
	if status, _ := send(command()); status != http.StatusUnauthorized || issuer.n != 1 {
		t.Errorf("a new token: %d after %d sign-ins, want 401 after 1", status, issuer.n)
	}

	next := command()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if status, body := send(next); status != http.StatusOK || body != "POST {}" {
				t.Errorf("a stored token that is refused: %d %q, want the request sent again with a new token", status, body)
			}
		})
	}
	all.Wait()
	if status, _ := send(command()); status != http.StatusOK || refused["token1"] > 5 {
		t.Errorf("a later command: %d; refused %v, want the new token to be stored", status, refused)
	}
}
