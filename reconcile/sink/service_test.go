package sink_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/reconcile/sink"
	"provision/reconcile/sink/sinktest"
	"provision/stack"
)

var noon = time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC)

func secret(text, keyID string) sink.Secret {
	return sink.Secret{Application: "s.a", ClientID: "the-client", DisplayName: "key", KeyID: keyID, SecretText: text,
		StartDateTime: noon, EndDateTime: noon.Add(24 * time.Hour)}
}

func open(t *testing.T, a sink.Access, where stack.Sink) sink.Sink {
	t.Helper()
	s, err := a.Open(where, "s.a")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused checks an error that contains a hint and no secret.
func refused(t *testing.T, what string, err error, hint string) {
	t.Helper()
	var unusable *sink.Error
	switch {
	case !errors.As(err, &unusable):
		t.Errorf("%s: %v, want a *sink.Error", what, err)
	case !strings.Contains(unusable.Hint, hint) || strings.Contains(err.Error()+unusable.Hint, "s3cret"):
		t.Errorf("%s: %v (hint: %s), want a hint of %q and no secret", what, err, unusable.Hint, hint)
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	hub := sinktest.NewGitHub(t, "contoso/orders", "production")
	access := sink.Access{GitHub: sink.GitHub{URL: hub.URL, Token: hub.Token, HTTPClient: hub.Client()}}
	for _, environment := range []string{"", "production"} {
		s := open(t, access, stack.Sink{GitHub: &stack.GitHubSink{Repository: "contoso/orders", Environment: environment, Name: "CLIENT_SECRET"}})
		if err := s.Forget(ctx); err != nil {
			t.Errorf("to forget what was never there: %v", err)
		}
		for _, text := range []string{"one", "two"} {
			if err := s.Check(ctx); err != nil {
				t.Fatal(err)
			}
			if err := s.Write(ctx, secret(text, "k")); err != nil {
				t.Fatal(err)
			}
			if got, ok := hub.Secret(environment, "CLIENT_SECRET"); !ok || got != text {
				t.Errorf("GitHub has %q, %t; want %q", got, ok, text)
			}
		}
		if got, found, err := s.Read(ctx); err != nil || !found || got.SecretText != "" || got.KeyID != "" {
			t.Errorf("read %+v, %t, %v; want nothing, and no error", got, found, err)
		}
		if err := s.Forget(ctx); err != nil {
			t.Fatal(err)
		}
		if _, ok := hub.Secret(environment, "CLIENT_SECRET"); ok {
			t.Error("forgotten, it is still there")
		}
	}
	there := stack.GitHubSink{Repository: "contoso/orders", Name: "A"}
	elsewhere := there
	elsewhere.Environment = "staging"
	refused(t, "an environment that does not exist", open(t, access, stack.Sink{GitHub: &elsewhere}).Check(ctx), "environment")
	hub.FailNext("GET", http.StatusForbidden)
	refused(t, "without the permission", open(t, access, stack.Sink{GitHub: &there}).Check(ctx), "permission to write secrets")
	hub.FailNext("PUT", http.StatusBadGateway)
	refused(t, "GitHub is down", open(t, access, stack.Sink{GitHub: &there}).Write(ctx, secret("s3cret", "k")), "again")
	access.GitHub.Token = "another"
	refused(t, "a token that is none", open(t, access, stack.Sink{GitHub: &there}).Check(ctx), "GITHUB_TOKEN")
	access.GitHub.Token = ""
	refused(t, "no token", open(t, access, stack.Sink{GitHub: &there}).Check(ctx), "GITHUB_TOKEN")
}

func TestKeyVault(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	vault := sinktest.NewKeyVault(t)
	access := sink.Access{Vaults: sink.Vaults{Credential: vault.Credential, Options: vault.Options()}}
	at := func(name string) sink.Sink {
		return open(t, access, stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: vault.URL, Name: name}})
	}
	s := at("client")
	if _, found, err := s.Read(ctx); found || err != nil {
		t.Fatalf("an empty vault: %t, %v", found, err)
	}
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	want := secret("one", "k1")
	want.Retiring = []sink.Retiring{{KeyID: "k0", Until: noon.Add(time.Hour)}}
	if err := s.Write(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, found, err := s.Read(ctx)
	if err != nil || !found {
		t.Fatalf("read: %t, %v", found, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	_, tags, _ := vault.Secret("client")
	if tags["keyId"] != "k1" || tags["application"] != "s.a" || vault.Expires("client") != want.EndDateTime.Unix() {
		t.Errorf("tags %v, expires %d: want the keyId, the application and its end", tags, vault.Expires("client"))
	}
	// A deleted secret reserves its name. It is recovered before the next value is written.
	if err := s.Forget(ctx); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Read(ctx); found || err != nil {
		t.Fatalf("forgotten: %t, %v", found, err)
	}
	if err := s.Forget(ctx); err != nil {
		t.Errorf("forgotten twice: %v", err)
	}
	if err := s.Write(ctx, secret("two", "k2")); err != nil {
		t.Fatal(err)
	}
	if text, tags, _ := vault.Secret("client"); text != "two" || tags["keyId"] != "k2" || len(tags) != 5 {
		t.Errorf("the vault has %q, %v", text, tags)
	}
	// provision does not change a secret that it did not write.
	vault.Put("theirs", "s3cret")
	theirs := at("theirs")
	refused(t, "somebody else's", theirs.Check(ctx), "choose another name")
	if _, found, err := theirs.Read(ctx); found || err != nil {
		t.Errorf("somebody else's is read: %t, %v", found, err)
	}
	if err := theirs.Forget(ctx); err != nil {
		t.Error(err)
	}
	if text, _, _ := vault.Secret("theirs"); text != "s3cret" {
		t.Errorf("somebody else's is %q now", text)
	}
	// The same stack in two tenants names the same secret.
	in := func(tenant string) sink.Sink {
		access := access
		access.Vaults.Tenant = tenant
		return open(t, access, stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: vault.URL, Name: "shared"}})
	}
	if err := in("one").Write(ctx, secret("s3cret", "k1")); err != nil {
		t.Fatal(err)
	}
	for tenant, mine := range map[string]bool{"one": true, "ONE": true, "": true, "two": false} {
		if mine {
			if err := in(tenant).Check(ctx); err != nil {
				t.Errorf("tenant %q: %v", tenant, err)
			}
		} else {
			refused(t, "another tenant's", in(tenant).Check(ctx), "${target}")
			if err := in(tenant).Forget(ctx); err != nil {
				t.Error(err)
			}
		}
		if _, found, err := in(tenant).Read(ctx); found != mine || err != nil {
			t.Errorf("tenant %q reads: %t, %v", tenant, found, err)
		}
	}
	if text, tags, _ := vault.Secret("shared"); text != "s3cret" || tags["tenantId"] != "one" {
		t.Errorf("the vault has %q, %v", text, tags)
	}
	vault.Refuse(http.StatusForbidden)
	refused(t, "without the right", s.Check(ctx), "Key Vault Secrets Officer")
	refused(t, "without the right", s.Write(ctx, secret("s3cret", "k3")), "Key Vault Secrets Officer")
	_, _, err = s.Read(ctx)
	refused(t, "without the right", err, "Key Vault Secrets Officer")
	vault.Close()
	refused(t, "a vault that does not exist", s.Check(ctx), "address")
}

// TestDeletedSecretOfAVault: provision recovers a deleted secret only if it wrote it.
func TestDeletedSecretOfAVault(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]bool{"the caller may read deleted secrets": false, "the caller may not": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			vault := sinktest.NewKeyVault(t)
			access := sink.Access{Vaults: sink.Vaults{Credential: vault.Credential, Options: vault.Options()}}
			s := open(t, access, stack.Sink{KeyVault: &stack.KeyVaultSink{Vault: vault.URL, Name: "client"}})
			vault.Put("client", "theirs")
			vault.Delete("client")
			if hidden {
				vault.HideDeleted()
			} else {
				refused(t, "somebody else's deleted secret", s.Check(ctx), "choose another name")
			}
			refused(t, "somebody else's deleted secret", s.Write(ctx, secret("mine", "k1")), "choose another name")
			if text, _, found := vault.Secret("client"); found {
				t.Errorf("the vault shows %q, want the secret deleted", text)
			}
		})
	}
}
