package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/reconcile"
	"provision/reconcile/sink"
	"provision/reconcile/sink/sinktest"
	"provision/stack"
)

// services are the services that store secrets.
type services struct {
	hub   *sinktest.GitHub
	vault *sinktest.KeyVault
}

// newServices starts the services for a world.
func newServices(w *world) services {
	s := services{sinktest.NewGitHub(w.t, "contoso/orders", "production"), sinktest.NewKeyVault(w.t)}
	w.keep.Sinks = sink.Access{
		GitHub: sink.GitHub{URL: s.hub.URL, Token: s.hub.Token, HTTPClient: s.hub.Client()},
		Vaults: sink.Vaults{Credential: s.vault.Credential, Options: s.vault.Options()},
	}
	return s
}

// sinks returns one sink of each kind, with a function that reads its content.
func (s services) sinks(w *world) map[string]struct {
	where stack.Sink
	text  func() string
} {
	type place = struct {
		where stack.Sink
		text  func() string
	}
	read := func(where stack.Sink) func() string {
		return func() string {
			kept, _, err := w.keep.Secret(context.Background(), "s.a", "key", w.place(where))
			if err != nil {
				w.t.Error(err)
			}
			return kept.SecretText
		}
	}
	file, env := stack.Sink{File: "kept/key.json"}, stack.Sink{Env: &stack.EnvSink{File: ".env", Key: "SECRET"}}
	return map[string]place{
		"its own file": {stack.Sink{}, read(stack.Sink{})},
		"a file":       {file, read(file)},
		"dotenv":       {env, read(env)},
		"GitHub": {stack.Sink{GitHub: &stack.GitHubSink{Repository: "contoso/orders", Environment: "production", Name: "SECRET"}},
			func() string { text, _ := s.hub.Secret("production", "SECRET"); return text }},
		"Key Vault": {stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: s.vault.URL, Name: "key"}},
			func() string { text, _, _ := s.vault.Secret("key"); return text }},
	}
}

// sinkNames are the names of services.sinks, which are needed before a world exists.
var sinkNames = []string{"its own file", "a file", "dotenv", "GitHub", "Key Vault"}

// TestEverySinkIsTested: sinkNames has a sink for each field of stack.Sink, and the own file.
func TestEverySinkIsTested(t *testing.T) {
	w := newWorld(t)
	tested := make(map[string]bool)
	for name, place := range newServices(w).sinks(w) {
		if !slices.Contains(sinkNames, name) {
			t.Errorf("sinkNames lacks %q", name)
		}
		for field, value := range reflect.ValueOf(place.where).Fields() {
			tested[field.Name] = tested[field.Name] || !value.IsZero()
		}
	}
	for field := range reflect.TypeFor[stack.Sink]().Fields() {
		if !tested[field.Name] {
			t.Errorf("no sink of the tests has the field %s", field.Name)
		}
	}
}

func keptIn(where stack.Sink) []*stack.Stack {
	return []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A",
		Secrets: []stack.Secret{{Name: "key", Sink: where}}}}}}
}

// signsIn gets a token with a client secret.
func (w *world) signsIn(text string) error {
	w.t.Helper()
	id := w.state(keptIn(stack.Sink{})).Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.AppID)
	return w.proves(context.Background(), id, text)
}

func (w *world) proves(_ context.Context, clientID, text string) error {
	credential, err := azidentity.NewClientSecretCredential(w.tenant.TenantID, clientID, text,
		&azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true, ClientOptions: w.options()})
	if err != nil {
		return err
	}
	return token(credential)
}

func (w *world) rotate(where stack.Sink, grace time.Duration) (reconcile.Rotated, error) {
	stacks := w.placed(keptIn(where))
	a := w.applier()
	r := reconcile.Rotation{Tenant: w.tenant.TenantID, Stack: "s", Application: w.applicationID, UniqueName: "s.a", Secret: stacks[0].Applications[0].Secrets[0], Grace: grace, Prove: w.proves}
	ctx := w.wire.process()
	made, err := a.Rotate(ctx, r)
	if err == nil {
		err = a.Revoke(ctx, r)
	}
	return made, err
}

// files lists the files in the world's folder with their content.
func (w *world) files() string {
	w.t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(w.keep.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			w.t.Errorf("%s is %v, readable by others", path, info.Mode())
		}
		raw, err := os.ReadFile(path)
		b.Write(raw)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// TestASecretIsKeptWhereTheManifestSays creates, uses, rotates and revokes a secret in every
// sink.
func TestASecretIsKeptWhereTheManifestSays(t *testing.T) {
	t.Parallel()
	for _, name := range sinkNames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			place := newServices(w).sinks(w)[name]
			w.must(keptIn(place.where), plan.Options{})
			first := place.text()
			if err := w.signsIn(first); err != nil {
				t.Fatal(err)
			}
			remote := name == "GitHub" || name == "Key Vault"
			if n := strings.Count(w.files(), first); remote && n != 0 || !remote && n != 1 {
				t.Errorf("the value is in %d files, want it where the manifest says alone", n)
			}
			if done := w.must(keptIn(place.where), plan.Options{}); done.Writes != 0 || place.text() != first {
				t.Errorf("the second apply wrote %d times", done.Writes)
			}
			w.know()
			made, err := w.rotate(place.where, 0)
			if err != nil {
				t.Fatal(err)
			}
			second := place.text()
			if second == first || second != made.New.SecretText {
				t.Error("the sink has not the new value")
			}
			if err := w.signsIn(second); err != nil {
				t.Error(err)
			}
			if w.signsIn(first) == nil {
				t.Error("the old one is good although no time was given it")
			}
			w.settled(keptIn(place.where), plan.Options{})
			// If the sink changes, the value moves, or another secret is created if the sink does not return it.
			elsewhere := stack.Sink{Env: &stack.EnvSink{File: "elsewhere.env", Key: "SECRET"}}
			var shown strings.Builder
			if err := w.plan(keptIn(elsewhere), plan.Options{}).Text(&shown, false, true); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(shown.String(), "(move its value from ") == (name == "GitHub") {
				t.Errorf("the plan of another sink is:\n%s", shown.String())
			}
			w.must(keptIn(elsewhere), plan.Options{})
			moved, _, err := w.keep.Secret(t.Context(), "s.a", "key", w.place(elsewhere))
			if err != nil || w.signsIn(moved.SecretText) != nil {
				t.Errorf("the new sink has no valid value (%v)", err)
			}
			if same := moved.SecretText == second; same == (name == "GitHub") {
				t.Errorf("the new sink has the same value: %t", same)
			}
			if name == "GitHub" && w.signsIn(second) == nil {
				t.Error("what the manifest has no place for any longer is good")
			}
			if name != "its own file" && place.text() != "" {
				t.Error("the sink that the manifest no longer names still holds the value")
			}
			w.must(keptIn(place.where), plan.Options{})
			third := place.text()
			if err := w.signsIn(third); err != nil {
				t.Error(err)
			}
			w.must(nil, plan.Options{Destroy: []string{"s"}})
			if place.text() != "" {
				t.Error("the value is still there when nobody can use it")
			}
			if strings.Contains(w.files(), third) {
				t.Error("a file still holds the value")
			}
			// The same for a sink from which the secret was deleted.
			w.must(keptIn(place.where), plan.Options{})
			if err := w.signsIn(place.text()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRetiringSecretStaysUntilItsTime: a secret that a rotation has promised to keep for a time stays valid if
// the new one must be replaced.
func TestRetiringSecretStaysUntilItsTime(t *testing.T) {
	t.Parallel()
	elsewhere := stack.Sink{Env: &stack.EnvSink{File: "elsewhere.env", Key: "SECRET"}}
	for name, c := range map[string]struct {
		sink    string
		lose    func(w *world) error
		another stack.Sink // that the manifest names then
	}{
		"the line is lost": {sink: "dotenv", lose: func(w *world) error { return os.Remove(filepath.Join(w.keep.Dir, ".env")) }},
		"the file is lost": {sink: "a file", lose: func(w *world) error { return os.Remove(filepath.Join(w.keep.Dir, "kept", "key.json")) }},
		"another sink":     {sink: "dotenv", another: elsewhere},
		"from provision's": {sink: "its own file", another: elsewhere},
		"from GitHub":      {sink: "GitHub", another: elsewhere},
		"from a vault":     {sink: "Key Vault", another: elsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			place := newServices(w).sinks(w)[c.sink]
			w.must(keptIn(place.where), plan.Options{})
			w.know()
			first := w.secrets()[0]
			if _, err := w.rotate(place.where, time.Hour); err != nil {
				t.Fatal(err)
			}
			where := place.where
			if c.lose == nil {
				where = c.another
			} else if err := c.lose(w); err != nil {
				t.Fatal(err)
			}
			w.must(keptIn(where), plan.Options{})
			if keys := w.secrets(); !slices.Contains(keys, first) || len(keys) != 2 {
				t.Errorf("the application has the secrets %v, want %s, which the rotation keeps, and the new one", keys, first)
			}
		})
	}
}

// know stores the application's object id, for rotations.
func (w *world) know() {
	w.t.Helper()
	w.applicationID = w.state(keptIn(stack.Sink{})).Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.ID)
}

// TestUnwritableSinkFailsBeforeSecretIsCreated: the tenant and the sinks do not change.
func TestUnwritableSinkFailsBeforeSecretIsCreated(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(w *world, s services){
		"GitHub":    func(w *world, s services) { s.hub.FailNext("GET", http.StatusForbidden) },
		"Key Vault": func(w *world, s services) { s.vault.Refuse(http.StatusForbidden) },
		"a file": func(w *world, _ services) {
			if err := os.WriteFile(filepath.Join(w.keep.Dir, "kept"), nil, 0o600); err != nil {
				w.t.Fatal(err)
			}
		},
		"dotenv": func(w *world, _ services) {
			if err := os.Mkdir(filepath.Join(w.keep.Dir, ".env"), 0o700); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := newServices(w)
			place := s.sinks(w)[name]
			before := w.dump()
			breaks(w, s)
			_, err := w.apply(keptIn(place.where), plan.Options{})
			if !errors.As(err, new(*sink.Error)) {
				t.Fatalf("%v, want a sink that cannot be used", err)
			}
			if diff := cmp.Diff(before, w.dump()); diff != "" {
				t.Errorf("the tenant was touched (-before +after):\n%s", diff)
			}
		})
	}
}

// TestRotationFailsBeforeSecretIsCreated if the sink is not writable.
func TestRotationFailsBeforeSecretIsCreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newServices(w)
	place := s.sinks(w)["GitHub"]
	w.must(keptIn(place.where), plan.Options{})
	w.know()
	before, text := w.dump(), place.text()
	s.hub.FailNext("GET", http.StatusForbidden)
	if _, err := w.rotate(place.where, 0); !errors.As(err, new(*sink.Error)) {
		t.Fatalf("%v, want a sink that cannot be used", err)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" || place.text() != text {
		t.Errorf("something was touched (-before +after):\n%s", diff)
	}
}

// TestFailedSecretWriteIsRepaired: GitHub becomes unavailable between the creation of a secret
// and its write. The old secret stays valid, and the next apply creates another secret.
func TestFailedSecretWriteIsRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newServices(w)
	place := s.sinks(w)["GitHub"]
	s.hub.FailNext("PUT", http.StatusBadGateway)
	if _, err := w.apply(keptIn(place.where), plan.Options{}); !errors.As(err, new(*sink.Error)) {
		t.Fatalf("%v, want the write refused", err)
	}
	w.must(keptIn(place.where), plan.Options{})
	first := place.text()
	if err := w.signsIn(first); err != nil {
		t.Fatal(err)
	}
	w.know()
	s.hub.FailNext("PUT", http.StatusBadGateway)
	if _, err := w.rotate(place.where, time.Hour); !errors.As(err, new(*sink.Error)) {
		t.Fatalf("%v, want the write refused", err)
	}
	if err := w.signsIn(first); err != nil || place.text() != first {
		t.Errorf("the old one: %v, want it good and in its place", err)
	}
	w.must(keptIn(place.where), plan.Options{})
	second := place.text()
	for _, text := range []string{first, second} {
		if err := w.signsIn(text); err != nil {
			t.Errorf("after it was mended the old one and the new one are good: %v", err)
		}
	}
	if second == first {
		t.Error("the next apply made no other")
	}
	if n := strings.Count(w.dump(), `"key"`); n != 2 {
		t.Errorf("the tenant has %d secrets of the name, want the old and the new one", n)
	}
	w.must(keptIn(place.where), plan.Options{})
	if s.hub.Writes() != 2 {
		t.Errorf("GitHub was written to %d times, want 2", s.hub.Writes())
	}
}

// A secret moves from GitHub to another sink, and GitHub does not remove its copy. That is
// an error, and the next apply removes the copy.
func TestFailedRemovalFromFormerSinkIsRepeated(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"a file", "its own file"} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := newServices(w)
			all := s.sinks(w)
			w.must(keptIn(all["GitHub"].where), plan.Options{})
			s.hub.FailNext("DELETE", http.StatusForbidden)
			if _, err := w.apply(keptIn(all[to].where), plan.Options{}); !errors.As(err, new(*sink.Error)) {
				t.Fatalf("%v, want the removal from GitHub refused", err)
			}
			w.must(keptIn(all[to].where), plan.Options{})
			if text := all["GitHub"].text(); text != "" {
				t.Error("GitHub still has the secret")
			}
			if err := w.signsIn(all[to].text()); err != nil {
				t.Errorf("sign in with the secret in the new sink: %v", err)
			}
		})
	}
}

// TestSecretsOfTheLocalTenantStayHere: a test on the local tenant never replaces the secret of a
// real tenant.
func TestSecretsOfTheLocalTenantStayHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep.Local = true
	w.keep.Sinks = sink.Access{GitHub: sink.GitHub{URL: "https://api.github.example", Token: "t",
		HTTPClient: &http.Client{Transport: nobody{t}}}}
	for _, where := range []stack.Sink{
		{GitHub: &stack.GitHubSink{Repository: "contoso/orders", Name: "SECRET"}},
		{KeyVault: &stack.KeyVaultSink{Vault: "https://contoso.vault.azure.net", Name: "key"}},
	} {
		w.must(keptIn(where), plan.Options{})
		kept, ok, err := w.keep.Secret(context.Background(), "s.a", "key", where)
		if err != nil || !ok {
			t.Fatalf("%s: %t, %v", where, ok, err)
		}
		if err := w.signsIn(kept.SecretText); err != nil {
			t.Error(err)
		}
	}
	w.must(nil, plan.Options{Destroy: []string{"s"}})
}

// nobody is an HTTP transport that must not be used.
type nobody struct{ t *testing.T }

func (n nobody) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("%s %s was asked", r.Method, r.URL)
	return nil, errors.New("nobody is here")
}

// TestRotationInterruptedAtEveryRequest cuts the connection at every request of a rotation, before and
// after the request was executed. With a grace period the old secret is always valid. After the
// next apply, a valid secret is stored.
func TestRotationInterruptedAtEveryRequest(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, time.Hour} {
		for _, delivered := range []bool{false, true} {
			for n := range 3 - int(grace/time.Hour) {
				t.Run(fmt.Sprintf("grace %v, request %d, carried out %t", grace, n, delivered), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					place := newServices(w).sinks(w)["dotenv"]
					w.must(keptIn(place.where), plan.Options{})
					w.know()
					first := place.text()
					w.wire.requests.Store(0)
					w.wire.delivered = delivered
					w.wire.left.Store(int64(n))
					_, err := w.rotate(place.where, grace)
					w.wire.left.Store(1 << 30)
					cut := n < 2-int(grace/time.Hour)
					if (err != nil) != cut {
						t.Fatalf("%v after %d requests, want it cut short: %t", err, w.wire.requests.Load(), cut)
					}
					if err := w.signsIn(first); grace > 0 && err != nil {
						t.Errorf("the old one: %v", err)
					}
					w.must(keptIn(place.where), plan.Options{})
					if err := w.signsIn(place.text()); err != nil {
						t.Error(err)
					}
					if err := w.signsIn(first); grace > 0 && err != nil {
						t.Errorf("the old one after the next apply: %v", err)
					}
					want := 1
					if grace > 0 && !cut {
						want = 2
					}
					if n := strings.Count(w.dump(), `"key"`); n != want {
						t.Errorf("the tenant has %d secrets of the name, want %d", n, want)
					}
				})
			}
		}
	}
}

// TestAnotherMachine does not have the folder of the first machine. It can use a
// secret in a vault, and must replace a secret at GitHub.
func TestAnotherMachine(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"Key Vault": 0, "GitHub": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			place := newServices(w).sinks(w)[name]
			w.must(keptIn(place.where), plan.Options{})
			w.keep.Dir = t.TempDir()
			p := w.plan(keptIn(place.where), plan.Options{})
			if len(p.Steps) != want || want == 1 && p.Steps[0].Action != plan.Replace {
				t.Errorf("steps %+v, want %d that replaces", p.Steps, want)
			}
			w.must(keptIn(place.where), plan.Options{})
			if err := w.signsIn(place.text()); err != nil {
				t.Error(err)
			}
		})
	}
}
