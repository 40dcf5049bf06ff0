package signin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"provision/conformance"
	"provision/signin"
)

func claim(t *testing.T, payload, name string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	var claims map[string]any
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		t.Fatal("the token cannot be read")
	}
	text, _ := claims[name].(string)
	return text
}

var scopes = []string{"https://graph.microsoft.com/User.Read"}

// users signs users in with a method, and counts the sign-ins.
func (s *tenant) users(name, dir string, signIns *int) *signin.Users {
	s.t.Helper()
	method, err := signin.Named(name)
	if err != nil {
		s.t.Fatal(err)
	}
	u := &signin.Users{Authority: s.authority(), Cache: signin.Cache{Dir: dir}, Now: time.Now, Tell: func(string) {}}
	u.Method = func(ctx context.Context, r signin.Request) (conformance.Grant, error) {
		*signIns++
		return method(ctx, r)
	}
	return u
}

func (s *tenant) client() conformance.Client {
	return conformance.Client{ID: s.clientID, RedirectURI: "http://localhost", Public: true}
}

// TestEachMethodSignsInOnce: the stored refresh token gets all further tokens, also for other
// scopes and in another run. Only the owner can read the file.
func TestEachMethodSignsInOnce(t *testing.T) {
	t.Parallel()
	s := newTenant(t)
	code := regexp.MustCompile(`enter the code ([A-Z0-9]+)`)
	for _, name := range []string{"form", "password", "browser", "device-code"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, signIns := filepath.Join(t.TempDir(), "sign-ins"), 0
			for range 2 {
				u := s.users(name, dir, &signIns)
				u.Open = func(address string) error { go s.fill(address, s.form("ada")); return nil }
				u.Tell = func(message string) {
					if !strings.Contains(message, "ada@contoso.onmicrosoft.com") {
						t.Errorf("the message does not name the user: %q", message)
					}
					if shown := code.FindStringSubmatch(message); shown != nil {
						go s.fill(s.Origin+"/common/oauth2/deviceauth", map[string][]string{"otc": {shown[1]}}, s.form("ada"))
					}
				}
				for _, asked := range [][]string{scopes, {"https://graph.microsoft.com/.default"}} {
					grant, err := u.SignIn(t.Context(), s.client(), conformance.Account{UserPrincipalName: s.upn("ada"), Password: password}, asked)
					if err != nil {
						t.Fatal(err)
					}
					if got := who(t, grant); got != s.upn("ada") || grant.IDToken == "" {
						t.Errorf("%s is signed in, ID token %q", got, grant.IDToken)
					}
				}
			}
			if signIns != 1 {
				t.Errorf("%d sign-ins", signIns)
			}
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 1 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			if info, err := files[0].Info(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("the file has mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// TestAnotherUserIsRefused: the browser can already have a session of another user.
func TestAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	s := newTenant(t)
	dir, signIns := t.TempDir(), 0
	u := s.users("browser", dir, &signIns)
	u.Open = func(address string) error { go s.fill(address, s.form("bob")); return nil }
	for range 2 { // the second call fails without another sign-in
		_, err := u.SignIn(t.Context(), s.client(), conformance.Account{UserPrincipalName: s.upn("ada")}, scopes)
		if err == nil || !strings.Contains(err.Error(), "bob@contoso.onmicrosoft.com signed in instead of ada@contoso.onmicrosoft.com") {
			t.Fatalf("%v", err)
		}
	}
	if files, _ := os.ReadDir(dir); signIns != 1 || len(files) != 0 {
		t.Errorf("%d sign-ins, %d files", signIns, len(files))
	}
}

// TestARefusedRefreshTokenIsReplaced: a new sign-in replaces a refresh token that the tenant
// refuses, and a file that cannot be read. If the tenant does not answer, the command
// fails and keeps the refresh token.
func TestARefusedRefreshTokenIsReplaced(t *testing.T) {
	t.Parallel()
	s := newTenant(t)
	dir, signIns := t.TempDir(), 0
	ada := conformance.Account{UserPrincipalName: s.upn("ada"), Password: password}
	for i := range 3 {
		if _, err := s.users("password", dir, &signIns).SignIn(t.Context(), s.client(), ada, scopes); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		file := filepath.Join(dir, files[0].Name())
		damaged := []string{`{"refreshToken":"0.AAAA"}`, `{`, ""}[i]
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if signIns != 3 {
		t.Errorf("%d sign-ins", signIns)
	}
	u := s.users("password", dir, &signIns)
	if _, err := u.SignIn(t.Context(), s.client(), ada, scopes); err != nil {
		t.Fatal(err)
	}
	u.Authority = &conformance.Authority{URL: u.Authority.URL, HTTPClient: s.http}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.SignIn(cancelled, s.client(), ada, scopes); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("the refresh token was removed: %d files", len(files))
	}
}

// TestRefreshTokenOfAnotherUserIsRefused: a sign-in command can print the refresh token of another
// user together with an access token that names no user.
func TestRefreshTokenOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	s := newTenant(t)
	signIns := 0
	u := s.users("password", t.TempDir(), &signIns)
	byPassword, ada := u.Method, conformance.Account{UserPrincipalName: s.upn("ada"), Password: password}
	u.Method = func(ctx context.Context, r signin.Request) (conformance.Grant, error) {
		r.Account.UserPrincipalName = s.upn("bob")
		grant, err := byPassword(ctx, r)
		return conformance.Grant{AccessToken: "e30.e30.c2ln", RefreshToken: grant.RefreshToken}, err
	}
	if _, err := u.SignIn(t.Context(), s.client(), ada, scopes); err != nil {
		t.Fatal(err)
	}
	u.Method = byPassword
	grant, err := u.SignIn(t.Context(), s.client(), ada, scopes)
	if err != nil {
		t.Fatal(err)
	}
	if got := who(t, grant); got != s.upn("ada") {
		t.Errorf("%s is signed in", got)
	}
}

// TestForgetWithAnotherProcess: Forget succeeds if another process has removed a file meanwhile.
func TestForgetWithAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := signin.Cache{Dir: dir}.Forget(func(signin.Kept) bool {
		return os.RemoveAll(filepath.Join(dir, "a.json")) == nil && os.RemoveAll(filepath.Join(dir, "b.json")) == nil
	})
	if err != nil {
		t.Error(err)
	}
}

// needs skips a test if a program is not installed, or fails it if PROVISION_TEST_REQUIRE is all.
func needs(t *testing.T, program string) {
	t.Helper()
	_, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("PROVISION_TEST_REQUIRE") == "all":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// TestSignInCommandEnds: the command ends when the run is cancelled, even if a child process of the
// shell continues.
func TestSignInCommandEnds(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	needs(t, "mkfifo")
	gate := filepath.Join(t.TempDir(), "gate")
	if err := exec.Command("mkfifo", gate).Run(); err != nil {
		t.Fatal(err)
	}
	method, err := signin.Named("command:cat " + gate + "; true")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := method(ctx, signin.Request{Authority: &conformance.Authority{}})
		ended <- err
	}()
	open, err := os.OpenFile(gate, os.O_WRONLY, 0) // returns when cat reads
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the command still runs")
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	s := newTenant(t)
	dir, signIns := t.TempDir(), 0
	u := s.users("password", dir, &signIns)
	for _, name := range []string{"ada", "bob"} {
		if _, err := u.SignIn(t.Context(), s.client(), conformance.Account{UserPrincipalName: s.upn(name), Password: password}, scopes); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		of   string
		want int
	}{{"ada", 1}, {"ada", 0}, {"", 1}, {"", 0}} {
		n, err := u.Cache.Forget(func(k signin.Kept) bool { return step.of == "" || k.User == s.upn(step.of) && k.ClientID == s.clientID })
		if err != nil || n != step.want {
			t.Errorf("forget %q: %d, %v, want %d", step.of, n, err, step.want)
		}
	}
	if n, err := (signin.Cache{Dir: filepath.Join(dir, "none")}).Forget(func(signin.Kept) bool { return true }); n != 0 || err != nil {
		t.Errorf("no folder: %d, %v", n, err)
	}
}

func TestSignInCommand(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"upn":"ada@contoso.onmicrosoft.com"}`)) + ".c2ln"
	for command, want := range map[string]string{
		"echo " + token: "",
		`[ "$SIGN_IN_USER $SIGN_IN_PASSWORD $SIGN_IN_CLIENT_ID $SIGN_IN_SCOPES" = "ada@contoso.onmicrosoft.com secret id a b" ] && echo ` + token: "",
		`echo '{"access_token":"` + token + `","refresh_token":"r"}'`:                                                                             "",
		"true":                     "printed no token",
		"echo two words":           "printed no token",
		`echo '{"secret":"leak"}'`: "printed JSON without an access_token",
		"exit 3":                   "exit status 3",
	} {
		method, err := signin.Named("command:" + command)
		if err != nil {
			t.Fatal(err)
		}
		grant, err := method(t.Context(), signin.Request{Authority: &conformance.Authority{URL: "https://localhost/t"}, Client: conformance.Client{ID: "id"},
			Account: conformance.Account{UserPrincipalName: "ada@contoso.onmicrosoft.com", Password: "secret"}, Scopes: []string{"a", "b"}})
		if want == "" && (err != nil || grant.AccessToken != token) || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "leak")) {
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
	for _, name := range []string{"", "command:", "command: ", "forms"} {
		if _, err := signin.Named(name); err == nil {
			t.Errorf("%q is a method", name)
		}
	}
}
