package reconcile_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// certificate creates a self-signed certificate.
func certificate(t *testing.T, name string, key crypto.Signer, days int) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Duration(days)*24*time.Hour + time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withCertificates returns a folder with a stack s. Its application a has these certificates,
// each in a file with its name.
func withCertificates(t *testing.T, spec string, certificates map[string]*x509.Certificate) []*stack.Stack {
	t.Helper()
	dir := t.TempDir()
	manifest := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: s}\nspec: {" + spec + "}\n---\n" +
		"apiVersion: provision/v1\nkind: Application\nmetadata: {name: a}\nspec:\n  displayName: A\n  certificates:\n"
	for name, c := range certificates {
		manifest += "    - {name: " + name + ", file: " + name + ".pem}\n"
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		if err := os.WriteFile(filepath.Join(dir, name+".pem"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(certificates) == 0 {
		manifest += "    []\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(t, dir)
}

// options returns the options of azidentity for the local tenant.
func (w *world) options() azcore.ClientOptions {
	return azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: w.tenant.Origin + "/"},
		Transport: w.tenant.HTTPClient(), Retry: policy.RetryOptions{MaxRetries: -1}}
}

func token(c azcore.TokenCredential) error {
	_, err := c.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	return err
}

// TestSigningInWithACertificate applies a manifest with a certificate, and signs in with its key
// like a program.
func TestSigningInWithACertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	first, second := certificate(t, "first", old, 400), certificate(t, "second", next, 400)
	signIn := func(c *x509.Certificate, key crypto.Signer) error {
		t.Helper()
		state := w.state(withCertificates(t, "", nil))
		id := state.Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.AppID)
		credential, err := azidentity.NewClientCertificateCredential(w.tenant.TenantID, id, []*x509.Certificate{c}, key,
			&azidentity.ClientCertificateCredentialOptions{DisableInstanceDiscovery: true, ClientOptions: w.options()})
		if err != nil {
			t.Fatal(err)
		}
		return token(credential)
	}
	w.must(withCertificates(t, "", map[string]*x509.Certificate{"machine": first}), plan.Options{})
	if err := signIn(first, old); err != nil {
		t.Fatal(err)
	}
	if err := signIn(second, next); err == nil {
		t.Error("a certificate signs in that no manifest names")
	}
	// A second certificate is added, and then the first is removed; until then the first does not
	// change.
	both := withCertificates(t, "", map[string]*x509.Certificate{"machine": first, "next": second})
	w.must(both, plan.Options{})
	for _, err := range []error{signIn(first, old), signIn(second, next)} {
		if err != nil {
			t.Error(err)
		}
	}
	alone := withCertificates(t, "", map[string]*x509.Certificate{"next": second})
	w.settled(alone, plan.Options{}) // the plan notes undeclared certificates, and keeps them
	if p := w.plan(alone, plan.Options{}); len(p.Notes) != 1 || !strings.Contains(p.Notes[0], `a certificate "machine" that no manifest names`) {
		t.Errorf("notes %q, want one of the certificate that no manifest names", p.Notes)
	}
	w.must(withCertificates(t, "prune: credentials", map[string]*x509.Certificate{"next": second}), plan.Options{Prune: []string{"s"}})
	if err := signIn(first, old); err == nil {
		t.Error("a certificate that was pruned signs in")
	}
	if err := signIn(second, next); err != nil {
		t.Error(err)
	}
	// Renewed under the same name.
	renewed := certificate(t, "second", old, 400)
	w.must(withCertificates(t, "", map[string]*x509.Certificate{"next": renewed}), plan.Options{})
	if err := signIn(renewed, old); err != nil {
		t.Error(err)
	}
	if err := signIn(second, next); err == nil {
		t.Error("a certificate signs in whose name another one has now")
	}
}

func TestPlanWarnsOfExpiringCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stacks := withCertificates(t, "", map[string]*x509.Certificate{
		"soon": certificate(t, "soon", key, 20), "later": certificate(t, "later", key, 40)})
	w.must(stacks, plan.Options{})
	notes := w.plan(stacks, plan.Options{}).Notes
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "certificate s.a soon expires on ") || !strings.Contains(notes[0], "in 20 days") {
		t.Errorf("notes %q, want one of the certificate that ends in 20 days", notes)
	}
}

// TestDeclaredOwnersReplaceOthers: only users are removed, and no owner is removed if the
// manifest has no owners.
func TestDeclaredOwnersReplaceOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user := func(name string) *stack.User {
		return &stack.User{Name: name, UserPrincipalName: name + "@" + w.tenant.Domain}
	}
	owned := func(owners ...string) []*stack.Stack {
		return []*stack.Stack{{Name: "s", Users: []*stack.User{user("ada"), user("bert")},
			Applications: []*stack.Application{{Name: "a", DisplayName: "A", Owners: owners}}}}
	}
	owners := func() (names []string) {
		t.Helper()
		stacks := owned()
		stacks[0].Applications[0].Owners = []string{}
		state := w.state(stacks)
		for k, o := range state.Objects {
			if k.Kind == plan.Owner && o.Ends.Principal.Kind == plan.User {
				names = append(names, strings.TrimSuffix(o.Ends.Principal.Name, "@"+w.tenant.Domain))
			}
		}
		return names
	}
	w.must(owned("ada"), plan.Options{})
	if diff := cmp.Diff([]string{"ada"}, owners()); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	state := w.state(owned("ada"))
	id := state.Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.ID)
	bert := state.Lookup(plan.Key{Kind: plan.User, Name: "bert@" + w.tenant.Domain}, plan.ID)
	if err := w.write(graph.AddOwner(graph.OwnedApplication, id, bert)); err != nil {
		t.Fatal(err)
	}
	// The application owns itself, like an application that may write only the objects that it
	// owns.
	itself := state.Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.ServicePrincipalID)
	if err := w.write(graph.AddOwner(graph.OwnedApplication, id, itself)); err != nil {
		t.Fatal(err)
	}
	before := w.dump()
	w.must(owned(), plan.Options{})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("owners were not left alone (-before +after):\n%s", diff)
	}
	w.must(owned("bert"), plan.Options{})
	if diff := cmp.Diff([]string{"bert"}, owners()); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	none := owned()
	none[0].Applications[0].Owners = []string{}
	w.must(none, plan.Options{})
	if names := owners(); len(names) != 0 {
		t.Errorf("owners %v, want none", names)
	}
	results, err := w.graph.Read(context.Background(), graph.Owners(graph.OwnedApplication, id))
	if err != nil || len(results[0].Items) != 1 || !strings.Contains(string(results[0].Items[0]), "servicePrincipal") {
		t.Errorf("owners %s, %v; want the application alone", results[0].Items, err)
	}
}

func (w *world) state(stacks []*stack.Stack) *plan.State {
	w.t.Helper()
	state, err := reconcile.Reader{Graph: w.graph, Home: w.home, Keep: w.keep, Now: time.Now}.Read(context.Background(), w.placed(stacks), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// TestPlanWarnsOfExpiringSecrets: the note appears in the last third of a short lifetime.
func TestPlanWarnsOfExpiringSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A",
		Secrets: []stack.Secret{{Name: "brief", Lifetime: "9d"}, {Name: "key", Lifetime: "90d"}}}}}}
	w.must(stacks, plan.Options{})
	for after, want := range map[int]string{0: "", 5: "", 7: "secret s.a brief expires on "} {
		reader := w.reader()
		reader.Now = func() time.Time { return time.Now().AddDate(0, 0, after) }
		state, err := reader.Read(t.Context(), w.placed(stacks), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(state.Notes, "\n"); !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "s.a key") {
			t.Errorf("after %d days: %q, want %q", after, got, want)
		}
	}
}
